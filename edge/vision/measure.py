"""Measure the light and the sharpness of a face."""

from __future__ import annotations

import cv2
import numpy as np

from edge.core.face import Box
from edge.core.frame import Image
from edge.core.quality import Measurements

_SIDE = 112


def measure(image: Image, box: Box) -> Measurements:
    """Measure the part of the picture inside a box, on a grey 112x112 crop.

    image: uint8 (H, W, 3), BGR. The box is clipped to the picture; a box outside it measures 0.
    """
    height, width = image.shape[:2]
    x0, y0 = max(0, int(box.x0)), max(0, int(box.y0))
    crop = image[y0 : min(height, int(box.y1)), x0 : min(width, int(box.x1))]
    if crop.size == 0:
        return Measurements(0.0, 0.0, 0.0)
    shrinks = crop.shape[0] > _SIDE
    whole = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    grey = cv2.resize(whole, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    mean, deviation = cv2.meanStdDev(grey)
    _, edges = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F))
    return Measurements(float(np.square(edges[0, 0])), float(mean[0, 0]), float(deviation[0, 0]))
