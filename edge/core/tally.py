"""Similarities of millions of pairs, counted instead of kept: every rate at every threshold in 4 MB."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Similarities = NDArray[np.float32] | NDArray[np.float64]

STEPS = 1 << 18
"""Steps from cosine -1 to 1: one is 0.0000076, which moves a false accept rate by less than 1 %."""
_NEVER = 0
"""Where pairs are counted that match at no threshold, because a face was not found."""
_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """How many pairs of one person and of two have which similarity.

    same, different: int64 (STEPS + 1,); [0] counts pairs that never match, [1 + k] those whose cosine
    lies in step k.
    """

    same: Counts
    different: Counts

    @property
    def pairs_same(self) -> int:
        return int(self.same.sum())

    @property
    def pairs_different(self) -> int:
        return int(self.different.sum())


def tally_scores(same: Similarities, different: Similarities) -> Tally:
    """Count listed similarities, cosine; what is not a number matches never. (N,), (M,)."""
    return Tally(_counted(same), _counted(different))


def tally_templates(
    vectors: NDArray[np.float32], people: NDArray[np.intp], found: NDArray[np.bool_]
) -> Tally:
    """Compare every picture with every other.

    vectors: float32 (N, D), rows of norm 1. people: (N,), a number for each person. found: bool (N,), False
    where a picture showed no face, whose row is not looked at: its pairs match never.
    """
    same, different = np.zeros(STEPS + 1, np.int64), np.zeros(STEPS + 1, np.int64)
    for steps, rows, columns in blocks(vectors[found], people[found]):
        is_same = rows == columns
        of_same = np.bincount(steps[is_same], minlength=STEPS + 1)
        same += of_same
        different += np.bincount(steps.ravel(), minlength=STEPS + 1) - of_same
    of_one = np.bincount(people)
    all_same = int((of_one * (of_one - 1) // 2).sum())
    all_pairs = len(people) * (len(people) - 1) // 2
    same[_NEVER] = all_same - same.sum()
    different[_NEVER] = all_pairs - all_same - different.sum()
    return Tally(same, different)


def blocks(
    vectors: NDArray[np.float32], people: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]:
    """Every pair of rows once, a bounded number at a time.

    Yields the step of each similarity, and both people's numbers, in shapes that broadcast to it.
    """
    for start in range(0, len(vectors), _BLOCK):
        end = min(start + _BLOCK, len(vectors))
        block = vectors[start:end]
        rows, columns = np.triu_indices(end - start, 1)
        yield step_of((block @ block.T)[rows, columns]), people[start:end][rows], people[start:end][columns]
        if end < len(vectors):
            yield step_of(block @ vectors[end:].T), people[start:end, np.newaxis], people[np.newaxis, end:]


def step_of(similarities: Similarities) -> NDArray[np.intp]:
    """Where in a tally a similarity is counted, 1..STEPS."""
    steps = np.clip((similarities + 1.0) * (STEPS / 2), 0, STEPS - 1)
    return np.asarray(steps.astype(np.intp) + 1)


def similarity_of(step: int) -> float:
    """The least similarity that is counted at a step, 1..STEPS; above 1 for STEPS + 1."""
    return -1.0 + (step - 1) * (2.0 / STEPS)


def share_from(counts: Counts, similarity: float) -> float:
    """The share of pairs at or above a similarity, to the step. Needs at least one pair."""
    step = min(max(1, math.ceil((similarity + 1.0) * (STEPS / 2) - 1e-6) + 1), STEPS + 1)
    return float(counts[step:].sum() / counts.sum())


def threshold_at(tally: Tally, far: float) -> float | None:
    """The lowest similarity that at most the share `far` of the pairs of two people reach.

    None when there are too few of these to tell: less than one of them would be accepted.
    """
    allowed = math.floor(far * tally.pairs_different + 1e-9)
    if allowed < 1:
        return None
    return similarity_of(int(np.argmax(reaching(tally.different)[1:] <= allowed)) + 1)


def equal_error_rate(tally: Tally) -> float:
    """Where as large a share of same pairs is rejected as of different pairs accepted."""
    rejects, accepts = error_rates(tally)
    i = int(np.argmin(np.abs(rejects - accepts)))
    return float((rejects[i] + accepts[i]) / 2)


def error_rates(tally: Tally) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The false non-match and the false match rate at every step from 1 on, and above the last."""
    rejects = 1.0 - reaching(tally.same)[1:] / tally.pairs_same
    return rejects, reaching(tally.different)[1:] / tally.pairs_different


def reaching(counts: Counts) -> Counts:
    """How many pairs are at or above each step: int64 (STEPS + 2,), the last one 0."""
    return np.append(counts[::-1].cumsum()[::-1], 0)


def _counted(scores: Similarities) -> Counts:
    known = scores[np.isfinite(scores)]
    counts = np.bincount(step_of(known), minlength=STEPS + 1).astype(np.int64)
    counts[_NEVER] = len(scores) - len(known)
    return counts
