"""Passive liveness: tells a living face from a picture of one by what surrounds it."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.face import Face
from edge.core.frame import Image
from edge.errors import ModelError
from edge.vision.engine import Engine

CROPS = ("crop", "crop_near")
"""The manifest's parameters that say how much each view takes in: face sides, see `PassiveLiveness.score`."""
BAR = 24
"""Gray level that no point of a black bar reaches."""


class PassiveLiveness:
    """Implements ports.LivenessModel. The engine's input is float32 (V, S, S, 3), RGB, standardized.

    V views: the face with what surrounds it, and, where the network takes two, the face itself.
    """

    def __init__(self, engine: Engine) -> None:
        """engine: of a `liveness` manifest; the caller opens and closes it."""
        self.engine = engine
        manifest = engine.manifest
        self._crops = tuple(manifest.parameter(name) for name in CROPS[: manifest.input.shape[0]])
        self._floor = manifest.parameter("floor")
        self._size = manifest.input.size_wh[0]

    def score(self, image: Image, face: Face) -> float:
        """Probability 0..1 that the face is alive.

        image: uint8 (H, W, 3), BGR. Bezels, paper edges and hands tell most, so a face should
        leave room around it: the manifest's `crop` times the longer side of its box is looked at.
        Raises ModelError when the network's answer is no number.
        """
        side = max(face.box.width, face.box.height)
        for view, crop in enumerate(self._crops):
            square = cut_square(image, face.box.center, crop * side, self._size)
            self.engine.input[view] = standardized_rgb(square, self._floor)
        logit = float(self.engine.invoke()[0].reshape(-1)[0])
        if not math.isfinite(logit):
            raise ModelError(f"{self.engine.manifest.file.name} gives no score; reinstall the models")
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, logit))))


def cut_square(image: Image, center: tuple[float, float], side: float, size: int) -> Image:
    """A square of `side` pixels around `center`, as uint8 (size, size, 3).

    What lies outside the picture repeats its nearest row or column; the black bars that some
    cameras and players lay above and below lie outside, or they would pass for a screen's bezel.
    Shrinking averages over areas, so that a large face does not alias. Raises ValueError when the
    square and the picture do not meet.
    """
    first, last = _between_bars(image, center[1])
    picture = image[first:last]
    center = center[0], center[1] - first
    height, width = picture.shape[:2]
    whole = max(1, round(side))
    left, top = round(center[0] - whole / 2), round(center[1] - whole / 2)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + whole), min(height, top + whole)
    if x0 >= x1 or y0 >= y1:
        raise ValueError(f"the face at {center} lies outside the picture of {width}x{height}")
    scale = size / whole
    before_x, before_y = round((x0 - left) * scale), round((y0 - top) * scale)
    inner_w = max(1, round((x1 - left) * scale) - before_x)
    inner_h = max(1, round((y1 - top) * scale) - before_y)
    before_x, before_y = min(before_x, size - inner_w), min(before_y, size - inner_h)
    inner = _resized(picture[y0:y1, x0:x1], (inner_w, inner_h))
    after_x, after_y = size - before_x - inner_w, size - before_y - inner_h
    if not (before_x or before_y or after_x or after_y):
        return np.asarray(inner, np.uint8)
    padded = cv2.copyMakeBorder(inner, before_y, after_y, before_x, after_x, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8)


def _between_bars(image: Image, middle: float) -> tuple[int, int]:
    """The rows of the picture between black bars; all of them where bars would cover row `middle`."""
    height = image.shape[0]
    first, last = 0, height
    while first < height and _is_bar(image[first]):
        first += 1
    while last > first and _is_bar(image[last - 1]):
        last -= 1
    return (first, last) if first < middle < last else (0, height)


def _is_bar(row: NDArray[np.uint8]) -> bool:
    """Black from end to end, but for what JPEG leaves."""
    return int(row[0].max()) < BAR and int(row.max()) < BAR


def standardized_rgb(crop: Image, floor: float) -> NDArray[np.float32]:
    """A uint8 BGR crop as float32 (H, W, 3) RGB, each channel with mean 0 and standard deviation 1.

    floor: the least deviation, in gray levels, that a channel is divided by.
    """
    mean, deviation = (values.reshape(-1)[::-1] for values in cv2.meanStdDev(crop))
    scale = 1.0 / np.maximum(deviation, floor)
    affine = np.column_stack([np.diag(scale)[:, ::-1], -mean * scale])
    return np.asarray(cv2.transform(crop.astype(np.float32), affine), np.float32)


def _resized(image: Image, size_wh: tuple[int, int]) -> Image:
    """Average over areas when shrinking, by halves first, which costs a fraction of one large step."""
    width, height = size_wh
    while image.shape[1] >= 2 * width and image.shape[0] >= 2 * height:
        half_w, half_h = image.shape[1] // 2, image.shape[0] // 2
        # Exact halves are the case that OpenCV has a fast path for; an odd row or column is left out.
        even = image[: 2 * half_h, : 2 * half_w]
        image = np.asarray(cv2.resize(even, (half_w, half_h), interpolation=cv2.INTER_AREA), np.uint8)
    shrinks = image.shape[1] > width or image.shape[0] > height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size_wh, interpolation=method), np.uint8)
