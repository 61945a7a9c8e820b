"""Measure blur and light inside a face's outline."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.core.quality_levels import Clarity
from edge.vision.geometry import warp
from edge.vision.upright import upright_square

_OUTLINE = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
_SIDE = 112
_RIM = 7
"""Pixels at the outline whose edges are those of the background."""
_NOISE, _REBLUR = 0.8, 9
_SHARPNESS = (0.10, 0.40)
"""From a face blurred beyond recognition to half of the faces of LFW's development part, of which nine in
ten have 0.32 to 0.48. A Gaussian blur of 1/56 of the face's height brings it to 0.23, of 1/28 to 0.11."""
_LIGHT = (30.0, 140.0)
"""Gray values of the brightest twentieth of a face: 139 to 230 in nine of ten of those faces."""
_GLARE = (250.0, 180.0)
"""Median gray values: 61 to 177 in nineteen of twenty."""
_CLIPPED, _CLIPPED_SHARE = 250, 0.4
"""Share of pixels without any drawing left: below 0.04 in 99 of 100."""


def clarity(image: Image, landmarks: Landmarks) -> Clarity:
    """Measure one face of a uint8 (H, W, 3) BGR picture, brought to 112x112.

    Sharpness is how much of the change from pixel to pixel a further blur takes away (F. Crete et al., "The
    blur effect", 2007), which does not depend on contrast. Raises NoFace for a collapsed mesh.
    """
    matrix = upright_square(landmarks, 1.0, _SIDE)
    gray = np.asarray(cv2.cvtColor(warp(image, matrix, _SIDE), cv2.COLOR_BGR2GRAY), np.uint8)
    outline = landmarks.points[list(_OUTLINE), :2] @ matrix[:, :2].T + matrix[:, 2]
    inside = np.zeros((_SIDE, _SIDE), np.uint8)
    cv2.fillPoly(inside, [np.rint(outline).astype(np.int32)], 1)
    face = gray[inside.astype(bool)]
    if not face.size:
        return Clarity(0.0, 0.0, 0.0)
    inner = cv2.erode(inside, np.ones((_RIM, _RIM), np.uint8)).astype(bool)
    median, bright = np.percentile(face, (50, 95))
    clipped = float((face >= _CLIPPED).mean())
    return Clarity(
        sharpness=_between(_sharpness(gray, inner), *_SHARPNESS),
        light=_between(float(bright), *_LIGHT),
        moderation=min(_between(float(median), *_GLARE), 1.0 - min(1.0, clipped / _CLIPPED_SHARE)),
    )


def _sharpness(gray: Image, inner: NDArray[np.bool_]) -> float:
    """0..1: the share of the changes between neighbors that blurring removes, in the worse direction."""
    # Without its grain a noisy picture would pass for a sharp one.
    smooth = np.asarray(cv2.GaussianBlur(gray.astype(np.float32), (0, 0), _NOISE), np.float32)
    shares = []
    for axis, size, place in ((1, (_REBLUR, 1), inner[:, 1:]), (0, (1, _REBLUR), inner[1:])):
        change = np.abs(np.diff(smooth, axis=axis))[place]
        left = np.abs(np.diff(cv2.blur(smooth, size), axis=axis))[place]
        total = float(change.sum())
        shares.append(float(np.maximum(0.0, change - left).sum()) / total if total > 0.0 else 0.0)
    return min(shares)


def _between(value: float, worst: float, best: float) -> float:
    return min(1.0, max(0.0, (value - worst) / (best - worst)))
