"""Fit the 468-point face mesh to a detected face."""

from __future__ import annotations

import math

import cv2

from edge.core.face import Face, Landmarks
from edge.core.frame import Image
from edge.vision.engine import Engine
from edge.vision.geometry import Doubles, carry_back, turned_square, warp

_POINTS = 468
_RIGHT_EYE, _LEFT_EYE = 0, 1


class FaceMesh:
    """Implements `Landmarker`; belongs to one thread.

    The crop is the detector's box times the manifest's `crop`, turned so that the eyes lie level.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._size = engine.manifest.input.size_wh[0]
        self._crop = engine.manifest.parameter("crop")

    def locate(self, image: Image, face: Face) -> Landmarks:
        """Fit the mesh to one face of a uint8 (H, W, 3) BGR picture."""
        return self._fit(image, self._square(face))

    def _square(self, face: Face) -> Doubles:
        across = face.keypoints[_LEFT_EYE] - face.keypoints[_RIGHT_EYE]
        angle = math.atan2(float(across[1]), float(across[0]))
        side = max(1.0, face.box.width, face.box.height) * self._crop
        return turned_square(face.box.center, side, angle, self._size)

    def _fit(self, image: Image, matrix: Doubles) -> Landmarks:
        crop = warp(image, matrix, self._size)
        self.engine.put(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB, dst=crop))  # type: ignore[arg-type]
        points, logit = self.engine.invoke()
        return Landmarks(
            points=carry_back(matrix, points.reshape(_POINTS, 3)),
            presence=1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, float(logit.reshape(-1)[0]))))),
        )
