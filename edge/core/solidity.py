"""Whether a face that was turned moved in depth, as a head does, or was a flat picture that somebody turned.

The mesh network gives every face depth, a printed one too, so its pose alone proves little. What tells them
apart: a head keeps its width, height and size in space while it turns; and its points move as those of a
solid do, which no homography of a plane explains, but an affine map of the points *with* their depth does
(the affine camera; Hartley and Zisserman, Multiple View Geometry, chapter 6).

Measured with three clips of moving heads and with 53 portraits turned as flat prints by 35 to 65 degrees in
20 steps (885 meshes): heads turned by 18 degrees, or raised by 14, keep proportions of 0.90 to 1.10 and 0.80
of their size, their homography residual is 0.026 or more, and at most half of it is left with depth. 13 of
the 885 prints reach the pose of such a turn; all of them have proportions below 0.87 or above 1.18, or less
than 0.78 of their size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Points
from edge.core.geometry import CHIN, FOREHEAD, LEFT_EYE_OUTER, RIGHT_EYE_OUTER

PROPORTIONS = (0.87, 1.18)
LEAST_SIZE = 0.78
LEAST_RESIDUAL = 0.02
MOST_LEFT = 0.65


@dataclass(frozen=True, slots=True)
class Solidity:
    """A turned face against the same face seen straight.

    proportions: width over height in space, as a ratio to that of the straight face. size: in space, as a
    ratio. residual: root mean square error of the best homography, in sizes of the face. left: the part of
    it that the affine map with depth leaves.
    """

    proportions: float
    size: float
    residual: float
    left: float

    @property
    def is_solid(self) -> bool:
        """False for a flat picture, and for figures that are not numbers."""
        low, high = PROPORTIONS
        return (
            low <= self.proportions <= high
            and LEAST_SIZE <= self.size < math.inf
            and LEAST_RESIDUAL <= self.residual < math.inf
            and self.left <= MOST_LEFT
        )


def solidity(straight: Points, turned: Points) -> Solidity:
    """Compare two meshes of one face, float32 (468, 3) each, pixels."""
    size = size_in_space(straight)
    flat, deep = homography_error(straight, turned), affine_error(straight, turned)
    return Solidity(
        proportions=_proportions(turned) / _proportions(straight),
        size=size_in_space(turned) / size,
        residual=flat / size,
        left=deep / flat if flat > 0 else math.nan,
    )


def size_in_space(points: Points) -> float:
    """How large a face is, whichever way it looks: the mean of width and height with depth, pixels."""
    across, down = _sides(points)
    return math.sqrt(across * down)


def homography_error(a: Points, b: Points) -> float:
    """Root mean square distance, pixels, that is left when a plane's picture at `a` is mapped to `b`."""
    xy, (u, v), scale = _unit(a[:, :2]), _unit(b[:, :2]).T, _scale(b[:, :2])
    one = np.column_stack([xy, np.ones(len(xy))])
    none = np.zeros_like(one)
    rows = np.vstack([np.hstack([one, none, -u[:, None] * xy]), np.hstack([none, one, -v[:, None] * xy])])
    h = np.append(np.linalg.lstsq(rows, np.concatenate([u, v]), rcond=None)[0], 1.0).reshape(3, 3)
    mapped = one @ h.T
    off = mapped[:, :2] / mapped[:, 2:] - np.column_stack([u, v])
    return scale * math.sqrt(float((off**2).sum(axis=1).mean()))


def affine_error(a: Points, b: Points) -> float:
    """The same for a solid: x, y and z of `a` are mapped to x and y of `b` by an affine map."""
    with_one = np.column_stack([a.astype(np.float64), np.ones(len(a))])
    target = b[:, :2].astype(np.float64)
    off = with_one @ np.linalg.lstsq(with_one, target, rcond=None)[0] - target
    return math.sqrt(float((off**2).sum(axis=1).mean()))


def _proportions(points: Points) -> float:
    across, down = _sides(points)
    return across / down


def _sides(points: Points) -> tuple[float, float]:
    """Between the outer corners of the eyes, and from forehead to chin."""
    across = math.dist(points[LEFT_EYE_OUTER].tolist(), points[RIGHT_EYE_OUTER].tolist())
    down = math.dist(points[CHIN].tolist(), points[FOREHEAD].tolist())
    return across or math.nan, down or math.nan


def _unit(xy: Points) -> NDArray[np.float64]:
    """Centred, root mean square distance 1: keeps the equations well conditioned (Hartley 1997)."""
    centred = xy.astype(np.float64) - xy.mean(axis=0, dtype=np.float64)
    return np.asarray(centred / _scale(xy), np.float64)


def _scale(xy: Points) -> float:
    centred = xy.astype(np.float64) - xy.mean(axis=0, dtype=np.float64)
    return math.sqrt(float((centred**2).sum(axis=1).mean())) or math.nan
