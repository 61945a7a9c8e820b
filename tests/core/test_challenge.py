from __future__ import annotations

import math
import secrets
from dataclasses import replace
from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.core.challenge import Failure, Outcome, Phase, begin, expire, step
from edge.core.challenge_look import ChallengeConfig
from edge.core.face import Pose
from edge.core.moves import PAUSES_S, Move, Plan, plan
from tests.core.heads import (
    CONFIG,
    STRANGER,
    WHOLE,
    Human,
    Recording,
    Stance,
    a_look,
    challenged,
)

TURN = Plan((Move.LEFT,), (PAUSES_S[0],))
plans = st.integers(0, 2**32).map(lambda seed: plan(Random(seed).randrange))
few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def recorded(asked: Plan, seed: int = 1) -> Recording:
    over, recording = challenged(asked, Human(seed))
    assert over.outcome is Outcome.PASSED
    return recording


@cache
def fits(recording: Plan, asked: Plan, offset: float) -> bool:
    over, _ = challenged(asked, recorded(recording).from_second(offset))
    return over.outcome is Outcome.PASSED


@given(plans, st.integers(0, 1000), st.sampled_from([8.0, 12.0, 25.0]))
@few
def test_who_does_what_is_asked_passes(asked, seed, fps):
    over, recording = challenged(asked, Human(seed), fps=fps)
    assert (over.outcome, over.failure, over.done) == (Outcome.PASSED, None, len(asked.moves))
    assert recording.seconds < 30


@given(plans)
@few
def test_who_stands_still_is_too_slow(asked):
    over, recording = challenged(asked, lambda *_: Stance())
    assert (over.outcome, over.failure) == (Outcome.FAILED, Failure.TOO_SLOW)
    assert recording.seconds < 10


@given(plans, plans, st.floats(-4.0, 16.0))
@few
def test_a_recording_of_another_challenge_is_refused_from_wherever_it_starts(filmed, asked, offset):
    if (filmed.moves, filmed.pauses_s[1:]) != (asked.moves, asked.pauses_s[1:]):
        assert not fits(filmed, asked, offset)


@pytest.mark.parametrize("turn", range(1, 3))
@pytest.mark.parametrize("pause", PAUSES_S)
def test_a_recording_of_the_same_moves_is_refused_for_its_pauses(turn, pause):
    """Wherever it starts: every offset at which its first move may fit."""
    moves = (Move.LEFT, Move.UP, Move.RIGHT)
    filmed = Plan(moves, (PAUSES_S[1],) * 3)
    pauses = list(filmed.pauses_s)
    pauses[turn] = pause
    asked = Plan(moves, tuple(pauses))
    passed = [offset for offset in np.arange(-1.6, 1.7, 0.2) if fits(filmed, asked, offset)]
    assert bool(passed) == (pause == PAUSES_S[1])


def test_a_recording_of_the_same_order_fits_by_its_timing_once_in_27():
    """1000 drawn pairs of one order, started together: 37 fit. 109 differ in nothing but the first pause."""
    random = Random(5)
    order = (Move.LEFT, Move.APPROACH, Move.UP)
    drawn = [replace(plan(random.randrange), moves=order) for _ in range(2000)]
    pairs = list(zip(drawn[::2], drawn[1::2], strict=True))
    fitting = [pair for pair in pairs if fits(*pair, 0.0)]
    assert all(filmed == asked for filmed, asked in fitting)
    assert 0.02 * len(pairs) < len(fitting) < 0.06 * len(pairs)


def test_a_standing_start_is_waited_for():
    """A head that is turned when the challenge begins is no move."""
    asked = Human(3)
    over, _ = challenged(TURN, lambda at, prompt: Stance(yaw=30 - 20 * at) if at < 1.5 else asked(at, prompt))
    assert over.outcome is Outcome.PASSED
    over, _ = challenged(TURN, lambda *_: Stance(yaw=30))
    assert over.failure is Failure.TOO_SLOW


@pytest.mark.parametrize("asked", Move)
@pytest.mark.parametrize("made", Move)
def test_another_move_is_the_wrong_one(asked, made):
    over, _ = challenged(Plan((asked,), (0.3,)), Human(2, lambda _: WHOLE[made]))
    assert over.failure is (None if made is asked else Failure.WRONG_MOVE)


def test_a_nod_is_no_look_up():
    over, _ = challenged(Plan((Move.UP,), (0.3,)), Human(2, lambda _: Stance(pitch=-25)))
    assert over.failure is Failure.TOO_SLOW


@pytest.mark.parametrize("move", Move)
def test_a_move_in_a_pause_is_too_early(move):
    guess = Human(4)
    over, _ = challenged(Plan((move,), (3.3,)), lambda at, _: guess(at, move if at > 1.5 else None))
    assert over.failure is Failure.TOO_EARLY


def test_a_move_sooner_than_a_person_can_react_is_too_early():
    """It begins unseen in the pause, or as the prompt comes."""
    over, _ = challenged(TURN, lambda _, prompt: WHOLE[prompt] if prompt else Stance())
    assert over.failure is Failure.TOO_EARLY


def test_who_stays_turned_or_stops_halfway_is_too_slow():
    over, _ = challenged(TURN, Human(2, lambda _: Stance(yaw=14)))
    assert over.failure is Failure.TOO_SLOW
    human = Human(2)
    late = [Stance()]

    def stays(at, prompt):
        here = human(at, prompt)
        late[0] = here if abs(here.yaw) > abs(late[0].yaw) else late[0]
        return late[0] if abs(late[0].yaw) > 25 else here

    over, _ = challenged(TURN, stays)
    assert (over.failure, over.done) == (Failure.TOO_SLOW, 1)


@pytest.mark.parametrize("when", [Phase.RETURNING, Phase.PAUSED, Phase.ASKED, Phase.MOVING])
@pytest.mark.parametrize("vector", [STRANGER, None])
@given(plans, st.integers(0, 100))
@settings(max_examples=4, deadline=None)
def test_another_face_at_any_time_fails(when, vector, asked, seed):
    swapped = [False]

    def swap(look, challenge):
        swapped[0] = swapped[0] or (challenge.straight is not None and challenge.phase is when)
        return replace(look, vector=vector) if swapped[0] else look

    over, _ = challenged(asked, Human(seed), seen=swap)
    assert over.failure is Failure.ANOTHER_FACE


def test_one_poor_template_is_forgiven():
    over, _ = challenged(
        TURN,
        Human(1),
        seen=lambda look, _: replace(look, vector=None) if round(look.at * 10) % 9 == 8 else look,
    )
    assert over.outcome is Outcome.PASSED


def test_a_face_that_another_one_takes_the_place_of_while_it_settles_does_not_begin():
    faces = (a_look(0).vector, STRANGER)
    over, _ = challenged(
        TURN, Human(1), seen=lambda look, _: replace(look, vector=faces[round(look.at * 10) % 2])
    )
    assert (over.failure, over.straight) == (Failure.TOO_SLOW, None)


@pytest.mark.parametrize("score", [0.02, 0.0, None, math.nan])
def test_turns_that_look_like_a_picture_or_like_nothing_fail(score):
    def seen(look, _):
        return replace(look, score=score) if abs(look.pose.yaw) > 10 else look

    over, _ = challenged(TURN, Human(1), seen=seen)
    assert over.failure is Failure.NOT_LIVE


def test_a_track_that_was_lost_fails():
    challenge = begin(TURN, a_look(0.0))
    assert expire(challenge, 0.3, CONFIG) is challenge
    assert expire(challenge, 0.5, CONFIG).failure is Failure.LOST
    assert step(challenge, a_look(0.5), CONFIG).failure is Failure.LOST


@pytest.mark.parametrize("at", [0.0, -1.0, math.nan])
def test_a_look_that_comes_before_the_last_one_fails(at):
    assert step(begin(TURN, a_look(0.0)), a_look(at), CONFIG).failure is Failure.LOST


@pytest.mark.parametrize("shift", [(120.0, 0.0), (0.0, 120.0)])
def test_a_face_that_jumps_fails(shift):
    look = a_look(0.1)
    moved = replace(look, points=look.points + np.array([*shift, 0.0], np.float32))
    assert step(begin(TURN, a_look(0.0)), moved, CONFIG).failure is Failure.LOST
    assert step(begin(TURN, a_look(0.0)), a_look(0.1, Stance(nearer=1.4)), CONFIG).failure is Failure.LOST


@pytest.mark.parametrize(
    "broken",
    [
        replace(a_look(0.1), pose=Pose(math.nan, 0.0, 0.0)),
        replace(a_look(0.1), points=np.full((468, 3), np.nan, np.float32)),
        replace(a_look(0.1), points=np.zeros((468, 3), np.float32)),
    ],
)
def test_a_mesh_of_no_numbers_fails(broken):
    assert step(begin(TURN, a_look(0.0)), broken, CONFIG).failure is Failure.LOST
    assert begin(TURN, broken).failure is Failure.LOST


def test_a_flat_picture_turned_fails_even_where_its_pose_is_right():
    """As a mesh network that is fooled gives it: the pose of a turn, the points of a squeezed picture."""

    def flattened(look, challenge):
        straight = challenge.straight
        if straight is None or abs(look.pose.yaw) < 5:
            return look
        home = straight.points
        squeezed = (home - home.mean(axis=0)) * [math.cos(math.radians(look.pose.yaw)), 1, 1]
        return replace(look, points=(squeezed + home.mean(axis=0)).astype(np.float32))

    assert challenged(TURN, Human(1), seen=flattened)[0].failure is Failure.FLAT
    assert challenged(TURN, Human(1))[0].outcome is Outcome.PASSED


@given(plans, st.integers(0, 50), st.booleans())
@settings(max_examples=8, deadline=None)
def test_what_is_over_stays_as_it_is(asked, seed, passes):
    over, _ = challenged(asked, Human(seed) if passes else (lambda *_: Stance()))
    assert over.is_over
    assert over.prompt is None
    for later in (a_look(over.at + 0.1), a_look(over.at + 0.1, WHOLE[Move.LEFT]), a_look(-5.0)):
        assert step(over, later, CONFIG) is over
    assert expire(over, over.at + 100, CONFIG) is over


@pytest.mark.parametrize("broken", [Plan((), ()), Plan((Move.UP,), ()), Plan((), (0.3,))])
def test_a_plan_without_moves_or_pauses_is_refused(broken):
    with pytest.raises(ValueError, match="pause"):
        begin(broken, a_look(0.0))


def test_nothing_shows_before_the_prompt_what_comes():
    seen = []
    challenged(plan(secrets.randbelow), Human(1), seen=lambda look, now: seen.append(now) or look)
    assert all((now.prompt is not None) == (now.phase in (Phase.ASKED, Phase.MOVING)) for now in seen)


def test_a_stricter_site_asks_for_more():
    strict = ChallengeConfig(alike=0.9, alike_turned=0.85, reject=0.2, turn_deg=40.0)
    assert challenged(TURN, Human(1), config=strict)[0].failure is Failure.TOO_SLOW
