"""How well faces are found: recall by size, false positives, average precision.

A detection hits a labeled face when their boxes overlap with an intersection over union of at least 0.5;
detections choose in the order of their scores, each the face it overlaps most, and a face is hit once; a
second box on it is false. The size of a face is the square root of its label's area, as in COCO's size
classes: a label is high and narrow, in profile even more so, and one side alone says little of the pixels
there are. Faces smaller than 20 pixels are ignored: nobody has to find them, and whoever does is not wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]

SAME_IOU = 0.5
LEAST_PX = 20.0
SIZES: tuple[tuple[str, float, float], ...] = (
    ("20-32", 20.0, 32.0),
    ("32-48", 32.0, 48.0),
    ("48-64", 48.0, 64.0),
    ("64-96", 64.0, 96.0),
    ("96-160", 96.0, 160.0),
    ("160+", 160.0, float("inf")),
)
"""By name: from, and less than, so many pixels: the square root of a label's width times its height."""
_FALSE, _IGNORED = -1, -2


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """One picture. Boxes are float64 (N, 4): x0, y0, x1, y1 in pixels; scores float64 (N,), best first."""

    labeled: Floats
    boxes: Floats
    scores: Floats


@dataclass(frozen=True, slots=True)
class DetectionFigures:
    """recall: share of the faces found, by size; None where there are none. faces: how many there are."""

    pictures: int
    recall: dict[str, float | None]
    faces: dict[str, int]
    false_positives_per_image: float
    ap50: float | None


def measure(pictures: Sequence[Looked], least: float) -> DetectionFigures:
    """Recall and false positives of detections with a score of at least `least`; AP50 of all.

    Raises ValueError when there is no picture.
    """
    if not pictures:
        raise ValueError("there is no picture")
    hits = {name: 0 for name, _, _ in SIZES}
    faces = dict(hits)
    false = 0
    for picture in pictures:
        kept = picture.scores >= least
        chosen = assign(picture.boxes[kept], picture.labeled)
        false += int((chosen == _FALSE).sum())
        sizes = face_sizes(picture.labeled)
        found = np.isin(np.arange(len(sizes)), chosen)
        for name, low, high in SIZES:
            among = (sizes >= low) & (sizes < high)
            hits[name] += int(found[among].sum())
            faces[name] += int(among.sum())
    return DetectionFigures(
        pictures=len(pictures),
        recall={name: hits[name] / faces[name] if faces[name] else None for name in faces},
        faces=faces,
        false_positives_per_image=false / len(pictures),
        ap50=average_precision(pictures),
    )


def assign(boxes: Floats, labeled: Floats) -> Numbers:
    """Which labeled face each box hits, best box first; -1: none, -2: none, but one that is ignored."""
    chosen = np.full(len(boxes), _FALSE, np.intp)
    if not len(boxes) or not len(labeled):
        return chosen
    shared = ious(boxes, labeled)
    ignored = face_sizes(labeled) < LEAST_PX
    free = ~ignored
    for number, row in enumerate(shared):
        best = int(np.argmax(np.where(free, row, -1.0)))
        if free[best] and row[best] >= SAME_IOU:
            chosen[number] = best
            free[best] = False
        elif (row[ignored] >= SAME_IOU).any():
            chosen[number] = _IGNORED
    return chosen


def average_precision(pictures: Sequence[Looked]) -> float | None:
    """The area under the envelope of precision over recall, 0..1; None when no face is labeled."""
    wanted = sum(int((face_sizes(picture.labeled) >= LEAST_PX).sum()) for picture in pictures)
    if not wanted:
        return None
    chosen = np.concatenate([assign(picture.boxes, picture.labeled) for picture in pictures])
    scores = np.concatenate([picture.scores for picture in pictures])[chosen != _IGNORED]
    right = chosen[chosen != _IGNORED][np.argsort(-scores, kind="stable")] >= 0
    hits = np.cumsum(right)
    precision = hits / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(envelope[right].sum() / wanted)


def ious(one: Floats, other: Floats) -> Floats:
    """Intersection over union of all boxes (N, 4) with all others (M, 4), float64 (N, M)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=2)
    union = _areas(one)[:, None] + _areas(other)[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float64)


def face_sizes(boxes: Floats) -> Floats:
    return np.sqrt(_areas(boxes))


def _areas(boxes: Floats) -> Floats:
    return np.asarray(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1), np.float64)
