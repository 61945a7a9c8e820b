"""How well similarity scores tell same from different people: accuracy, equal error rate, TAR at FAR."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
FOLDS = 10
FALSE_ACCEPT_RATES = (1e-2, 1e-3)


@dataclass(frozen=True, slots=True)
class Verification:
    """Rates are shares, 0..1. accuracy: mean over folds, each with the threshold that is best on the
    others. tar_at_far: (false accept rate, share of same pairs accepted at it)."""

    pairs_same: int
    pairs_different: int
    accuracy: float
    accuracy_deviation: float
    eer: float
    tar_at_far: tuple[tuple[float, float], ...]


def verify(same: Scores, different: Scores) -> Verification:
    """Judge scores of pairs, higher meaning more alike. Needs at least one pair a fold of each kind.

    same, different: float64 (N,), (M,): scores of pairs of one person and of two. Raises ValueError.
    """
    if min(len(same), len(different)) < FOLDS:
        raise ValueError(
            f"{len(same)} same and {len(different)} different pairs; at least {FOLDS} of each are needed"
        )
    accuracies = fold_accuracies(same, different)
    return Verification(
        pairs_same=len(same),
        pairs_different=len(different),
        accuracy=float(np.mean(accuracies)),
        accuracy_deviation=float(np.std(accuracies)),
        eer=equal_error_rate(same, different),
        tar_at_far=tuple((far, true_accept_rate(same, different, far)) for far in FALSE_ACCEPT_RATES),
    )


def fold_accuracies(same: Scores, different: Scores) -> Scores:
    """The accuracy of each fold at the threshold chosen on the other nine: float64 (10,).

    Pair i of its kind is of fold i mod 10, so that each fold has its share of both kinds.
    """
    same_fold, different_fold = np.arange(len(same)) % FOLDS, np.arange(len(different)) % FOLDS
    accuracies = []
    for fold in range(FOLDS):
        threshold = best_threshold(same[same_fold != fold], different[different_fold != fold])
        own_same, own_different = same[same_fold == fold], different[different_fold == fold]
        right = np.count_nonzero(own_same >= threshold) + np.count_nonzero(own_different < threshold)
        accuracies.append(right / (len(own_same) + len(own_different)))
    return np.array(accuracies)


def best_threshold(same: Scores, different: Scores) -> float:
    """The threshold with the fewest errors, halfway between the two scores that it separates."""
    scores = np.unique(np.concatenate([same, different]))
    cuts = np.concatenate([[scores[0] - 1.0], (scores[:-1] + scores[1:]) / 2, [scores[-1] + 1.0]])
    rejected = np.searchsorted(np.sort(same), cuts)
    accepted = len(different) - np.searchsorted(np.sort(different), cuts)
    return float(cuts[np.argmin(rejected + accepted)])


def equal_error_rate(same: Scores, different: Scores) -> float:
    """Where as large a share of same pairs is rejected as of different pairs accepted."""
    scores = np.unique(np.concatenate([same, different]))
    rejects = np.searchsorted(np.sort(same), scores) / len(same)
    accepts = 1.0 - np.searchsorted(np.sort(different), scores) / len(different)
    i = int(np.argmin(np.abs(rejects - accepts)))
    return float((rejects[i] + accepts[i]) / 2)


def true_accept_rate(same: Scores, different: Scores, far: float) -> float:
    """The share of same pairs above the lowest threshold that accepts at most `far` of the others."""
    allowed = math.floor(far * len(different) + 1e-9)
    threshold = np.sort(different)[::-1][min(allowed, len(different) - 1)]
    return float(np.count_nonzero(same > threshold) / len(same))
