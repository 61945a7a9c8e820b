"""What FaceBoxes sees in one part of a picture, in the form of the other anchor networks.

Anchors and decoding follow FaceBoxes (Zhang et al., 2017): dense anchors of 32 and 64 pixels, single ones of
128, 256 and 512. Its boxes go from hairline to chin, like the labels of WIDER FACE; BlazeFace's are squares
from the brows to the chin. Candidates are given as such squares, with average keypoints.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from edge.core.face import Box
from edge.core.frame import Image
from edge.errors import ManifestInvalid
from edge.vision.anchors import Floats, Region, above, carried, show
from edge.vision.engine import Engine

DECODER = "faceboxes-32-64-128"
_LEVELS: tuple[tuple[int, tuple[tuple[int, int], ...]], ...] = (
    (32, ((32, 4), (64, 2), (128, 1))),
    (64, ((256, 1),)),
    (128, ((512, 1),)),
)
"""Stride; at each place anchors of so many pixels, and how many of them in a row and a column."""
_CENTER_SCALE, _SIZE_SCALE = 10.0, 5.0
_WIDTH, _HEIGHT, _RISE = 0.87, 1.18, 0.10
"""A labeled box in sides of BlazeFace's square, and how far it lies above it. Medians."""
_KEYPOINTS = np.array(
    [-0.242, -0.228, 0.193, -0.211, -0.052, 0.021, -0.036, 0.226, -0.440, -0.158, 0.449, -0.119], np.float32
)
"""From the square's center, in its sides. Medians of the near network's."""
_WIDTH_VALUES = 17


def look_wide(engine: Engine, image: Image, region: Region) -> Floats:
    """Run FaceBoxes on one region; candidates above its threshold `score`, as `anchors.look` gives them."""
    manifest = engine.manifest
    if manifest.decoder != DECODER:
        raise ManifestInvalid(f"{manifest.path}: decoder {manifest.decoder!r} is not {DECODER}")
    size_wh = manifest.input.size_wh
    show(engine, image, region)
    raw, logits = engine.invoke()
    scores = logits.reshape(-1)
    chosen = above(scores, manifest.threshold("score"))
    found = np.empty((len(chosen), _WIDTH_VALUES), np.float32)
    if not chosen.size:
        return found
    anchors = places(*size_wh)[chosen]
    y, x, tall, wide = raw.reshape(len(scores), 4)[chosen].T
    side = anchors[:, 2] * np.exp((wide + tall) / (2 * _SIZE_SCALE)) / np.sqrt(_WIDTH * _HEIGHT)
    middle_x = anchors[:, 0] + x / _CENTER_SCALE * anchors[:, 2]
    middle_y = anchors[:, 1] + y / _CENTER_SCALE * anchors[:, 2] + _RISE * side
    found[:, 0], found[:, 1] = middle_x - side / 2, middle_y - side / 2
    found[:, 2], found[:, 3] = middle_x + side / 2, middle_y + side / 2
    found[:, 4:16] = _KEYPOINTS * side[:, None]
    found[:, 4:16:2] += middle_x[:, None]
    found[:, 5:16:2] += middle_y[:, None]
    return carried(found, region, size_wh[0], scores[chosen])


def as_labeled(box: Box) -> Box:
    """A detected square as a labeler would have drawn it: from the hairline to the chin, without the ears."""
    side = (box.width + box.height) / 2
    x, y = box.center
    y -= _RISE * side
    half_width, half_height = _WIDTH * side / 2, _HEIGHT * side / 2
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)


@cache
def places(width: int, height: int) -> Floats:
    """The anchors, float32 (N, 3): center x, y and side, pixels of the network's input."""
    rows = []
    for stride, anchors in _LEVELS:
        columns, lines = -(-width // stride), -(-height // stride)
        cell = np.array(
            [(x, y, side) for side, count in anchors for x, y in _offsets(side, count)], np.float32
        )
        x, y = np.meshgrid(
            (np.arange(columns) + 0.5) * width / columns, (np.arange(lines) + 0.5) * height / lines
        )
        level = np.tile(cell, (lines, columns, 1, 1))
        level[..., 0] += x[..., None]
        level[..., 1] += y[..., None]
        rows.append(level.reshape(-1, 3))
    return np.concatenate(rows).astype(np.float32)


def _offsets(side: int, count: int) -> list[tuple[float, float]]:
    if count == 1:
        return [(0.0, 0.0)]
    axis = [side * ((i + 0.5) / count - 0.5) for i in range(count)]
    return [(x, y) for x in axis for y in axis]
