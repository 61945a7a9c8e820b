"""What may be stored as a template or as a quality."""

from __future__ import annotations

import math

import numpy as np

from edge.core.face import Embedding, Vector
from edge.refusals import GalleryError

_NORM_TOLERANCE = 0.01


def check_embedding(embedding: Embedding) -> Vector:
    """The vector as float32 (D,). Raises GalleryError when it cannot be compared: wrong shape, norm not 1."""
    vector = np.asarray(embedding.vector, np.float32)
    if vector.ndim != 1 or not vector.size or not abs(float(np.linalg.norm(vector)) - 1) < _NORM_TOLERANCE:
        raise GalleryError(
            f"a template of {embedding.model} has shape {vector.shape} or a norm that is not 1; "
            "enroll that face again"
        )
    return vector


def check_quality(quality: float) -> None:
    """Raises GalleryError for what is not a number."""
    if not math.isfinite(quality):
        raise GalleryError(f"the quality of a face is {quality}; it must be 0 to 1")
