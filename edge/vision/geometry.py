"""Cut a turned square out of a picture and carry points back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.frame import Image

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_HALF = 0.5
_MARGIN = 3
"""Pixels around a crop that interpolation may touch."""


def turned_square(center: tuple[float, float], side: float, angle: float, size: int) -> Doubles:
    """The affine map, float64 (2, 3), from picture to crop: a square turned by `angle` (radians,
    clockwise as seen, y down) around `center` becomes an upright one of `size` pixels."""
    scale = size / side
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    x, y = center
    half = size / 2
    return np.array([[cos, sin, half - cos * x - sin * y], [-sin, cos, half + sin * x - cos * y]])


def similarity(source: Floats, target: Floats) -> Doubles:
    """The least-squares turn, scale and shift, float64 (2, 3), of points (N, 2) onto others.

    Raises ValueError when all source points coincide.
    """
    # Plain complex numbers: for five points NumPy's call overhead would cost more than the work.
    a = [complex(x, y) for x, y in source.tolist()]
    b = [complex(x, y) for x, y in target.tolist()]
    a_mean, b_mean = sum(a) / len(a), sum(b) / len(b)
    spread = sum(abs(p - a_mean) ** 2 for p in a)
    if spread <= 0.0:
        raise ValueError("the points of the face coincide")
    turn = sum((p - a_mean).conjugate() * (q - b_mean) for p, q in zip(a, b, strict=True)) / spread
    shift = b_mean - turn * a_mean
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def warp(image: Image, matrix: Doubles, size: int, *, extend: bool = False) -> Image:
    """Apply an affine map, uint8 (size, size, 3); outside the picture black, or with `extend` its edge.

    A face larger than the crop is halved first, until less than a factor of two is left:
    sampling it directly would alias.
    """
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    part, x0, y0 = _shown(image, matrix, size)
    if not part.size:
        return np.zeros((size, size, 3), np.uint8)
    part, times = halved(part, scale)
    local = matrix.copy()
    # A pixel of the halved picture has its center between two of the whole one.
    between = (times - 1) / 2
    local[:, 2] += matrix[:, :2] @ np.array([x0 + between, y0 + between], np.float64)
    local[:, :2] *= times
    return _warp(part, local, size, cv2.BORDER_REPLICATE if extend else cv2.BORDER_CONSTANT)


def halved(image: Image, scale: float) -> tuple[Image, int]:
    """The picture halved while more than a halving is left to `scale`, and how many times smaller it is."""
    times = 1
    while scale <= _HALF and min(image.shape[:2]) > 1:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        # Exact halving by area is the case that OpenCV has a fast path for.
        even = image[: 2 * height, : 2 * width]
        image = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        scale *= 2.0
        times *= 2
    return image, times


def _shown(image: Image, matrix: Doubles, size: int) -> tuple[Image, int, int]:
    """The part of the picture that the crop shows, and where it begins."""
    back = cv2.invertAffineTransform(matrix)
    corners = back @ np.array([[0, size, 0, size], [0, 0, size, size], [1, 1, 1, 1]], np.float64)
    height, width = image.shape[:2]
    x0, y0 = (max(0, int(v)) for v in np.floor(corners.min(axis=1)) - _MARGIN)
    x1, y1 = (max(0, int(v)) for v in np.ceil(corners.max(axis=1)) + _MARGIN)
    return image[y0 : min(y1, height), x0 : min(x1, width)], x0, y0


def _warp(image: Image, matrix: Doubles, size: int, border: int) -> Image:
    # With four bytes to a pixel OpenCV takes half the time, and gives the same.
    wide = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
    warped = cv2.warpAffine(wide, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(cv2.cvtColor(warped, cv2.COLOR_BGRA2BGR), np.uint8)


def carry_back(matrix: Doubles, points: Floats) -> Floats:
    """Points of the crop, float32 (N, 2) or (N, 3), in pixels of the picture; z keeps the scale."""
    back = cv2.invertAffineTransform(matrix)
    carried = points.astype(np.float32, copy=True)
    carried[:, :2] = points[:, :2] @ back[:, :2].T.astype(np.float32) + back[:, 2].astype(np.float32)
    if points.shape[1] > 2:
        carried[:, 2] /= np.float32(np.hypot(matrix[0, 0], matrix[1, 0]))
    return carried
