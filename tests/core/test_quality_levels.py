"""The quality levels of cloud services."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from edge.core.face import Pose
from edge.core.quality_levels import Clarity, Completeness, FaceQuality, Flaw, rate

CLEAR = Clarity(1.0, 1.0, 1.0)
WHOLE = Completeness(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
FRONT = Pose(0.0, 0.0, 0.0)


def rated(**values: float) -> FaceQuality:
    clarity = {name: value for name, value in values.items() if name in {one.name for one in fields(Clarity)}}
    regions = {name: value for name, value in values.items() if name not in clarity}
    return rate(replace(CLEAR, **clarity), replace(WHOLE, **regions), FRONT)


def test_a_perfect_face_is_of_the_highest_level() -> None:
    assert (rated().level, rated().score, rated().flaws, rated().slight) == (4, 100.0, (), ())


@pytest.mark.parametrize("region", ["eyes", "nose", "mouth"])
def test_covered_eyes_nose_or_mouth_is_the_lowest_level(region: str) -> None:
    assert rated(**{region: 0.1}).level == 1
    assert rated(**{region: 0.1}).flaws == (Flaw(f"covered_{region}"),)


def test_extreme_blur_is_the_lowest_level() -> None:
    assert rated(sharpness=0.1).level == 1
    assert rated(sharpness=0.4).level == 3


LESSER = ["sharpness", "light", "moderation", "brows", "cheeks", "chin"]


@pytest.mark.parametrize("name", LESSER)
def test_one_lesser_problem_is_level_3_and_a_slight_one_level_4(name: str) -> None:
    assert rated(**{name: 0.4}).level == 3
    assert rated(**{name: 0.65}).level == 4
    assert len(rated(**{name: 0.65}).slight) == 1


@pytest.mark.parametrize("count", [2, 3, 6])
def test_three_lesser_problems_are_level_2(count: int) -> None:
    assert rated(**dict.fromkeys(LESSER[:count], 0.4)).level == (3 if count == 2 else 2)


def test_several_slight_problems_are_not_the_highest_level() -> None:
    assert rated(brows=0.7, chin=0.7).level == 3


def test_the_score_is_that_of_the_weakest() -> None:
    assert rated(chin=0.4, light=0.9).score == pytest.approx(40.0)
    assert rate(CLEAR, WHOLE, Pose(45.0, 0.0, 80.0)).score == pytest.approx(50.0)
    assert rate(CLEAR, WHOLE, Pose(0.0, -100.0, 0.0)).score == 0.0


def test_what_is_not_a_number_is_no_quality() -> None:
    assert rated(nose=float("nan")).level == 1
    assert rate(CLEAR, WHOLE, Pose(float("nan"), 0.0, 0.0)).score == 0.0


def test_every_flaw_has_its_freedom() -> None:
    assert set(rated().freedom) == set(Flaw)
    assert len(Flaw) == 9
