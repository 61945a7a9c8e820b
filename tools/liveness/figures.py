"""Error rates: how often attacks pass (APCER) and people are refused (BPCER)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Row:
    """One source, scored by a network that never saw it.

    own: APCER at BPCER 5 %, with a threshold of the source's own.
    """

    source: str
    live: int
    attacks: int
    auc: float
    own: float
    apcer: float
    bpcer: float


def auc(live: Scores, attacks: Scores) -> float:
    """Chance that a random live score lies above a random attack's; ties count half."""
    above = live[:, None] > attacks[None]
    return float(above.mean() + 0.5 * (live[:, None] == attacks[None]).mean())


def apcer(attacks: Scores, threshold: float) -> float:
    """Share of attacks taken for alive."""
    return float((attacks >= threshold).mean())


def bpcer(live: Scores, threshold: float) -> float:
    """Share of living people refused."""
    return float((live < threshold).mean())


def row(source: str, live: Scores, attacks: Scores, threshold: float) -> Row:
    own = apcer(attacks, float(np.quantile(live, 0.05)))
    return Row(
        source,
        len(live),
        len(attacks),
        auc(live, attacks),
        own,
        apcer(attacks, threshold),
        bpcer(live, threshold),
    )


def common_threshold(scores: Mapping[str, tuple[Scores, Scores]]) -> float:
    """The threshold with the least mean of APCER and BPCER, each source counting the same.

    scores: by source, (live, attacks).
    """
    everything = np.unique(np.concatenate([np.concatenate(pair) for pair in scores.values()]))
    candidates = (everything[1:] + everything[:-1]) / 2
    errors = [
        np.mean([apcer(attacks, t) + bpcer(live, t) for live, attacks in scores.values()]) for t in candidates
    ]
    best = np.flatnonzero(np.array(errors) <= np.min(errors) + 1e-9)
    return float(candidates[best[len(best) // 2]])


def logistic(logit: float) -> float:
    """The probability that a logit stands for."""
    return float(1 / (1 + np.exp(-logit)))
