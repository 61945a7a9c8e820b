"""How well attacks are told from living people, in the terms of ISO/IEC 30107-3.

APCER: the share of attack presentations taken for alive (attack presentation classification error rate), of
one type of attack at a time. BPCER: the share of living people's presentations refused (bona fide …). Scores
are of any one scale on which higher means more alive; a face with a score at or above the threshold is taken
for alive. What could not be scored has the score -inf: it is refused at every threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating[Any]]
"""(N,), at least one, no NaN."""

CONFIDENCE = 0.95
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Interval:
    """Between which rates, 0..1, the true one lies with the confidence asked for."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class TradeOff:
    """Both error rates at every threshold that matters (detection error trade-off).

    thresholds, apcer, bpcer: float64 (K,), thresholds rising: APCER falls from 1, BPCER rises to 1.
    """

    thresholds: NDArray[np.float64]
    apcer: NDArray[np.float64]
    bpcer: NDArray[np.float64]


def apcer(attacks: Scores, threshold: float) -> float:
    """Share of attacks taken for alive."""
    return float(np.mean(attacks >= threshold))


def bpcer(live: Scores, threshold: float) -> float:
    """Share of living people refused."""
    return float(np.mean(live < threshold))


def acer(live: Scores, attacks: Scores, threshold: float) -> float:
    """The mean of APCER and BPCER."""
    return (apcer(attacks, threshold) + bpcer(live, threshold)) / 2


def auc(live: Scores, attacks: Scores) -> float:
    """Chance that a random living score lies above a random attack's; ties count half."""
    ordered = np.sort(attacks)
    below, up_to = (np.searchsorted(ordered, live, side) for side in ("left", "right"))
    return float(np.mean(below + up_to) / (2 * len(attacks)))


def threshold_at_bpcer(live: Scores, allowed: float) -> float:
    """The highest threshold at which the share refused is at most `allowed`, 0 <= allowed < 1."""
    return float(np.sort(live)[math.floor(allowed * len(live) + 1e-9)])


def apcer_at_bpcer(live: Scores, attacks: Scores, allowed: float) -> float:
    """APCER at the threshold that these living people themselves set; see `threshold_at_bpcer`."""
    return apcer(attacks, threshold_at_bpcer(live, allowed))


def trade_off(live: Scores, attacks: Scores) -> TradeOff:
    """The error rates at each score that occurs, and above the highest."""
    scores = np.unique(np.concatenate([live, attacks]).astype(np.float64))
    thresholds = np.append(scores, np.inf)
    passed = len(attacks) - np.searchsorted(np.sort(attacks), thresholds)
    refused = np.searchsorted(np.sort(live), thresholds)
    return TradeOff(thresholds, passed / len(attacks), refused / len(live))


def equal_error_rate(live: Scores, attacks: Scores) -> float:
    """Where APCER and BPCER are closest, their mean."""
    found = trade_off(live, attacks)
    i = int(np.argmin(np.abs(found.apcer - found.bpcer)))
    return float(found.apcer[i] + found.bpcer[i]) / 2


def interval(errors: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The exact binomial interval of an error rate.

    It takes the trials for independent; frames of one person before one camera are not, so that the true
    uncertainty is larger. Raises ValueError unless 0 <= errors <= trials and trials > 0.
    Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), 404-413.
    """
    if not 0 <= errors <= trials or trials <= 0:
        raise ValueError(f"{errors} errors in {trials} trials are not possible")
    tail = (1.0 - confidence) / 2
    low = 0.0 if errors == 0 else 1.0 - _upper(trials - errors, trials, tail)
    high = 1.0 if errors == trials else _upper(errors, trials, tail)
    return Interval(low, high)


def _upper(errors: int, trials: int, tail: float) -> float:
    """The rate at which as few as `errors` (< trials) have the probability `tail`, by bisection."""
    counts = np.arange(errors + 1)
    # Logarithms of n! by cumulation, so that large numbers neither overflow nor lose digits.
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    ways = factorials[trials] - factorials[counts] - factorials[trials - counts]
    low, high = errors / trials, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle >= 1.0:
            break
        chance = np.exp(ways + counts * math.log(middle) + (trials - counts) * math.log1p(-middle)).sum()
        low, high = (middle, high) if chance > tail else (low, middle)
    return (low + high) / 2
