"""How the picture of a face moves: its corners, followed from one frame of a track to a later one."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.face import Points
from edge.core.frame import Image
from edge.core.planarity import Motion, motion
from edge.vision.geometry import turned_square, warp

_SIDE = 128
_EYES = (33, 263)
_CORNERS, _LEAST_CORNER, _APART = 64, 0.01, 5
_FACE = (0.40, 0.47)
"""Half axes of the ellipse, in sides of the chip, whose corners are taken: no hair, no background."""
_WINDOW, _LEVELS, _ROUNDS = (13, 13), 3, (3, 12, 0.03)
_ASTRAY = 0.7
"""A corner that does not come back to within so many pixels when followed backwards was lost."""
_LEAST_S, _MOST_S = 0.25, 1.0
"""How far apart two compared frames are: a moment shows no motion, and after longer a face has changed."""
_KEPT_S = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class _Chip:
    """gray: uint8 (128, 128), eyes level. corners: float32 (N, 1, 2)."""

    at: float
    gray: NDArray[np.uint8]
    corners: NDArray[np.float32] | None


class FaceFlow:
    """Remembers the last second of every track. Belongs to one thread."""

    def __init__(self) -> None:
        self._chips: dict[int, deque[_Chip]] = {}

    def follow(self, track: int, at: float, image: Image, points: Points) -> Motion | None:
        """How the face moved since a frame of up to a second before.

        at: monotonic seconds. image: uint8 (H, W, 3) BGR. points: float32 (468, 3), the face's mesh, which
        says only where to look. None without such a frame, or when too few corners could be followed.
        """
        gray = _cut(image, points)
        if gray is None:
            return None
        chips = self._chips.setdefault(track, deque())
        while chips and not 0.0 <= at - chips[0].at <= _MOST_S:
            chips.popleft()
        before = chips[0] if chips and at - chips[0].at >= _LEAST_S else None
        if not chips or at - chips[-1].at >= _KEPT_S:
            chips.append(_Chip(at, gray, _corners(gray)))
        if before is None or before.corners is None:
            return None
        start, end = _followed(before.gray, gray, before.corners)
        return motion(at, start, end, _SIDE)

    def forget(self, track: int) -> None:
        self._chips.pop(track, None)


def _cut(image: Image, points: Points) -> NDArray[np.uint8] | None:
    """The face in gray, eyes level; None for a collapsed mesh.

    That the mesh trembles does no harm: a similarity between two chips is no part of what is measured.
    """
    flat = points[:, :2].astype(np.float64)
    low, high = flat.min(axis=0), flat.max(axis=0)
    side = float((high - low).max())
    if not 1.0 < side < math.inf:
        return None
    across = flat[_EYES[1]] - flat[_EYES[0]]
    x, y = (low + high) / 2
    matrix = turned_square((float(x), float(y)), side, math.atan2(across[1], across[0]), _SIDE)
    return np.asarray(cv2.cvtColor(warp(image, matrix, _SIDE), cv2.COLOR_BGR2GRAY), np.uint8)


def _corners(gray: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """float32 (N, 1, 2); None in a face without any."""
    found = cv2.goodFeaturesToTrack(gray, _CORNERS, _LEAST_CORNER, _APART, mask=_inside())
    return None if found is None else np.asarray(found, np.float32)


def _followed(
    before: NDArray[np.uint8], after: NDArray[np.uint8], corners: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The corners that were found again, in either chip: float64 (N, 2) each."""
    there, found = _carried(before, after, corners)
    back, found_back = _carried(after, before, there)
    astray = np.linalg.norm((back - corners)[:, 0], axis=1)
    kept = found & found_back & (astray < _ASTRAY)
    return corners[kept, 0].astype(np.float64), there[kept, 0].astype(np.float64)


def _carried(
    before: NDArray[np.uint8], after: NDArray[np.uint8], corners: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where the corners are in the other chip, float32 (N, 1, 2), and which were found, bool (N,)."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, corners, np.empty_like(corners), winSize=_WINDOW, maxLevel=_LEVELS, criteria=_ROUNDS
    )
    return np.asarray(there, np.float32), np.asarray(found, np.uint8)[:, 0] > 0


@cache
def _inside() -> NDArray[np.uint8]:
    mask = np.zeros((_SIDE, _SIDE), np.uint8)
    half = _SIDE // 2
    cv2.ellipse(mask, (half, half), (int(_SIDE * _FACE[0]), int(_SIDE * _FACE[1])), 0, 0, 360, 255, -1)
    return mask
