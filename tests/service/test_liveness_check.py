"""A picture is judged alive by its score alone, and only when its face can be judged at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from edge.core.clip_verdict import Decision
from edge.core.quality import Limits, Measurements, Problem
from edge.core.quality_levels import Completeness
from edge.core.track_life import LifeConfig
from edge.errors import ModelError, NoFace, RequestRefused
from edge.service.face_gate import FaceGate
from edge.service.liveness_check import WARNING, PictureLiveness
from edge.service.pictures import Wanted
from tests.service.picture_world import Shown, World

GOOD = Measurements(sharpness=300.0, brightness=120.0, contrast=50.0)
WHOLE = Completeness(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def checks(world: World) -> Callable[..., PictureLiveness]:
    """score: what the liveness model says of each face. measured, seen: what the gate finds of them."""

    def make(
        score: float = 0.9, measured: Measurements = GOOD, seen: Completeness = WHOLE
    ) -> PictureLiveness:
        gate = FaceGate(
            landmarker=world,
            measure=lambda image, box: measured,
            limits=Limits(),
            crop=2.8,
            occlusion=SimpleNamespace(measure=lambda image, landmarks: seen),
        )
        model = SimpleNamespace(score=lambda image, face: score)
        return PictureLiveness(world.reader(), gate, model, LifeConfig(accept=0.6, reject=0.2))

    return make


@pytest.mark.parametrize(
    ("score", "decision"),
    [(0.6, "live"), (1.0, "live"), (0.59, "unsure"), (0.21, "unsure"), (0.2, "attack"), (0.0, "attack")],
)
def test_the_score_is_held_to_two_thresholds(world, checks, score, decision) -> None:
    answer = checks(score).check(world.add(Shown(1)))
    assert (answer.decision, answer.score, answer.threshold, answer.reject) == (decision, score, 0.6, 0.2)
    assert answer.problems == ()


def test_the_answer_carries_the_warning_and_nothing_of_the_person(world, checks) -> None:
    told = checks().check(world.add(Shown(1, x=200, y=150, size=100))).as_json()
    assert told == {
        "decision": "live",
        "score": 0.9,
        "threshold": 0.6,
        "reject": 0.2,
        "box": [150.0, 100.0, 250.0, 200.0],
        "problems": [],
        "warning": WARNING,
    }


@pytest.mark.parametrize(
    ("shown", "measured", "seen", "problem"),
    [
        (Shown(1, size=40), GOOD, WHOLE, Problem.TOO_SMALL),
        (Shown(1, x=20), GOOD, WHOLE, Problem.CUT_OFF),
        (Shown(1, size=260), GOOD, WHOLE, Problem.TOO_CLOSE),
        (Shown(1), Measurements(300.0, 20.0, 50.0), WHOLE, Problem.DARK),
        (Shown(1), Measurements(300.0, 240.0, 50.0), WHOLE, Problem.BRIGHT),
        (Shown(1), Measurements(5.0, 120.0, 50.0), WHOLE, Problem.BLURRED),
        (Shown(1), Measurements(300.0, 120.0, 3.0), WHOLE, Problem.FLAT),
        (Shown(1), Measurements(float("nan"), 120.0, 50.0), WHOLE, Problem.BLURRED),
        (Shown(1), GOOD, replace(WHOLE, mouth=0.2), Problem.OCCLUDED),
        (Shown(1), GOOD, replace(WHOLE, eyes=0.4), Problem.OCCLUDED),
        (Shown(1), GOOD, replace(WHOLE, cheeks=float("nan")), Problem.OCCLUDED),
    ],
)
def test_a_face_that_cannot_be_judged_gets_no_decision(world, checks, shown, measured, seen, problem):
    answer = checks(1.0, measured, seen).check(world.add(shown))
    assert (answer.decision, answer.score) == (Decision.NO_DECISION, None)
    assert problem in answer.problems
    (told, *_) = answer.as_json()["problems"]
    assert told["say"].endswith(".")


def test_a_covered_brow_hides_nothing(world, checks) -> None:
    assert checks(seen=replace(WHOLE, brows=0.1)).check(world.add(Shown(1))).decision is Decision.LIVE


def test_among_faces_of_one_size_none_is_meant_unless_it_is_named(world, checks) -> None:
    both = world.add(Shown(1, x=100, size=90), Shown(2, x=300, size=80))
    answer = checks().check(both)
    assert (answer.decision, answer.problems) == (Decision.NO_DECISION, (Problem.SEVERAL_FACES,))
    second = checks().check(both, number=2)
    assert (second.decision, second.box.width) == (Decision.LIVE, 80)


def test_a_face_that_is_not_there_is_refused(world, checks) -> None:
    with pytest.raises(RequestRefused, match="no face 2; the picture shows 1"):
        checks().check(world.add(Shown(1)), number=2)
    with pytest.raises(NoFace):
        checks().check(world.add())


def test_the_box_is_of_the_picture_as_it_was_given(world, checks) -> None:
    lying = world.add(Shown(1, x=100, y=120, size=80), turned=1)
    answer = checks().check(lying, Wanted(rotate=True))
    assert answer.decision is Decision.LIVE
    assert answer.as_json()["box"] == [140.0, 60.0, 220.0, 140.0]


@pytest.mark.parametrize("score", [float("nan"), 1.5, -0.1, float("inf")])
def test_a_model_that_gives_no_probability_ends_the_check(world, checks, score) -> None:
    with pytest.raises(ModelError):
        checks(score).check(world.add(Shown(1)))
