from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.face import Box
from edge.core.geometry import FRONTAL_PITCH_DEG, head_pose, inside, iou, outlined
from tests.factories import a_box, a_face, some_landmarks

SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
L_SHAPE = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.5, 0.5), (0.5, 1.0), (0.0, 1.0))
sides = st.floats(1, 500)


def test_boxes_that_touch_share_nothing():
    assert iou(Box(0, 0, 10, 10), Box(10, 0, 20, 10)) == 0


def test_half_shifted_box_shares_a_third():
    assert iou(Box(0, 0, 10, 10), Box(5, 0, 15, 10)) == pytest.approx(1 / 3)


@given(sides, sides, sides, sides)
def test_overlap_is_symmetric_and_at_most_one(x, y, a, b):
    one, other = a_box(x, y, a), a_box(y, x, b)
    assert iou(one, other) == pytest.approx(iou(other, one))
    assert 0 <= iou(one, other) <= 1 + 1e-9
    assert iou(one, one) == pytest.approx(1)


@pytest.mark.parametrize(
    ("point", "polygon", "expected"),
    [
        ((0.5, 0.5), SQUARE, True),
        ((1.5, 0.5), SQUARE, False),
        ((0.75, 0.75), L_SHAPE, False),
        ((0.25, 0.9), L_SHAPE, True),
    ],
)
def test_point_in_polygon(point, polygon, expected):
    assert inside(point, polygon) is expected


@given(st.floats(-60, 60), st.floats(-50, 50), st.floats(-40, 40))
def test_pose_gives_back_each_angle_alone(yaw, pitch, roll):
    assert head_pose(some_landmarks(yaw=yaw)).yaw == pytest.approx(yaw, abs=0.01)
    assert head_pose(some_landmarks(pitch=pitch)).pitch == pytest.approx(pitch - FRONTAL_PITCH_DEG, abs=0.01)
    assert head_pose(some_landmarks(roll=roll)).roll == pytest.approx(roll, abs=0.01)


def test_turning_to_the_persons_left_takes_the_left_eye_away_and_is_positive():
    landmarks = some_landmarks(yaw=20)
    assert landmarks.points[263, 2] > landmarks.points[33, 2]
    assert head_pose(landmarks).yaw > 0


def test_looking_up_brings_the_chin_nearer_and_is_positive():
    landmarks = some_landmarks(pitch=20)
    assert landmarks.points[152, 2] < landmarks.points[10, 2]
    assert head_pose(landmarks).pitch > 0


def test_an_outlined_face_is_the_square_around_its_level_mesh() -> None:
    mesh = some_landmarks(roll=30.0)
    found = outlined(a_face(), mesh)
    assert found.box.center == pytest.approx((0.0, 0.0), abs=1e-3)
    assert found.box.width == pytest.approx(120.0, abs=1e-3)
    assert found.box.height == pytest.approx(found.box.width)
    np.testing.assert_allclose(found.keypoints[:2], mesh.points[[33, 263], :2])
    assert found.score == a_face().score
