"""Whether eyes and mouth are open, from the geometry of lids and lips."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge.core.eyes import Eye
from edge.core.face import Landmarks

_RIGHT_CORNERS, _LEFT_CORNERS = (33, 133), (362, 263)
_LIPS = ((82, 87), (13, 14), (312, 317))
"""Pairs of mesh points on the inner edges of the upper and the lower lip."""
_MOUTH_CORNERS = (61, 291)
_EYE_HALF, _EYE_STEP = 0.09, 0.012
"""Gap between the lids over the width of the eye where it counts as half open, and how far from it the
answer is nearly sure. Set on 1,363 faces of LFW's development part, of which half have more than 0.21."""
_MOUTH_HALF, _MOUTH_STEP = 0.09, 0.015
"""The same of lips and mouth: on those faces lips are parted from about 0.09 on."""


@dataclass(frozen=True, slots=True)
class Openness:
    """0 closed to 1 open. Left and right are those of the picture, as for the keypoints.

    An eye that is squeezed in a smile or looks down is as narrow as a closed one, and reads as such.
    """

    left_eye: float
    right_eye: float
    mouth: float


def openness(landmarks: Landmarks, right_eye: Eye, left_eye: Eye) -> Openness:
    """right_eye, left_eye: the person's own, hence the picture's left and right."""
    points = landmarks.points
    lips = float(np.mean([np.linalg.norm(points[a, :2] - points[b, :2]) for a, b in _LIPS]))
    return Openness(
        left_eye=_share(_gap(right_eye), _width(landmarks, _RIGHT_CORNERS), _EYE_HALF, _EYE_STEP),
        right_eye=_share(_gap(left_eye), _width(landmarks, _LEFT_CORNERS), _EYE_HALF, _EYE_STEP),
        mouth=_share(lips, _width(landmarks, _MOUTH_CORNERS), _MOUTH_HALF, _MOUTH_STEP),
    )


def _gap(eye: Eye) -> float:
    """Mean distance between the middles of the lids, across the line between the corners; pixels."""
    along = eye.lower_lid[-1] - eye.lower_lid[0]
    across = np.array([-along[1], along[0]])
    apart = eye.lower_lid[2:7].mean(axis=0) - eye.upper_lid[2:7].mean(axis=0)
    # For the picture's left eye `across` points down, for the other one up; lids never cross.
    return abs(float(apart @ across)) / max(1e-6, float(np.linalg.norm(across)))


def _width(landmarks: Landmarks, corners: tuple[int, int]) -> float:
    """Between two mesh points in space, so that a turned head changes it little."""
    a, b = landmarks.points[list(corners)]
    return max(1e-6, float(np.linalg.norm(a - b)))


def _share(gap: float, width: float, half: float, step: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, (gap / width - half) / step))))
