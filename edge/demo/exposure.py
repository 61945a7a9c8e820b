"""Motion blur: what moves while the shutter is open is smeared along its way."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

EXPOSURE_S = 1 / 60
"""How long the shutter is open, indoors."""

_LEAST_PX = 0.7


def smear(picture: NDArray[np.uint8], shift: tuple[float, float]) -> NDArray[np.uint8]:
    """Average a premultiplied picture along a straight way of `shift` pixels (x, y) that ends where it is."""
    height, width = picture.shape[:2]
    x, y = shift
    # Each round averages with a copy half as far away: a few rounds do the work of many copies.
    while math.hypot(x, y) >= _LEAST_PX:
        x, y = x / 2, y / 2
        back = np.array(((1.0, 0.0, -x), (0.0, 1.0, -y)), np.float32)
        copy = cv2.warpAffine(picture, back, (width, height), borderMode=cv2.BORDER_REPLICATE)
        picture = np.asarray(cv2.addWeighted(picture, 0.5, copy, 0.5, 0.0), dtype=np.uint8)
    return picture
