"""The upright square around a face, as the mesh outlines it."""

from __future__ import annotations

import math

import numpy as np

from edge.core.face import Landmarks
from edge.errors import NoFace
from edge.vision.geometry import Doubles, turned_square

_EYES = (33, 263)
"""Mesh points: the outer corner of the right eye and of the left one."""


def upright_square(landmarks: Landmarks, scale: float, size: int) -> Doubles:
    """The affine map, float64 (2, 3), from picture to a crop of `size` pixels with level eyes.

    scale: side of the square over the longer side of the mesh's outline, which reaches from the hairline
    to the chin. Raises NoFace for a collapsed mesh.
    """
    points = landmarks.points[:, :2].astype(np.float64)
    right, left = points[_EYES[0]], points[_EYES[1]]
    angle = math.atan2(left[1] - right[1], left[0] - right[0])
    cos, sin = math.cos(angle), math.sin(angle)
    level = points @ np.array([[cos, -sin], [sin, cos]])
    low, high = level.min(axis=0), level.max(axis=0)
    side = float((high - low).max())
    if not side > 0.0:
        raise NoFace("no face to cut out: the points of the mesh coincide; take another picture")
    x, y = (low + high) / 2
    return turned_square((cos * x - sin * y, sin * x + cos * y), side * scale, angle, size)
