"""The door's recognizer and a challenge: who is asked, who passes, and whose name they get."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core.challenge import Failure
from edge.core.evidence import Outcome
from edge.core.liveness_policy import LivenessPolicy
from edge.core.moves import Move, plan
from edge.core.quality import Problem
from tests.core.heads import Human, Stance, mesh, turned
from tests.factories import a_face
from tests.service.door_world import ADA, BOB, World

DOUBTFUL = 0.3
"""Between the thresholds of the world's door."""


class Visit(World):
    """Somebody stands at the door and moves as asked. live: what the model says. size: of the face, in
    pixels."""

    def __init__(
        self, policy=LivenessPolicy.PASSIVE_THEN_CHALLENGE, vector=ADA, live=DOUBTFUL, seed=0, size=150
    ):
        super().__init__()
        self.policy, self.live, self.vector = policy, live, vector
        self.motion = Human(seed)
        self.size = size
        self.prompts, self.sightings, self.troubles = [], [], []

    def stand(self, seconds, until=lambda visit: False):
        """Show frames until a sighting, or `until` says so; gives the sighting, None without one."""
        end = self.now + seconds
        while self.now < end and not until(self):
            self.frame()
            if self.sightings:
                return self.sightings.pop()
        return None

    def frame(self):
        prompt = None if self.step is None else self.step.prompt
        stance = self.motion(self.now, None if prompt is None else prompt.move)
        self.is_turned = max(abs(stance.yaw), stance.pitch) > 12.0
        self.mesh = turned(mesh(), stance) + np.array([320, 240, 0], np.float32)
        self.people = {"x": (a_face(320, 240, self.size * stance.nearer), self.vector)}
        self.sightings += self.run(1)
        self.troubles += self.step.problems
        if self.step.prompt is not None and self.step.prompt not in self.prompts[-1:]:
            self.prompts.append(self.step.prompt)


def is_asked(visit):
    return visit.step is not None and visit.step.prompt is not None


@pytest.mark.parametrize("seed", range(3))
def test_who_is_in_doubt_is_asked_and_let_in(seed):
    visit = Visit(seed=seed)
    verdict = visit.stand(40.0).verdict
    assert (verdict.outcome, verdict.person) == (Outcome.RECOGNIZED, "ada")
    assert (verdict.by_challenge, verdict.method, verdict.failure) == (True, "passive+challenge", None)
    assert verdict.liveness == pytest.approx(DOUBTFUL)


def test_every_move_is_asked_for_with_a_straight_look_before_it():
    visit = Visit()
    visit.stand(40.0)
    asked = [(prompt.move, prompt.done) for prompt in visit.prompts]
    assert [done for move, done in asked if move is not None] == [0, 1, 2]
    assert asked[0] == (None, 0)
    assert all(prompt.of == 3 for prompt in visit.prompts)
    assert visit.step.prompt is None


def test_whoever_is_surely_alive_is_asked_nothing():
    visit = Visit(live=0.95)
    assert visit.stand(5.0).verdict.outcome is Outcome.RECOGNIZED
    assert visit.prompts == []


def test_whoever_looks_like_an_attack_is_refused_and_not_asked():
    visit = Visit(live=0.02)
    assert visit.stand(5.0).verdict.outcome is Outcome.NOT_LIVE
    assert visit.prompts == []


def test_where_no_challenge_is_offered_doubt_refuses():
    visit = Visit(policy=LivenessPolicy.PASSIVE)
    assert visit.stand(5.0).verdict.outcome is Outcome.UNSURE_LIVENESS
    assert visit.prompts == []


@pytest.mark.parametrize("vector", [ADA, np.eye(8, dtype=np.float32)[5]], ids=["enrolled", "stranger"])
def test_where_everybody_is_asked_that_is_so_for_strangers_too(vector):
    visit = Visit(policy=LivenessPolicy.CHALLENGE, vector=vector, live=0.95)
    verdict = visit.stand(40.0).verdict
    assert verdict.by_challenge
    assert verdict.outcome is (Outcome.RECOGNIZED if vector is ADA else Outcome.UNKNOWN)


def test_where_nothing_is_asked_for_a_picture_opens_and_the_verdict_says_so():
    visit = Visit(policy=LivenessPolicy.OFF, live=0.0)
    verdict = visit.stand(5.0).verdict
    assert (verdict.outcome, verdict.liveness, verdict.method) == (Outcome.RECOGNIZED, None, "off")


def test_who_stands_still_is_refused_as_too_slow():
    visit = Visit()
    visit.motion = lambda at, prompt: Stance()
    verdict = visit.stand(40.0).verdict
    assert (verdict.outcome, verdict.failure) == (Outcome.CHALLENGE_FAILED, Failure.TOO_SLOW)
    assert verdict.person is None


def test_who_walks_away_is_refused_as_lost():
    visit = Visit()
    visit.stand(40.0, until=is_asked)
    visit.people = {}
    (sighting,) = visit.run(10)
    assert sighting.verdict.failure is Failure.LOST


def test_who_steps_before_the_challenged_face_ends_the_challenge():
    visit = Visit()
    visit.stand(40.0, until=is_asked)
    visit.people["front"] = (a_face(120, 240, 230), BOB)
    (sighting,) = visit.run(10)
    assert (sighting.verdict.outcome, sighting.verdict.person) == (Outcome.CHALLENGE_FAILED, None)


def test_a_second_face_beside_the_challenged_one_ends_it():
    visit = Visit()
    visit.stand(40.0, until=is_asked)
    visit.people["phone"] = (a_face(440, 240, 120), BOB)
    (sighting,) = visit.run(10)
    assert sighting.verdict.failure is Failure.LOST


def test_a_face_that_takes_the_place_of_the_doubtful_one_gets_no_name_from_it():
    """A picture of somebody enrolled is shown until the challenge begins, then a living stranger moves."""
    visit = Visit()
    visit.stand(40.0, until=is_asked)
    visit.vector = np.eye(8, dtype=np.float32)[5]
    verdict = visit.stand(40.0).verdict
    assert verdict.person is None
    assert verdict.outcome is not Outcome.RECOGNIZED


def test_a_face_that_looks_like_a_picture_when_it_turns_is_refused():
    visit = Visit()
    visit.stand(40.0, until=is_asked)
    visit.live = 0.02
    verdict = visit.stand(40.0).verdict
    assert (verdict.outcome, verdict.failure) == (Outcome.CHALLENGE_FAILED, Failure.NOT_LIVE)


@pytest.mark.parametrize("policy", LivenessPolicy)
def test_a_liveness_model_that_fails_refuses_everybody_and_says_why(policy):
    visit = Visit(policy=policy, live=None)
    sighting = visit.stand(5.0)
    if policy is LivenessPolicy.OFF:
        assert sighting.verdict.outcome is Outcome.RECOGNIZED
        assert visit.step.fault is None
        return
    assert sighting.verdict.outcome is Outcome.UNSURE_LIVENESS
    assert visit.prompts == []
    assert "reinstall" in visit.step.fault
    visit.live = 0.95
    assert visit.stand(40.0).verdict.outcome is Outcome.RECOGNIZED
    assert visit.step.fault is None


def test_a_model_that_fails_during_a_challenge_lets_nobody_pass():
    visit = Visit()
    visit.stand(40.0, until=is_asked)
    visit.live = None
    assert visit.stand(40.0).verdict.person is None


def test_a_covered_face_gets_no_name_from_a_challenge():
    """Whoever puts on the picture of another as a mask once the challenge began is nobody known."""
    visit = Visit()
    visit.stand(40.0, until=is_asked)
    visit.mouth = 0.0
    assert visit.stand(40.0).verdict.person is None


def test_a_face_that_moved_as_asked_but_looks_like_an_attack_is_refused_and_that_is_held_against_it():
    visit = Visit()
    visit.stand(40.0, until=is_asked)
    visit.score = lambda image, face: 0.3 if visit.is_turned else 0.001
    verdict = visit.stand(40.0).verdict
    assert (verdict.outcome, verdict.by_challenge) == (Outcome.NOT_LIVE, True)
    visit.score, visit.policy = (lambda image, face: 0.95), LivenessPolicy.PASSIVE
    assert visit.stand(40.0).verdict.outcome is Outcome.UNSURE_LIVENESS


def test_a_face_answered_once_is_challenged_again_with_a_plan_of_its_own():
    visit = Visit()
    visit.motion = lambda at, prompt: Stance()
    visit.stand(40.0)
    visit.drawn = iter([20, 1, 1, 1])
    first, visit.prompts = visit.prompts, []
    visit.stand(40.0)
    assert [prompt.move for prompt in visit.prompts] != [prompt.move for prompt in first]


def test_who_is_asked_to_come_closer_may_be_too_close_for_a_while():
    """The gate asks for room around a face; not of one that was told to approach."""
    visit = Visit(size=300)
    visit.drawn = iter(order_with(Move.APPROACH))
    assert visit.stand(40.0).verdict.outcome is Outcome.RECOGNIZED
    assert visit.size * 1.35 * visit.crop > 1100
    assert Problem.TOO_CLOSE not in visit.troubles


def order_with(move):
    """Draws that begin a plan with a move; the orders are in the order of the moves."""
    for number in range(33):
        if plan(lambda below, number=number: number % below).moves[0] is move:
            return [number, 0, 0, 0]
    raise AssertionError(move)
