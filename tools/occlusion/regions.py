"""The six regions of a face whose visibility is measured, as areas between mesh points."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

REGIONS = ("brows", "eyes", "nose", "mouth", "cheeks", "chin")
AREAS: dict[str, tuple[tuple[int, ...], ...]] = {
    "brows": ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)),
    "eyes": (
        (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
        (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
    ),
    "nose": ((168, 122, 174, 198, 131, 64, 98, 97, 2, 326, 327, 294, 360, 420, 399, 351),),
    "mouth": ((61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),),
    "cheeks": ((117, 118, 101, 36, 205, 187, 147, 123), (346, 347, 330, 266, 425, 411, 376, 352)),
    "chin": ((43, 106, 182, 83, 18, 313, 406, 335, 273, 378, 400, 377, 152, 148, 176, 149),),
}
"""Each region's outlines, as hulls of these points of MediaPipe's mesh."""
GROWN = {"eyes": 1.25}
"""Outlines made larger, because a lid hides nothing of an eye that is closed."""


def region_masks(points: NDArray[np.float32], side: int) -> NDArray[np.bool_]:
    """bool (6, side, side): where each region lies. points: float32 (468, 2), pixels of the crop."""
    masks = np.zeros((len(REGIONS), side, side), np.uint8)
    for mask, region in zip(masks, REGIONS, strict=True):
        for area in AREAS[region]:
            outline = points[list(area), :2]
            middle = outline.mean(axis=0)
            outline = middle + (outline - middle) * GROWN.get(region, 1.0)
            cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(outline).astype(np.int32)), 1)
    return masks.astype(bool)


def visible(masks: NDArray[np.bool_], cover: NDArray[np.float32]) -> NDArray[np.float32]:
    """The visible share of each region, float32 (6,). cover: float32 (side, side), 1 where something hides
    the face."""
    hidden = cover > 0.5
    shares = [1.0 - hidden[mask].mean() if mask.any() else 1.0 for mask in masks]
    return np.array(shares, np.float32)
