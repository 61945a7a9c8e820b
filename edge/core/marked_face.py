"""Which face of a picture somebody meant who drew a box around it."""

from __future__ import annotations

from collections.abc import Sequence

from edge.core.face import Box, Face
from edge.core.geometry import iou

_LEAST_IOU = 0.15
"""Labelers draw a face with hair and ears, detectors one from the brows to the chin."""
_SIDE, _DROP = 0.60, 0.14
"""The detector's square: its side in longer sides of a drawn box, and how far its center lies below, in
heights of it. Medians over 2,020 labeled frames of four sources."""


def meant(faces: Sequence[Face], marked: Box | None) -> Face | None:
    """The face that overlaps the marked box most, if enough; the largest one where nothing is marked."""
    if marked is None:
        return max(faces, key=lambda face: face.box.area, default=None)
    best = max(faces, key=lambda face: iou(face.box, marked), default=None)
    return best if best is not None and iou(best.box, marked) > _LEAST_IOU else None


def as_detected(marked: Box) -> Box:
    """The square that the detector would have drawn for a face that somebody marked."""
    half = _SIDE * max(marked.width, marked.height) / 2
    x, y = marked.center
    y += _DROP * marked.height
    return Box(x - half, y - half, x + half, y + half)
