"""Tell how much of each region of a face is visible."""

from __future__ import annotations

import numpy as np

from edge.core.face import Landmarks
from edge.core.frame import Image
from edge.core.quality_levels import Completeness
from edge.vision.engine import Engine
from edge.vision.geometry import warp
from edge.vision.liveness import standardized_rgb
from edge.vision.upright import upright_square


class FaceOcclusion:
    """Implements `OcclusionModel`; belongs to one thread. The engine's input is float32 (1, S, S, 3), RGB,
    standardized."""

    def __init__(self, engine: Engine) -> None:
        """engine: of an `occlusion` manifest; the caller opens and closes it."""
        self.engine = engine
        self._crop = engine.manifest.parameter("crop")
        self._floor = engine.manifest.parameter("floor")
        self._size = engine.manifest.input.size_wh[0]

    def measure(self, image: Image, landmarks: Landmarks) -> Completeness:
        """One face of a uint8 (H, W, 3) BGR picture. Raises NoFace for a collapsed mesh."""
        square = upright_square(landmarks, self._crop, self._size)
        # Black beyond the picture's edge would look like something held before the face.
        crop = warp(image, square, self._size, extend=True)
        self.engine.input[0] = standardized_rgb(crop, self._floor)
        logits = self.engine.invoke()[0].reshape(-1).astype(np.float64)
        return Completeness(*(1.0 / (1.0 + np.exp(-np.clip(logits, -50.0, 50.0)))).tolist())
