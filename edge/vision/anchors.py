"""What an anchor network sees in one part of a picture, and how overlapping answers become faces.

Candidates are float32 (N, 17): x0, y0, x1, y1, six keypoints (x, y), score; pixels of the picture.
Anchors, decoding and weighted suppression follow MediaPipe's SSD calculators.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.face import Box, Face
from edge.core.frame import Image
from edge.errors import ManifestInvalid
from edge.vision.engine import Engine
from edge.vision.geometry import halved

Floats = NDArray[np.float32]

LAYOUTS: dict[str, tuple[tuple[int, int], ...]] = {
    "anchors-8x2-16x6": ((8, 2), (16, 6)),
    "anchors-4x1": ((4, 1),),
}
"""By decoder: stride in pixels of the network's input, and anchors at each place."""

_BORDER = 128
"""Mid gray, zero to the networks. Flat black makes the near one give values a hundred times too large."""
_SCORE = 16
_SAME_FACE_IOU = 0.3


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the picture, in pixels, in the proportions of the network's input: for most a square.

    side: its width. It may reach over the picture's edge, where it is gray.
    """

    x: int
    y: int
    side: int


def look(engine: Engine, image: Image, region: Region) -> Floats:
    """Run an anchor network on one region; candidates above its threshold `score`."""
    size_wh = engine.manifest.input.size_wh
    show(engine, image, region)
    raw, logits = engine.invoke()
    scores = logits.reshape(-1)
    chosen = above(scores, engine.manifest.threshold("score"))
    if not chosen.size:
        return np.empty((0, _SCORE + 1), np.float32)
    centers = places(engine.manifest.decoder, *size_wh)[chosen]
    values = raw.reshape(len(scores), _SCORE)[chosen]
    found = np.empty((len(chosen), _SCORE + 1), np.float32)
    half = values[:, 2:4] / 2
    middle = values[:, 0:2] + centers
    found[:, 0:2] = middle - half
    found[:, 2:4] = middle + half
    found[:, 4:_SCORE] = values[:, 4:] + np.tile(centers, 6)
    return carried(found, region, size_wh[0], scores[chosen])


def above(logits: Floats, threshold: float) -> NDArray[np.intp]:
    """Where a logit says more than this probability."""
    return np.flatnonzero(logits > math.log(threshold / (1.0 - threshold)))


def carried(found: Floats, region: Region, width: int, logits: Floats) -> Floats:
    """Candidates in pixels of a network's input, `width` wide, as such of the picture, with their scores."""
    found[:, :_SCORE] *= region.side / width
    found[:, 0:_SCORE:2] += region.x
    found[:, 1:_SCORE:2] += region.y
    found[:, _SCORE] = 1.0 / (1.0 + np.exp(-np.minimum(logits, 50.0)))
    return found


def show(engine: Engine, image: Image, region: Region) -> None:
    """Make a region of a uint8 (H, W, 3) BGR picture the network's next input."""
    size_wh = engine.manifest.input.size_wh
    if engine.input.dtype == np.uint8:
        # Straight to its place: to allocate a megabyte costs more than to fill it.
        cut(image, region, size_wh, engine.input[0])
    else:
        engine.put(cut(image, region, size_wh))


def cut(image: Image, region: Region, size_wh: tuple[int, int], out: Image | None = None) -> Image:
    """The region, uint8 (height, width, 3) RGB, without distortion; in `out`, if it is given."""
    height, width = image.shape[:2]
    scale = size_wh[0] / region.side
    x0, y0 = max(region.x, 0), max(region.y, 0)
    x1 = min(region.x + region.side, width)
    y1 = min(region.y + round(size_wh[1] / scale), height)
    canvas: Image = np.empty((size_wh[1], size_wh[0], 3), np.uint8) if out is None else out
    canvas.fill(_BORDER)
    if x1 <= x0 or y1 <= y0:
        return canvas
    left = min(size_wh[0] - 1, round((x0 - region.x) * scale))
    top = min(size_wh[1] - 1, round((y0 - region.y) * scale))
    right = min(size_wh[0], max(left + 1, round((x1 - region.x) * scale)))
    bottom = min(size_wh[1], max(top + 1, round((y1 - region.y) * scale)))
    part, _ = halved(image[y0:y1, x0:x1], scale)
    if part.shape[:2] != (bottom - top, right - left):
        part = np.asarray(
            cv2.resize(part, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR), np.uint8
        )
    cv2.cvtColor(part, cv2.COLOR_BGR2RGB, dst=canvas[top:bottom, left:right])
    return canvas


@cache
def places(decoder: str, width: int, height: int) -> Floats:
    """The anchors' centers, float32 (N, 2), pixels of the network's input."""
    if decoder not in LAYOUTS:
        raise ManifestInvalid(f"no decoder {decoder!r} for anchors; use {' or '.join(LAYOUTS)}")
    rows = []
    for stride, count in LAYOUTS[decoder]:
        across = (np.arange(width // stride, dtype=np.float32) + 0.5) * stride
        down = (np.arange(height // stride, dtype=np.float32) + 0.5) * stride
        x, y = np.meshgrid(across, down)
        rows.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), count, axis=0))
    return np.concatenate(rows).astype(np.float32)


def merge(candidates: Floats) -> list[Face]:
    """One face of each heap of overlapping candidates, averaged by score; best score first."""
    return [
        Face(
            box=Box(*mean[:4].tolist()),
            keypoints=mean[4:].reshape(6, 2),
            score=float(candidates[heap[0], _SCORE]),
        )
        for heap in heaps(candidates)
        for mean in [average(candidates[heap])]
    ]


def heaps(candidates: Floats) -> Iterator[NDArray[np.intp]]:
    """Which candidates are of one face, the best first; the heap with the best candidate first."""
    order = np.argsort(-candidates[:, _SCORE], kind="stable")
    while order.size:
        same = overlaps(candidates[order[0]], candidates[order]) >= _SAME_FACE_IOU
        same[0] = True
        yield order[same]
        order = order[~same]


def average(candidates: Floats) -> Floats:
    """Box and keypoints between all candidates, float32 (16,), weighed by score."""
    weights = candidates[:, _SCORE]
    return np.asarray((weights / weights.sum()) @ candidates[:, :_SCORE], np.float32)


def overlaps(one: Floats, many: Floats) -> Floats:
    """Intersection over union of one candidate with each of many, float32 (N,), 0..1."""
    x0, y0, x1, y1 = many[:, :4].T
    across = np.minimum(x1, one[2]) - np.maximum(x0, one[0])
    down = np.minimum(y1, one[3]) - np.maximum(y0, one[1])
    shared = np.maximum(across, 0.0) * np.maximum(down, 0.0)
    union = (one[2] - one[0]) * (one[3] - one[1]) + (x1 - x0) * (y1 - y0) - shared
    return np.asarray(shared / np.maximum(union, 1e-6), np.float32)
