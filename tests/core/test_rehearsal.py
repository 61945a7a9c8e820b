from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.rehearsal import (
    ATTACK_SITUATIONS,
    HIGHEST,
    LIVE,
    LIVE_SITUATIONS,
    LOWEST,
    Situation,
    Try,
    opening_score,
    situations,
    suggest,
    tally,
)
from edge.core.track_life import LifeConfig

LIFE = LifeConfig(accept=0.5, reject=0.1, frames=5, window=8, more=8)
scores = st.floats(0.0, 1.0)
runs = st.lists(scores, max_size=16).map(tuple)


def a_try(kind: str, *run: float, number: int = 1) -> Try:
    return Try(Situation(kind, "shown", number), (run,) if run else ())


def steady(kind: str, score: float, number: int = 1) -> Try:
    return a_try(kind, *[score] * 8, number=number)


tries = st.lists(
    st.tuples(st.sampled_from([LIVE, LIVE, "print", "phone"]), st.lists(runs, max_size=2)).map(
        lambda made: Try(Situation(made[0], "shown"), tuple(made[1]))
    ),
    max_size=12,
)


def test_every_person_is_asked_for_every_situation_and_every_attack_is_repeated():
    asked = situations((LIVE, "print", "mask"), people=3, repeats=2)
    assert len(set(asked)) == len(asked)
    assert sum(not one.is_attack for one in asked) == 3 * len(LIVE_SITUATIONS)
    assert sum(one.kind == "print" for one in asked) == 2 * len(ATTACK_SITUATIONS["print"])
    assert sum(one.kind == "mask" for one in asked) == 2


def test_the_best_moment_of_a_try_counts():
    late = a_try("print", *[0.1] * 3, *[0.9] * 8)
    assert opening_score(late, LIFE) > 0.5
    assert opening_score(steady("print", 0.3), LIFE) == pytest.approx(0.3)


@pytest.mark.parametrize("run", [(), (0.99,) * 4])
def test_what_never_had_enough_frames_never_opens(run):
    assert opening_score(a_try(LIVE, *run), LIFE) == -math.inf


def test_two_faces_do_not_lend_each_other_frames():
    assert opening_score(Try(Situation(LIVE, "shown"), ((0.9,) * 4, (0.9,) * 4)), LIFE) == -math.inf


def test_one_lucky_frame_of_an_attack_carries_nothing():
    assert opening_score(a_try("phone", 0.05, 0.05, 0.05, 0.05, 1.0), LIFE) < 0.1


def test_errors_are_living_people_refused_and_attacks_let_in():
    shown = [steady(LIVE, 0.9), steady(LIVE, 0.3), a_try(LIVE), steady("print", 0.7), steady("phone", 0.1)]
    found = tally(shown, 0.5, LIFE)
    assert found.live is not None
    assert (found.live.errors, found.live.tries) == (2, 3)
    assert {rate.kind: (rate.errors, rate.tries) for rate in found.attacks} == {
        "print": (1, 1),
        "phone": (0, 1),
    }


def test_without_living_people_or_tries_there_is_nothing_to_suggest():
    assert suggest([], LIFE) is None
    assert suggest([steady("print", 0.4)], LIFE) is None
    assert tally([], 0.5, LIFE).live is None


def test_where_too_many_never_get_in_no_threshold_helps():
    assert suggest([steady(LIVE, 0.9), a_try(LIVE)], LIFE) is None


def test_the_suggestion_lies_between_the_living_and_the_attacks_it_stops():
    shown = [*(steady(LIVE, 0.95, n) for n in range(5)), steady("print", 0.6), steady("phone", 0.05)]
    found = suggest(shown, LIFE)
    assert found is not None
    assert 0.65 < found < 0.93


def test_an_attack_above_all_living_people_is_not_stopped_and_drags_nothing():
    found = suggest([steady(LIVE, 0.8), steady("print", 0.97)], LIFE)
    assert found is not None
    assert found < 0.8


@given(tries)
def test_the_suggestion_refuses_few_of_the_living_and_no_better_one_lets_fewer_attacks_in(shown):
    found = suggest(shown, LIFE)
    if found is None:
        return
    assert LOWEST <= found <= HIGHEST
    here = tally(shown, found, LIFE)
    assert here.live is not None
    assert here.live.rate <= 0.05
    for other in (0.02, 0.2, 0.4, 0.6, 0.8, 0.95):
        there = tally(shown, other, LIFE)
        if there.live is not None and there.live.rate <= 0.05 and found < HIGHEST:
            assert sum(rate.errors for rate in here.attacks) <= sum(rate.errors for rate in there.attacks)
