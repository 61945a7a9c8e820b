"""Search a picture for faces that must not be overlooked: as a whole, and again in four larger parts.

On the development pictures of crowds this covers 77 % of the faces of 20 to 32 pixels (of a 640 pixel
picture) where one look covers 24 %, for four times the time and a false one in every third picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edge.core.face import Box, Face
from edge.core.frame import Image
from edge.core.geometry import iou

_PART = 0.57
"""Of the width and the height: two parts share a quarter of one."""
_SAME_FACE_IOU = 0.3
_LEAST_PX = 64


def search_closely(search: Callable[[Image], Sequence[Face]], image: Image) -> list[Face]:
    """All faces of a uint8 (H, W, 3) BGR picture, best score first. search: looks at one picture once."""
    found = list(search(image))
    height, width = image.shape[:2]
    if min(height, width) * _PART >= _LEAST_PX:
        for y0, y1 in _halves(height):
            for x0, x1 in _halves(width):
                part = np.ascontiguousarray(image[y0:y1, x0:x1])
                found += [_moved(face, x0, y0) for face in search(part)]
    kept: list[Face] = []
    for face in sorted(found, key=lambda one: -one.score):
        if all(iou(face.box, other.box) < _SAME_FACE_IOU for other in kept):
            kept.append(face)
    return kept


def _halves(length: int) -> tuple[tuple[int, int], tuple[int, int]]:
    part = round(length * _PART)
    return (0, part), (length - part, length)


def _moved(face: Face, x: int, y: int) -> Face:
    box = Box(face.box.x0 + x, face.box.y0 + y, face.box.x1 + x, face.box.y1 + y)
    return Face(box, face.keypoints + np.array((x, y), np.float32), face.score)
