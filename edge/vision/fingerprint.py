"""The grain of a picture: what is never the same in two pictures that a camera took."""

from __future__ import annotations

import math

import numpy as np

from edge.core.face import Box
from edge.core.frame import Image
from edge.core.repeats import COLUMNS, ROWS, Print


def fingerprint(image: Image, box: Box) -> Print:
    """One pixel from the middle of each cell of a fixed grid, against its four neighbors.

    image: uint8 (H, W, 3) BGR, of at least 3x3 pixels; green is looked at, of which a sensor has most. The
    picture is not made smaller, for that would wash the grain out. box: of the face, pixels; outside the
    picture it covers no cells.
    """
    height, width = image.shape[:2]
    green = image[..., 1]
    rows = _centers(height, ROWS)[:, None]
    columns = _centers(width, COLUMNS)[None, :]
    middle = green[rows, columns].astype(np.int16)
    around = np.zeros((ROWS, COLUMNS), np.int16)
    for down, across in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        around += green[rows + down, columns + across]
    grain = np.clip(4 * middle - around, -127, 127).astype(np.int8)
    face = (_covered(box.y0, box.y1, height, ROWS), _covered(box.x0, box.x1, width, COLUMNS))
    return Print(grain, face)


def _centers(size: int, cells: int) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    middles = ((np.arange(cells) + 0.5) * size / cells).astype(np.intp)
    return np.clip(middles, 1, size - 2)


def _covered(low: float, high: float, size: int, cells: int) -> slice:
    """The cells from `low` to `high`, pixels of `size`."""
    first, last = (min(max(place / size * cells, 0.0), float(cells)) for place in (low, high))
    return slice(math.floor(first), math.ceil(last))
