from __future__ import annotations

import re

import pytest

from edge.core.challenge import Failure
from edge.core.decision import Reason
from edge.core.evidence import Outcome
from edge.core.kiosk_words import FALLBACK, STRAIGHT, say
from edge.core.moves import Move
from edge.core.quality import Problem
from edge.core.suspicion import Suspicion

EVERYTHING = [*Problem, *Outcome, *Reason, *Suspicion, *Move, *Failure]


@pytest.mark.parametrize("what", EVERYTHING, ids=lambda what: f"{type(what).__name__}.{what.name}")
def test_everything_that_can_come_of_a_face_is_said_in_one_or_two_plain_sentences(what):
    words = say(what)
    assert re.fullmatch(r"[A-Z][^_{}<>;]+\.", words)
    assert len(words) <= 80
    assert words.count(". ") <= 1


def test_the_same_word_in_two_lists_is_told_apart():
    assert Problem.FLAT == Failure.FLAT
    assert say(Problem.FLAT) != say(Failure.FLAT)


def test_who_is_refused_by_the_door_and_not_the_desk_is_told_of_the_fallback():
    for reason in (Reason.DENY_LIVENESS, Reason.DENY_LIVENESS_UNSURE, Reason.DENY_CHALLENGE):
        assert FALLBACK in say(reason)
    assert all(FALLBACK in say(failure) for failure in Failure)


def test_no_attack_is_told_what_gave_it_away():
    assert len({say(one) for one in (*Suspicion, Outcome.NOT_LIVE, Outcome.UNSURE_LIVENESS)}) == 1


def test_left_and_right_are_those_of_the_person():
    assert "your left" in say(Move.LEFT)
    assert "your right" in say(Move.RIGHT)
    assert STRAIGHT.endswith("camera.")
