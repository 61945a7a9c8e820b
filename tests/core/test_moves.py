from __future__ import annotations

import secrets
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from edge.core.challenge_look import ChallengeConfig
from edge.core.moves import PAUSES_S, Move, plan


def test_every_plan_is_drawn_and_none_more_often():
    drawn = Counter(plan(Random(1).randrange, count=1).moves for _ in range(3))
    assert len(drawn) == 1
    random = Random(2)
    orders = Counter(plan(random.randrange).moves for _ in range(3300))
    assert len(orders) == 33
    assert max(orders.values()) < 2 * min(orders.values())
    timings = Counter(plan(random.randrange).pauses_s for _ in range(2700))
    assert len(timings) == len(PAUSES_S) ** 3
    assert max(timings.values()) < 2.5 * min(timings.values())


def test_no_move_follows_itself_and_nobody_comes_nearer_twice():
    for _ in range(300):
        drawn = plan(secrets.randbelow, count=5)
        assert len(drawn.moves) == len(drawn.pauses_s) == 5
        assert all(a is not b for a, b in pairwise(drawn.moves))
        assert drawn.moves.count(Move.APPROACH) <= 1


def test_a_face_that_cannot_come_nearer_is_not_asked_to():
    turns = (Move.LEFT, Move.RIGHT, Move.UP)
    assert all(Move.APPROACH not in plan(secrets.randbelow, turns).moves for _ in range(50))


@pytest.mark.parametrize(("kinds", "count"), [((), 3), ((Move.UP,), 2), (tuple(Move), 0)])
def test_what_cannot_be_drawn_is_refused(kinds, count):
    with pytest.raises(ValueError, match="no plan"):
        plan(secrets.randbelow, kinds, count)


def test_pauses_differ_by_more_than_the_time_in_which_a_move_may_begin():
    config = ChallengeConfig(alike=0.9, alike_turned=0.85, reject=0.2)
    assert all(b - a > config.begin_s - config.reaction_s for a, b in pairwise(PAUSES_S))
