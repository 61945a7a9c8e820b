"""Error rates: how often attacks pass (APCER) and people are refused (BPCER)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]

ALLOWED = 0.10
"""Mean share of attacks that may pass, on a single frame, where the threshold is set."""


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


def common_threshold(scores: Mapping[str, tuple[Scores, Scores]], allowed: float = ALLOWED) -> float:
    """The least threshold with a mean APCER of at most `allowed`, each source counting the same.

    scores: by source, (live, attacks). With 0.10 the matching BPCER is what ISO/IEC 30107-3 reports
    call BPCER10.
    """
    everything = np.unique(np.concatenate([np.concatenate(pair) for pair in scores.values()]))
    candidates = np.append((everything[1:] + everything[:-1]) / 2, everything[-1] + 1e-3)
    passed = [np.mean([apcer(attacks, t) for _, attacks in scores.values()]) for t in candidates]
    return float(candidates[np.argmax(np.array(passed) <= allowed + 1e-9)])


def transferred(scores: Mapping[str, tuple[Scores, Scores]]) -> tuple[float, float]:
    """Mean APCER and BPCER of each source at the threshold that the others alone set."""
    rates = []
    for source, (live, attacks) in scores.items():
        threshold = common_threshold({name: pair for name, pair in scores.items() if name != source})
        rates.append((apcer(attacks, threshold), bpcer(live, threshold)))
    passed, refused = np.mean(rates, axis=0)
    return float(passed), float(refused)


def logistic(logit: float) -> float:
    """The probability that a logit stands for."""
    return float(1 / (1 + np.exp(-logit)))
