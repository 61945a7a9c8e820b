"""How well similarities tell same from different people: accuracy, equal error rate, TAR at FAR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.score import ScoreScale, rate_of
from edge.core.tally import (
    Tally,
    blocks,
    reaching,
    share_from,
    similarity_of,
    step_of,
    tally_templates,
    threshold_at,
)

Scores = NDArray[np.float64]
FOLDS = 10
FALSE_ACCEPT_RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
SCORES = (40.0, 50.0, 60.0)
_RESAMPLES = 1000
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """At a false accept rate: the least similarity that keeps it and the share of same pairs that reach
    that. Both are None where there are too few pairs of different people to tell."""

    far: float
    similarity: float | None
    tar: float | None


@dataclass(frozen=True, slots=True)
class ScoreCheck:
    """The share of pairs of different people that reach a score; None where there are too few to tell."""

    score: float
    far: float | None


def operating_points(tally: Tally) -> tuple[OperatingPoint, ...]:
    """At every rate of FALSE_ACCEPT_RATES. Needs at least one same pair."""
    points = []
    for far in FALSE_ACCEPT_RATES:
        similarity = threshold_at(tally, far)
        tar = None if similarity is None else share_from(tally.same, similarity)
        points.append(OperatingPoint(far, similarity, tar))
    return tuple(points)


def check_scores(tally: Tally, scale: ScoreScale) -> tuple[ScoreCheck, ...]:
    """What the scores, which stand for false accept rates, come to on these pairs."""
    return tuple(
        ScoreCheck(
            score,
            share_from(tally.different, scale.similarity(score))
            if rate_of(score) * tally.pairs_different >= 1.0
            else None,
        )
        for score in SCORES
    )


def fold_accuracies(same: Scores, different: Scores) -> Scores:
    """The accuracy of each of ten folds at the threshold chosen on the other nine: float64 (10,).

    same, different: (N,), (M,), at least ten each, or ValueError; what is not a number matches never.
    Pair i of its kind is of fold i mod 10, so that each fold has its share of both kinds.
    """
    if min(len(same), len(different)) < FOLDS:
        raise ValueError(
            f"{len(same)} same and {len(different)} different pairs; at least {FOLDS} of each are needed"
        )
    same_fold, different_fold = np.arange(len(same)) % FOLDS, np.arange(len(different)) % FOLDS
    accuracies = []
    for fold in range(FOLDS):
        threshold = best_threshold(same[same_fold != fold], different[different_fold != fold])
        own_same, own_different = same[same_fold == fold], different[different_fold == fold]
        right = np.count_nonzero(own_same >= threshold) + np.count_nonzero(~(own_different >= threshold))
        accuracies.append(right / (len(own_same) + len(own_different)))
    return np.array(accuracies)


def best_threshold(same: Scores, different: Scores) -> float:
    """The threshold with the fewest errors, halfway between the two scores that it separates."""
    same, different = same[np.isfinite(same)], different[np.isfinite(different)]
    scores = np.unique(np.concatenate([same, different]))
    if not len(scores):
        return float("inf")
    cuts = np.concatenate([[scores[0] - 1.0], (scores[:-1] + scores[1:]) / 2, [scores[-1] + 1.0]])
    rejected = np.searchsorted(np.sort(same), cuts)
    accepted = len(different) - np.searchsorted(np.sort(different), cuts)
    return float(cuts[np.argmin(rejected + accepted)])


def people_fold_accuracies(
    vectors: NDArray[np.float32], people: NDArray[np.intp], found: NDArray[np.bool_]
) -> Scores | None:
    """The same for all pairs of labeled pictures: float64 (10,), None for too few people.

    The people are dealt to ten folds and only pairs within a fold count, so that nobody who is judged
    helped to choose the threshold. Same and different pairs weigh the same, however many there are.
    Arguments as of `tally_templates`.
    """
    folds = _dealt(people)[people]
    parts = [
        tally_templates(vectors[folds == i], people[folds == i], found[folds == i]) for i in range(FOLDS)
    ]
    if any(not part.pairs_same or not part.pairs_different for part in parts):
        return None
    same, different = sum(part.same for part in parts), sum(part.different for part in parts)
    accuracies = []
    for part in parts:
        others = Tally(same - part.same, different - part.different)
        threshold = similarity_of(_balanced_step(others))
        rejected = 1.0 - share_from(part.different, threshold)
        accuracies.append((share_from(part.same, threshold) + rejected) / 2)
    return np.array(accuracies)


def tar_intervals(
    vectors: NDArray[np.float32], people: NDArray[np.intp], found: NDArray[np.bool_], thresholds: list[float]
) -> list[tuple[float, float]]:
    """Between which shares the TAR at each threshold lies with 95 % confidence, were other people chosen.

    A bootstrap over the people; the threshold stays. Arguments as of `tally_templates`; needs one same pair.
    """
    of_one = np.bincount(people)
    several = np.flatnonzero(of_one > 1)
    least = step_of(np.array(thresholds, np.float32))
    accepted = np.zeros((len(several), len(thresholds)))
    for row, person in enumerate(several):
        mine = (people == person) & found
        for steps, _, _ in blocks(vectors[mine], people[mine]):
            accepted[row] += [np.count_nonzero(steps >= step) for step in least]
    pairs = of_one[several] * (of_one[several] - 1) / 2
    drawn = np.random.default_rng(0).multinomial(
        len(several), np.full(len(several), 1 / len(several)), _RESAMPLES
    )
    low, high = np.percentile((drawn @ accepted) / (drawn @ pairs)[:, np.newaxis], _INTERVAL, axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _dealt(people: NDArray[np.intp]) -> NDArray[np.intp]:
    """The fold of each person; those with several pictures are dealt first."""
    of_one = np.bincount(people)
    order = np.argsort(of_one < 2, kind="stable")
    folds = np.empty(len(of_one), np.intp)
    folds[order] = np.arange(len(of_one)) % FOLDS
    return folds


def _balanced_step(tally: Tally) -> int:
    """Where same pairs reached and different ones not reached are most; the middle where many are equal."""
    gain = reaching(tally.same)[1:] / tally.pairs_same - reaching(tally.different)[1:] / tally.pairs_different
    first = int(np.argmax(gain))
    return first + int(np.argmax(np.append(gain[first:] < gain[first], True))) // 2 + 1
