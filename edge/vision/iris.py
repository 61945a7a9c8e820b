"""Find the irises in the two eyes of a face mesh."""

from __future__ import annotations

import math

import cv2
import numpy as np

from edge.core.eyes import Eye
from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.vision.engine import Engine
from edge.vision.geometry import carry_back, turned_square, warp

_RIGHT_CORNERS = (33, 133)
_LEFT_CORNERS = (362, 263)
"""Mesh points at the corners of each eye, the one further left in the picture first."""
_CONTOUR_POINTS, _IRIS_POINTS = 71, 5


class IrisFinder:
    """Implements `EyeFinder`; belongs to one thread.

    The crop is the eye's width times the manifest's `crop`, eye corners level.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._size = engine.manifest.input.size_wh[0]
        self._crop = engine.manifest.parameter("crop")

    def locate(self, image: Image, landmarks: Landmarks) -> tuple[Eye, Eye]:
        """The person's right eye and left eye, in a uint8 (H, W, 3) BGR picture."""
        return (
            self._one(image, landmarks, _RIGHT_CORNERS, mirrored=False),
            self._one(image, landmarks, _LEFT_CORNERS, mirrored=True),
        )

    def _one(self, image: Image, landmarks: Landmarks, corners: tuple[int, int], mirrored: bool) -> Eye:
        first, second = landmarks.points[corners[0], :2], landmarks.points[corners[1], :2]
        across = second - first
        side = max(1.0, float(np.hypot(across[0], across[1])) * self._crop)
        center = ((float(first[0]) + float(second[0])) / 2, (float(first[1]) + float(second[1])) / 2)
        matrix = turned_square(center, side, math.atan2(float(across[1]), float(across[0])), self._size)
        crop = np.asarray(cv2.cvtColor(warp(image, matrix, self._size), cv2.COLOR_BGR2RGB), np.uint8)
        # The network knows eyes at the left of the picture only.
        self.engine.put(crop[:, ::-1] if mirrored else crop)
        contour, iris = (
            values.reshape(count, 3)
            for values, count in zip(self.engine.invoke(), (_CONTOUR_POINTS, _IRIS_POINTS), strict=True)
        )
        if mirrored:
            contour[:, 0] = self._size - contour[:, 0]
            iris[:, 0] = self._size - iris[:, 0]
        return Eye(contour=carry_back(matrix, contour), iris=carry_back(matrix, iris))
