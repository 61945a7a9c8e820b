"""One template from several of the same person: faces that were enrolled, or frames of a track.

The mean of several templates has less noise than each of them, so that its direction is nearer to everybody:
to the person, and to strangers. On 1,872 people, with four kinds of embeddings, the mean direction of two to
five pictures was reached by 1.5 to 12 times as many strangers as the curve of single pictures says for a
rate of 1e-3, and by up to 25 times as many for 1e-5. The mean itself, whose length tells how much the
pictures agree, was reached by too few. Its length to the power of 0.75 keeps thresholds and scores what they
say they are: 0.6 to 1.1 times the rate at 1e-3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Vector

LEAST_WEIGHT = 0.05
"""Even the poorest picture says something; a weight of zero would leave nothing when it is the only one."""
_LENGTH_POWER = 0.75


def fuse(vectors: NDArray[np.float32], weights: NDArray[np.float32]) -> Vector:
    """The weighted mean of templates of one model and one person, to be compared like one of them.

    vectors: float32 (N, D), norm 1, N >= 1. weights: float32 (N,), quality 0..1. Returns float32 (D,) whose
    dot product with a template is what the curve of single pictures judges: of norm 1 where all are the same,
    shorter the more they differ; zeros, which match nobody, where the templates cancel out or hold what is
    not a number.
    """
    shares = np.maximum(weights, LEAST_WEIGHT).astype(np.float32)
    mean = (shares / shares.sum()) @ vectors
    length = float(np.linalg.norm(mean))
    if not np.isfinite(length) or length < 1e-6:
        return np.zeros(vectors.shape[1], np.float32)
    return np.asarray(mean * length ** (_LENGTH_POWER - 1.0), np.float32)
