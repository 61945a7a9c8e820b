"""Whether a face moves as a flat picture does.

All points of a plane move by one homography from picture to picture; a head has depth, and what a homography
leaves over shows it. A face that only shifts, turns in the picture or comes closer tells nothing: that every
thing does. So what counts is the part of the motion that is more than a similarity, and how much of this part
a homography does not explain. Points must be those of the picture itself: a face mesh sees a head in a
photograph too, and bends its points to one.

This is a veto and proves no life: a video on a screen that is held still moves as the head in it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.suspicion import Suspicion

LEAST_POINTS = 20
_KEPT = 0.85
"""Share of the points that count: the others may have been lost, or lie on a blinking eye."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Motion:
    """What became of the points of a face from one picture to a later one, taken at `at`, monotonic seconds.

    warp: how far they are from where the best similarity puts them, root of the mean square, in sides of
    the face. rest: the same for the best homography, at most about as much.
    """

    at: float
    warp: float
    rest: float


@dataclass(frozen=True, slots=True)
class PlanarityConfig:
    """span_s: how long a motion counts. count: so many motions are needed. warp: what a motion must be to
    count, in sides of the face. share: the rest of a flat picture is less than this share of the warp."""

    span_s: float = 1.5
    count: int = 3
    warp: float = 0.004
    share: float = 0.33


DEFAULT = PlanarityConfig()


def motion(at: float, before: Doubles, after: Doubles, side: float) -> Motion | None:
    """Compare two pictures of one face.

    before, after: float (N, 2), where the same points are in either, each in pixels of its picture. side:
    of the face in `after`, in the same pixels. None when fewer than LEAST_POINTS are given, or they lie on
    a line, or a coordinate is not a number.
    """
    if len(before) < LEAST_POINTS or not side > 0.0:
        return None
    a, b = np.asarray(before, np.float64), np.asarray(after, np.float64)
    if not (np.isfinite(a).all() and np.isfinite(b).all() and _is_spread(a) and _is_spread(b)):
        return None
    rest = _off(_homography(a, b), b)
    kept = np.argsort((rest * rest).sum(axis=1))[: max(LEAST_POINTS, int(len(a) * _KEPT))]
    a, b = a[kept], b[kept]
    if not (_is_spread(a) and _is_spread(b)):
        return None
    return Motion(at, _size(_off(_similarity(a, b), b)) / side, _size(_off(_homography(a, b), b)) / side)


def planar(motions: Sequence[Motion], config: PlanarityConfig = DEFAULT) -> Suspicion | None:
    """Judge the motions of one track, oldest first. None also while it moved too little to tell."""
    if not motions:
        return None
    since = motions[-1].at - config.span_s
    telling = [moved for moved in motions if moved.at >= since and moved.warp >= config.warp]
    if len(telling) < config.count:
        return None
    warp = sum(moved.warp**2 for moved in telling)
    rest = sum(moved.rest**2 for moved in telling)
    return Suspicion.PLANAR if rest < config.share**2 * warp else None


def _similarity(a: Doubles, b: Doubles) -> Doubles:
    """Where the least-squares turn, scale and shift of `a` onto `b` puts the points, (N, 2)."""
    p, q = a - a.mean(axis=0), b - b.mean(axis=0)
    turn = (p[:, 0] - 1j * p[:, 1]) @ (q[:, 0] + 1j * q[:, 1]) / (p * p).sum()
    put = turn * (p[:, 0] + 1j * p[:, 1])
    return np.asarray(np.column_stack([put.real, put.imag]) + b.mean(axis=0), np.float64)


def _homography(a: Doubles, b: Doubles) -> Doubles:
    """Where the best homography of `a` onto `b` puts the points, (N, 2).

    The normalized direct linear transformation, R. Hartley and A. Zisserman, "Multiple View Geometry in
    Computer Vision", 2nd edition, algorithm 4.2.
    """
    (x, y), (u, v) = _normalized(a).T, _normalized(b).T
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate(
        [
            np.stack([x, y, one, none, none, none, -u * x, -u * y, -u], axis=1),
            np.stack([none, none, none, x, y, one, -v * x, -v * y, -v], axis=1),
        ]
    )
    h = np.linalg.eigh(rows.T @ rows)[1][:, 0].reshape(3, 3)
    put = np.stack([x, y, one], axis=1) @ h.T
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        flat = put[:, :2] / put[:, 2:]
    center, scale = _frame(b)
    return np.asarray(flat / scale + center, np.float64)


def _normalized(points: Doubles) -> Doubles:
    center, scale = _frame(points)
    return np.asarray((points - center) * scale, np.float64)


def _frame(points: Doubles) -> tuple[Doubles, float]:
    """The center, and the factor that brings the mean distance from it to the root of 2."""
    center = points.mean(axis=0)
    return center, float(np.sqrt(2.0) / np.hypot(*(points - center).T).mean())


def _off(put: Doubles, there: Doubles) -> Doubles:
    # A homography may send a point to infinity.
    return np.nan_to_num(put - there, nan=np.inf)


def _size(off: Doubles) -> float:
    return float(np.sqrt((off * off).sum(axis=1).mean()))


def _is_spread(points: Doubles) -> bool:
    """Whether the points lie on no line, nor on one spot."""
    p = points - points.mean(axis=0)
    small, large = np.linalg.eigvalsh(p.T @ p)
    return bool(small > 1e-6 * large > 0.0)
