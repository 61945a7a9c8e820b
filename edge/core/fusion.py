"""One template from several of the same person: faces that were enrolled, or frames of a track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Vector

LEAST_WEIGHT = 0.05
"""Even the poorest picture says something; a weight of zero would leave nothing when it is the only one."""


def fuse(vectors: NDArray[np.float32], weights: NDArray[np.float32]) -> Vector:
    """The weighted mean direction of templates of one model and one person.

    vectors: float32 (N, D), norm 1, N >= 1. weights: float32 (N,), quality 0..1. Returns float32 (D,) of
    norm 1; zeros, which match nobody, where the templates cancel out or hold what is not a number.
    """
    mean = np.maximum(weights, LEAST_WEIGHT).astype(np.float32) @ vectors
    norm = float(np.linalg.norm(mean))
    if not np.isfinite(norm) or norm < 1e-6:
        return np.zeros(vectors.shape[1], np.float32)
    return np.asarray(mean / norm, np.float32)
