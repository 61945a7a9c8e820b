"""Plane geometry and head rotation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edge.core.face import Box, Face, Landmarks, Pose

RIGHT_EYE_OUTER, LEFT_EYE_OUTER, FOREHEAD, CHIN = 33, 263, 10, 152
FRONTAL_PITCH_DEG = -5.0
"""Measured: the median over 150 pictures of the LFW development part."""


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.area + b.area - shared)


def inside(point: tuple[float, float], polygon: Sequence[tuple[float, float]]) -> bool:
    """Whether a point lies in a simple polygon (even-odd rule; W. R. Franklin's PNPOLY)."""
    x, y = point
    result = False
    xj, yj = polygon[-1]
    for xi, yi in polygon:
        if (yi > y) != (yj > y) and x < (xj - xi) * (y - yi) / (yj - yi) + xi:
            result = not result
        xj, yj = xi, yi
    return result


def head_pose(landmarks: Landmarks) -> Pose:
    """Read the head's rotation from the mesh: the eye line is its x axis, forehead to chin its y axis.

    The mesh's z makes both axes vectors in space, so the angles need no camera matrix. A frontal
    face's forehead-chin line is not quite parallel to the picture; that offset is taken off the pitch.
    """
    points = landmarks.points
    across = points[LEFT_EYE_OUTER] - points[RIGHT_EYE_OUTER]
    down = points[CHIN] - points[FOREHEAD]
    yaw = math.degrees(math.atan2(across[2], math.hypot(across[0], across[1])))
    pitch = math.degrees(math.atan2(-down[2], math.hypot(down[0], down[1])))
    roll = math.degrees(math.atan2(across[1], across[0]))
    return Pose(yaw=yaw, pitch=pitch - FRONTAL_PITCH_DEG, roll=roll)


def outlined(face: Face, landmarks: Landmarks) -> Face:
    """A detected face as its mesh sees it: fitting the mesh again to that helps where the detector was off.

    The box is the square around the mesh with its eyes turned level; the eyes are their outer corners.
    """
    points = landmarks.points[:, :2].astype(np.float64)
    right, left = points[RIGHT_EYE_OUTER], points[LEFT_EYE_OUTER]
    angle = math.atan2(left[1] - right[1], left[0] - right[0])
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    level = points @ turn
    low, high = level.min(axis=0), level.max(axis=0)
    x, y = ((low + high) / 2) @ turn.T
    half = float((high - low).max()) / 2
    keypoints = face.keypoints.copy()
    keypoints[0], keypoints[1] = right, left
    return Face(Box(x - half, y - half, x + half, y + half), keypoints, face.score)
