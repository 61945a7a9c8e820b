"""Turn one face into a template."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.face import Embedding, Landmarks, ModelId
from edge.core.frame import Image
from edge.errors import NoFace
from edge.vision.engine import Engine
from edge.vision.geometry import similarity, warp
from edge.vision.manifest import Manifest

_CORNERS = (263, 362, 33, 133, 2)
"""Mesh points: outer and inner corner of the left eye, of the right eye, base of the nose."""
_MEAN_FACE = np.array(
    [
        (0.8595674595992, 0.2134981538014),
        (0.6460604764104, 0.2289674387677),
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.4901123135679, 0.6277975316475),
    ],
    np.float64,
)
"""Where dlib's five-point chips have these points, in a unit square."""
_PADDING = 0.25


class FaceEmbedder:
    """dlib's residual network on a chip aligned by five mesh points. Implements `Embedder`; one thread.

    mirror: average the face with its mirror image, at the price of a second run.
    """

    def __init__(self, engine: Engine, mirror: bool = False) -> None:
        self.engine = engine
        self.mirror = mirror
        self._size = engine.manifest.input.size_wh[0]
        self._targets = ((_MEAN_FACE + _PADDING) / (1.0 + 2.0 * _PADDING) * self._size).astype(np.float32)

    @property
    def manifest(self) -> Manifest:
        return self.engine.manifest

    @property
    def model(self) -> ModelId:
        return self.manifest.model_id

    @property
    def engines(self) -> Sequence[Engine]:
        return (self.engine,)

    def embed(self, image: Image, landmarks: Landmarks) -> Embedding:
        """Template of one face of a uint8 (H, W, 3) BGR picture. Raises NoFace for a collapsed mesh."""
        chip = self.align(image, landmarks)
        vector = self._unit(chip)
        if self.mirror:
            vector = _normalized(vector + self._unit(np.ascontiguousarray(chip[:, ::-1])))
        return Embedding(vector=vector, model=self.model)

    def glance(self, image: Image, landmarks: Landmarks, mirrored: bool) -> Embedding:
        """`embed` with one run: of the face, or of its mirror image where both count. Raises NoFace."""
        chip = self.align(image, landmarks)
        if mirrored and self.mirror:
            chip = np.ascontiguousarray(chip[:, ::-1])
        return Embedding(vector=self._unit(chip), model=self.model)

    def align(self, image: Image, landmarks: Landmarks) -> Image:
        """The chip the network sees: uint8 (H, W, 3) RGB, upright. Raises NoFace for a collapsed mesh."""
        try:
            matrix = similarity(landmarks.points[list(_CORNERS), :2], self._targets)
        except ValueError as error:
            raise NoFace(f"no face to align: {error}; take another picture") from None
        chip = warp(image, matrix, self._size)
        return np.asarray(cv2.cvtColor(chip, cv2.COLOR_BGR2RGB, dst=chip), np.uint8)

    def _unit(self, chip: Image) -> NDArray[np.float32]:
        return _normalized(self.engine.infer(chip)[0].reshape(-1))


def _normalized(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
