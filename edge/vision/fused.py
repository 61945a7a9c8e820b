"""One template from two networks that err differently."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.face import Embedding, Landmarks, ModelId, Vector
from edge.core.frame import Image
from edge.errors import ModelMismatch
from edge.vision.embedder import FaceEmbedder
from edge.vision.engine import Engine, read_checked
from edge.vision.geometry import warp
from edge.vision.manifest import Manifest
from edge.vision.upright import upright_square

Floats = NDArray[np.float32]

BOTH = (0, 1)
"""The sides a face is looked at from: as it is, and its mirror image."""
_SHARES = ("offsets", "shared", "lead", "matrix")
_CURE = "reinstall or run tools/build_models"


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """How the two networks' answers become one vector.

    offsets: float32 (2, N), the share of the average face that is taken off the second network's features,
    for the face and for its mirror image. weight: of the second network, where the first has 1. shared:
    float32 (M + N,), norm 1, the direction that all faces share. lead: float32 (D,), what becomes of it.
    matrix: float32 (D, M + N), where the rest goes: at right angles to `lead`.
    """

    offsets: Floats
    weight: float
    shared: Floats
    lead: Floats
    matrix: Floats

    def __call__(self, first: Floats, second: Floats, sides: tuple[int, ...] = BOTH) -> Vector:
        """first: float32 (M,), norm 1. second: float32 (len(sides), N), rows of norm 1; sides: which of the
        two sides each is. Gives float32 (D,), norm 1."""
        centered = second - self.offsets[list(sides)]
        features = _normalized(np.sum([_normalized(row) for row in centered], axis=0))
        joined = _normalized(np.concatenate([first, self.weight * features]))
        along = float(self.shared @ joined)
        # The rest keeps its length: what the projection drops is more in a face it was not fitted to, and
        # such faces would all look more alike than the curve says.
        rest = _normalized(self.matrix @ joined) * np.float32(math.sqrt(max(0.0, 1.0 - along * along)))
        return _normalized(along * self.lead + rest)


def load_projection(manifest: Manifest) -> Projection:
    """Read the manifest's file. Raises ModelMissing, ModelDigestMismatch, ModelMismatch."""
    content = read_checked(manifest)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            found = {name: np.asarray(arrays[name], np.float32) for name in _SHARES}
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ModelMismatch(f"{manifest.file} is no projection: {error}; {_CURE}") from None
    to, of = manifest.outputs[0].shape[-1], manifest.input.shape[-1]
    for name, array in found.items():
        wanted = {"shared": (of,), "lead": (to,), "matrix": (to, of)}.get(name, (2, array.shape[-1]))
        if array.shape != wanted:
            raise ModelMismatch(f"{name} in {manifest.file} is {array.shape}, not {wanted}; {_CURE}")
    return Projection(weight=manifest.parameter("weight"), **found)


class FusedEmbedder:
    """Two networks on four crops of a face, projected to one template. Implements `Embedder`; one thread.

    The first sees a chip aligned by five points and its mirror image; the second an upright square and,
    wider, the mirror image of one.
    """

    def __init__(self, first: Engine, second: Engine, manifest: Manifest, projection: Projection) -> None:
        self.manifest = manifest
        self._first = FaceEmbedder(first, mirror=True)
        self._second = second
        self._projection = projection
        self._scales = (manifest.parameter("crop"), manifest.parameter("crop_mirrored"))
        self._power = manifest.parameter("power")

    @property
    def model(self) -> ModelId:
        return self.manifest.model_id

    @property
    def engines(self) -> Sequence[Engine]:
        return (*self._first.engines, self._second)

    def embed(self, image: Image, landmarks: Landmarks) -> Embedding:
        """Template of one face of a uint8 (H, W, 3) BGR picture. Raises NoFace for a collapsed mesh."""
        return Embedding(vector=self._projection(*self.features(image, landmarks)), model=self.model)

    def glance(self, image: Image, landmarks: Landmarks, mirrored: bool) -> Embedding:
        """`embed` from one side only: in half the time, a little less like the same face's templates, and not
        more often like another's. Raises NoFace for a collapsed mesh."""
        first = self._first.glance(image, landmarks, mirrored).vector
        sides = (int(mirrored),)
        second = self._crops(image, landmarks, sides)
        return Embedding(vector=self._projection(first, second, sides), model=self.model)

    def features(self, image: Image, landmarks: Landmarks) -> tuple[Floats, Floats]:
        """What is projected: float32 (M,) of the first network and float32 (2, N) of the second, of norm 1.

        Raises NoFace for a collapsed mesh.
        """
        return self._first.embed(image, landmarks).vector, self._crops(image, landmarks, BOTH)

    def _crops(self, image: Image, landmarks: Landmarks, sides: tuple[int, ...]) -> Floats:
        """What the second network says: float32 (len(sides), N)."""
        size = self._second.manifest.input.size_wh[0]
        seen = []
        for side in sides:
            crop = warp(image, upright_square(landmarks, self._scales[side], size), size)
            seen.append(self._look(np.asarray(cv2.flip(crop, 1), np.uint8) if side else crop))
        return np.stack(seen)

    def _look(self, crop: Image) -> Floats:
        # A few of the features are large in every face; a small power gives the others their say.
        return _normalized(np.power(np.maximum(self._second.infer(crop)[0].reshape(-1), 0.0), self._power))


def _normalized(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
