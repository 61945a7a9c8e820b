from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.face import Pose
from edge.core.quality import ADVICE, Limits, Measurements, Problem, assess, is_covered, position_problems
from edge.core.quality_levels import Completeness
from tests.factories import a_box

LIMITS = Limits()
GOOD = Measurements(sharpness=300.0, brightness=120.0, contrast=50.0)
FRONTAL = Pose(0.0, 0.0, 0.0)


def test_a_good_face_has_no_problem():
    judged = assess(a_box(size=150), GOOD, FRONTAL, 0.99, LIMITS)
    assert judged.is_good
    assert judged.score > 0.9


@pytest.mark.parametrize(
    ("measured", "problem"),
    [
        (replace(GOOD, sharpness=LIMITS.sharpness - 1), Problem.BLURRED),
        (replace(GOOD, brightness=LIMITS.dark - 1), Problem.DARK),
        (replace(GOOD, brightness=LIMITS.bright + 1), Problem.BRIGHT),
        (replace(GOOD, contrast=LIMITS.contrast - 1), Problem.FLAT),
    ],
)
def test_bad_light_is_named(measured, problem):
    assert assess(a_box(size=150), measured, FRONTAL, 0.99, LIMITS).problems == (problem,)


@pytest.mark.parametrize(
    "pose", [Pose(31, 0, 0), Pose(-31, 0, 0), Pose(0, 26, 0), Pose(0, -26, 0), Pose(0, 0, 36)]
)
def test_a_turned_head_is_off_axis(pose):
    assert assess(a_box(size=150), GOOD, pose, 0.99, LIMITS).problems == (Problem.OFF_AXIS,)


def test_a_face_the_mesh_does_not_see_is_occluded():
    assert assess(a_box(size=150), GOOD, FRONTAL, 0.4, LIMITS).problems == (Problem.OCCLUDED,)


@pytest.mark.parametrize("region", ["eyes", "nose", "mouth", "cheeks"])
@pytest.mark.parametrize("share", [0.0, 0.49, float("nan")])
def test_a_face_with_a_hidden_region_is_covered(region, share):
    whole = Completeness(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert not is_covered(whole, LIMITS)
    assert is_covered(replace(whole, **{region: share}), LIMITS)


def test_brows_and_chin_may_be_hidden_and_half_a_face_may_not():
    assert not is_covered(Completeness(0.0, 0.6, 0.6, 0.8, 0.8, 0.0), LIMITS)
    assert is_covered(Completeness(0.6, 0.6, 0.9, 0.9, 0.6, 0.8), LIMITS)


def test_small_and_cut_off_faces_are_refused_by_their_place_alone():
    assert position_problems(a_box(320, 240, 63), 640, 480, LIMITS) == (Problem.TOO_SMALL,)
    assert position_problems(a_box(10, 240, 100), 640, 480, LIMITS) == (Problem.CUT_OFF,)
    assert position_problems(a_box(-500, 240, 100), 640, 480, LIMITS) == (Problem.CUT_OFF,)
    assert position_problems(a_box(320, 240, 100), 640, 480, LIMITS) == ()


NAN = float("nan")


@pytest.mark.parametrize("field", ["sharpness", "brightness", "contrast"])
def test_light_that_is_not_a_number_passes_no_gate(field):
    assert not assess(a_box(size=150), replace(GOOD, **{field: NAN}), FRONTAL, 0.99, LIMITS).is_good


@pytest.mark.parametrize("pose", [Pose(NAN, 0, 0), Pose(0, NAN, 0), Pose(0, 0, NAN)])
def test_a_pose_that_is_not_a_number_passes_no_gate(pose):
    assert assess(a_box(size=150), GOOD, pose, 0.99, LIMITS).problems == (Problem.OFF_AXIS,)


def test_a_place_or_presence_that_is_not_a_number_passes_no_gate():
    assert assess(a_box(size=150), GOOD, FRONTAL, NAN, LIMITS).problems == (Problem.OCCLUDED,)
    assert position_problems(a_box(NAN, 240, 100), 640, 480, LIMITS) != ()
    assert position_problems(a_box(320, 240, NAN), 640, 480, LIMITS) != ()


def test_every_problem_has_advice_for_people():
    assert set(ADVICE) == set(Problem)


@given(st.floats(0, 1e4), st.floats(0, 255), st.floats(0, 128), st.floats(-90, 90), st.floats(0, 1))
def test_the_score_stays_within_bounds(sharpness, brightness, contrast, yaw, presence):
    judged = assess(
        a_box(size=80), Measurements(sharpness, brightness, contrast), Pose(yaw, 0, 0), presence, LIMITS
    )
    assert 0 <= judged.score <= 1
