"""How good the answers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BINS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One label. right: share of its pictures called so. called: share right of all that are called so."""

    head: str
    label: str
    pictures: int
    right: float
    called: float


def rows(
    head: str, labels: Sequence[str], chances: NDArray[np.floating], answers: NDArray[np.int64]
) -> list[Row]:
    said = chances.argmax(axis=1)
    made = []
    for k, label in enumerate(labels):
        hits = int(((said == k) & (answers == k)).sum())
        count, calls = int((answers == k).sum()), int((said == k).sum())
        made.append(Row(head, label, count, hits / max(count, 1), hits / max(calls, 1)))
    return made


def balanced(found: Sequence[Row]) -> float:
    """Mean of the labels' shares of right answers; labels without pictures do not count."""
    return float(np.mean([row.right for row in found if row.pictures]))


def calibration_error(chances: NDArray[np.floating], answers: NDArray[np.int64]) -> float:
    """Mean distance between how sure the head is and how often it is right, over ten bins of sureness."""
    sure, right = chances.max(axis=1), chances.argmax(axis=1) == answers
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    return float(
        sum(
            abs(sure[bins == k].mean() - right[bins == k].mean()) * (bins == k).mean()
            for k in np.unique(bins)
        )
    )
