"""Affine maps between picture and crop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.geometry import carry_back, similarity, turned_square, warp

MEASURES = st.floats(-500.0, 500.0)


@given(MEASURES, MEASURES, st.floats(5.0, 800.0), st.floats(-3.0, 3.0))
def test_points_carried_into_the_crop_and_back_stay(x: float, y: float, side: float, angle: float) -> None:
    matrix = turned_square((x, y), side, angle, 192)
    points = np.array([[x, y, 1.0], [x + side / 3, y, -2.0], [x, y - side / 4, 0.0]], np.float32)
    inside = points.copy()
    inside[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    inside[:, 2] *= 192 / side
    assert inside[0, :2] == pytest.approx([96.0, 96.0], abs=1e-2)
    assert carry_back(matrix, inside) == pytest.approx(points, abs=0.05)


def test_a_tilted_eye_line_becomes_level() -> None:
    angle = math.radians(20)
    matrix = turned_square((100, 100), 80, angle, 192)
    eyes = np.array([[100 - 20 * math.cos(angle), 100 - 20 * math.sin(angle)], [100, 100]])
    left, right = eyes @ matrix[:, :2].T + matrix[:, 2]
    assert left[1] == pytest.approx(right[1])
    assert left[0] < right[0]


@given(st.floats(0.1, 10.0), st.floats(-3.0, 3.0), MEASURES, MEASURES)
def test_the_similarity_of_moved_points_is_found(scale: float, angle: float, x: float, y: float) -> None:
    source = np.array([[0, 0], [10, 0], [3, 8], [-4, 5], [1, 1]], np.float32)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    target = (source @ np.array([[cos, sin], [-sin, cos]]) + (x, y)).astype(np.float32)
    matrix = similarity(source, target)
    assert source @ matrix[:, :2].T + matrix[:, 2] == pytest.approx(target, abs=0.01)


def test_a_mirrored_face_is_not_mirrored_back() -> None:
    source = np.array([[0, 0], [10, 0], [3, 8]], np.float32)
    matrix = similarity(source, source * np.float32([-1, 1]))
    assert np.linalg.det(matrix[:, :2]) > 0


def test_coinciding_points_are_refused() -> None:
    with pytest.raises(ValueError, match="coincide"):
        similarity(np.full((5, 2), 3.0, np.float32), np.zeros((5, 2), np.float32))


@pytest.mark.parametrize("size", [200, 400, 1600])
def test_shrinking_a_large_face_does_not_alias(size: int) -> None:
    """A fine checkerboard must become gray, and a coarse edge must stay where it was."""
    fine = np.indices((size, size)).sum(axis=0) % 2 * np.uint8(255)
    image = np.repeat(fine[:, :, None], 3, axis=2).astype(np.uint8)
    image[:, size // 2 :] = 255
    crop = warp(image, turned_square((size / 2, size / 2), size, 0.0, 50), 50)
    assert abs(int(crop[25, 12, 0]) - 128) < 30
    assert int(crop[25, 23, 0]) < 200
    assert int(crop[25, 27, 0]) > 230


def test_a_square_outside_the_picture_is_black() -> None:
    image = np.full((50, 50, 3), 255, np.uint8)
    for side in (10.0, 400.0):
        assert not warp(image, turned_square((2000, 2000), side, 0.3, 32), 32).any()
