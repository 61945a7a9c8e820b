from __future__ import annotations

import numpy as np

from edge.core.face import Box, Face
from edge.core.geometry import iou
from edge.core.marked_face import as_detected, meant


def face(*box: float) -> Face:
    return Face(Box(*box), np.zeros((6, 2), np.float32), 1.0)


SMALL, LARGE = face(10, 10, 40, 40), face(100, 100, 200, 200)


def test_without_a_mark_the_largest_face_is_meant() -> None:
    assert meant([SMALL, LARGE], None) is LARGE
    assert meant([], None) is None


def test_the_marked_face_is_meant_though_another_is_larger() -> None:
    assert meant([LARGE, SMALL], Box(5, 0, 45, 45)) is SMALL


def test_a_face_somewhere_else_is_not_meant() -> None:
    assert meant([LARGE], Box(5, 0, 45, 45)) is None
    assert meant([], Box(5, 0, 45, 45)) is None


def test_a_mark_becomes_the_square_within_it_from_brows_to_chin() -> None:
    drawn = Box(100, 100, 190, 220)
    square = as_detected(drawn)
    assert square.width == square.height == 72
    assert square.center[0] == drawn.center[0]
    assert drawn.y0 < square.y0 < square.y1 < drawn.y1
    assert iou(square, drawn) > 0.4
