"""Make faces unrecognizable in a picture, for good."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from edge.core.coverage import Cover, Method
from edge.core.face import Box
from edge.core.frame import Image

_GRAY = 128
"""Mid gray is zero to the networks: nothing of it looks like a face to them."""
_OPAQUE = 255


def cover(image: Image, covers: Sequence[Cover], method: Method) -> Image:
    """Hide heads in a copy of a picture, uint8 (H, W, 3) BGR.

    A blurred or pixelated head is first shrunk to `cells` x `cells` pixels, so that no sharpening brings back
    more than those. What is hidden is an ellipse, or the whole box in plain gray where `cells` is 0.
    """
    covered = image.copy()
    height, width = image.shape[:2]
    for one in covers:
        x0, y0 = max(0, int(one.box.x0)), max(0, int(one.box.y0))
        x1, y1 = min(width, int(np.ceil(one.box.x1))), min(height, int(np.ceil(one.box.y1)))
        if x1 <= x0 or y1 <= y0:
            continue
        part = covered[y0:y1, x0:x1]
        if one.cells == 0:
            part[:] = _GRAY
            continue
        mask = _ellipse(one.box, part.shape[1], part.shape[0], (x0, y0))
        part[mask > 0] = _hidden(part, one.cells, method)[mask > 0]
    return covered


def _hidden(part: Image, cells: int, method: Method) -> Image:
    height, width = part.shape[:2]
    if method is Method.FILL:
        return np.full_like(part, _GRAY)
    small = cv2.resize(part, (min(cells, width), min(cells, height)), interpolation=cv2.INTER_AREA)
    smooth = cv2.INTER_LINEAR if method is Method.BLUR else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(small, (width, height), interpolation=smooth), np.uint8)


def _ellipse(box: Box, width: int, height: int, start: tuple[int, int]) -> Image:
    """uint8 (height, width), not 0 inside the ellipse that fills the box. start: where the mask begins."""
    mask = np.zeros((height, width), np.uint8)
    x, y = box.center
    center = (x - start[0] - 0.5, y - start[1] - 0.5)
    cv2.ellipse(mask, (center, (box.width + 1.0, box.height + 1.0), 0.0), _OPAQUE, cv2.FILLED)
    return mask
