"""Whether the face of a track became another one while it was followed.

A living face shown first must not lend its life to a picture held before it, nor the other way round. The
tracker follows what overlaps; the templates say whose face it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.core.face import Vector
from edge.core.suspicion import Suspicion

ALIKE_FAR = 1e-3
"""Frames of two people are taken for one face this often; two of one face in a track hardly ever fail it."""
RUN = 2
"""So many frames in a row must differ from those before: one may be blurred or half hidden."""
_MOST = 5
"""So many frames before the change are fused."""


def swapped(vectors: Sequence[Vector], alike: float) -> Suspicion | None:
    """Judge the templates of one track, oldest first.

    vectors: float32 (D,), of norm 1. alike: the cosine that a frame of the same face reaches to those before
    it, fused; the FAR curve's similarity at ALIKE_FAR. At least two frames are needed before a change and
    two after it, which differ from the former and are like each other: what is merely unlike all is no face.
    """
    if len(vectors) < 2 * RUN:
        return None
    stacked = np.stack(vectors)
    cosines = stacked @ stacked.T
    for change in range(RUN, len(vectors) - RUN + 1):
        before, after = slice(max(0, change - _MOST), change), slice(change, change + RUN)
        fused = max(float(cosines[before, before].sum()), 1e-12) ** 0.5
        like_before = cosines[before, after].sum(axis=0) / fused
        if like_before.max() < alike <= cosines[after, after].min():
            return Suspicion.FACE_SWAP
    return None
