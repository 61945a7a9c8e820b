"""What lies around a face: whether there is room around it, and whether another face is too near."""

from __future__ import annotations

import math
from collections.abc import Iterable

from edge.core.face import Box

NEAR = 0.5
"""Two faces are near one another when less than this lies between them, in lengths of the one that asks."""
COMPARABLE = 0.2
"""A face counts beside another from this share of its area on: less is somebody far behind, or a print."""


def room(box: Box, width: int, height: int, crop: float) -> float:
    """The share 0..1 of the surroundings of a face that the picture shows.

    crop: side of the square around the face that matters, over the longer side of its box; the square may
    leave a picture of width x height pixels.
    """
    half = crop * max(box.width, box.height) / 2
    if not half > 0:
        return 0.0
    x, y = box.center
    across = min(float(width), x + half) - max(0.0, x - half)
    down = min(float(height), y + half) - max(0.0, y - half)
    # Of a square too small for the arithmetic more than all would be left.
    return min(1.0, max(0.0, across / (2 * half))) * min(1.0, max(0.0, down / (2 * half)))


def is_crowded(box: Box, others: Iterable[Box]) -> bool:
    """Whether another face is so near to a face, and so large, that it is unclear which of them asks."""
    reach = NEAR * max(box.width, box.height)
    return any(other.area >= COMPARABLE * box.area and _gap(box, other) < reach for other in others)


def _gap(a: Box, b: Box) -> float:
    """The least distance between two boxes in pixels, 0 where they overlap."""
    across = max(0.0, a.x0 - b.x1, b.x0 - a.x1)
    down = max(0.0, a.y0 - b.y1, b.y0 - a.y1)
    return math.hypot(across, down)
