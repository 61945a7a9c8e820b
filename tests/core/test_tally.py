"""Counted similarities give the same rates as the similarities themselves."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.tally import (
    STEPS,
    equal_error_rate,
    error_rates,
    share_from,
    similarity_of,
    step_of,
    tally_scores,
    tally_templates,
    threshold_at,
)

STEP = 2.0 / STEPS
# Similarities in the middle of a step, so that rounding decides nothing.
middles = st.integers(0, STEPS - 1).map(lambda step: -1.0 + (step + 0.5) * STEP)
scores = st.lists(middles, min_size=1, max_size=60).map(lambda x: np.array(x, np.float64))


def templates(people: list[int], seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(max(people) + 1, 16))
    vectors = centers[people] + 0.5 * rng.normal(size=(len(people), 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@given(
    people=st.lists(st.integers(0, 6), min_size=2, max_size=40),
    missing=st.sets(st.integers(0, 39)),
    seed=st.integers(0, 9),
)
def test_all_pairs_are_counted_once(people: list[int], missing: set[int], seed: int) -> None:
    vectors = templates(people, seed)
    found = np.array([i not in missing for i in range(len(people))])
    tally = tally_templates(vectors, np.array(people), found)
    same, different = [], []
    for i, j in combinations(range(len(people)), 2):
        similarity = float(vectors[i] @ vectors[j]) if found[i] and found[j] else np.nan
        (same if people[i] == people[j] else different).append(similarity)
    assert (tally.pairs_same, tally.pairs_different) == (len(same), len(different))
    for counts, similarities in ((tally.same, same), (tally.different, different)):
        if not similarities:
            continue
        for threshold in (-1.0, -0.3, 0.2, 0.7):
            low, high = (np.mean(np.array(similarities) >= threshold + by) for by in (2 * STEP, -2 * STEP))
            assert low <= share_from(counts, threshold) <= high


def test_more_pictures_than_fit_in_one_block_are_all_compared() -> None:
    people = [i // 3 for i in range(700)]
    tally = tally_templates(templates(people), np.array(people), np.ones(700, bool))
    assert (tally.pairs_same, tally.pairs_different) == (699, 700 * 699 // 2 - 699)
    vectors = templates(people)
    similarities = (vectors @ vectors.T)[np.triu_indices(700, 1)]
    total = (tally.same + tally.different)[step_of(np.array([0.5]))[0] :].sum()
    assert total == pytest.approx(np.count_nonzero(similarities >= 0.5), abs=3)


@given(same=scores, different=scores, far=st.floats(1e-3, 1.0))
def test_threshold_is_the_lowest_that_accepts_no_more_than_allowed(
    same: np.ndarray, different: np.ndarray, far: float
) -> None:
    allowed = int(far * len(different) + 1e-9)
    threshold = threshold_at(tally_scores(same, different), far)
    if allowed < 1:
        assert threshold is None
        return
    assert threshold is not None
    assert np.count_nonzero(different >= threshold) <= allowed
    if threshold > -1.0:
        assert np.count_nonzero(different >= threshold - STEP) > allowed


@given(same=scores, threshold=middles)
def test_a_share_is_that_of_the_scores_at_or_above(same: np.ndarray, threshold: float) -> None:
    edge = similarity_of(int(step_of(np.array([threshold]))[0]))
    assert share_from(tally_scores(same, same).same, edge) == pytest.approx(np.mean(same >= edge))


@given(same=scores, different=scores)
def test_equal_error_rate_is_that_of_the_best_balanced_threshold(
    same: np.ndarray, different: np.ndarray
) -> None:
    cuts = np.unique(np.concatenate([same, different, [2.0]]))
    gaps = [abs(np.mean(same < cut) - np.mean(different >= cut)) for cut in cuts]
    rate = equal_error_rate(tally_scores(same, different))
    rates = [
        (np.mean(same < cut) + np.mean(different >= cut)) / 2
        for cut, gap in zip(cuts, gaps, strict=True)
        if gap <= min(gaps) + 1e-12
    ]
    assert any(rate == pytest.approx(one) for one in rates)


def test_pairs_without_a_face_match_at_no_threshold() -> None:
    tally = tally_scores(np.array([0.5, np.nan]), np.array([np.nan, np.nan, 0.1, -1.0]))
    assert (tally.pairs_same, tally.pairs_different) == (2, 4)
    assert share_from(tally.same, -1.0) == 0.5
    assert share_from(tally.different, -1.0) == 0.5


def test_similarities_outside_the_scale_by_rounding_are_counted_at_its_ends() -> None:
    assert step_of(np.array([-1.0000001, 1.0, 1.0000001])).tolist() == [1, STEPS, STEPS]
    assert share_from(tally_scores(np.ones(3), np.zeros(1)).same, 1.0 - 2 * STEP) == 1.0


def test_error_rates_run_from_accepting_all_to_rejecting_all() -> None:
    rejects, accepts = error_rates(tally_scores(np.array([0.2, 0.4]), np.array([0.1])))
    assert (rejects[0], accepts[0]) == (0.0, 1.0)
    assert (rejects[-1], accepts[-1]) == (1.0, 0.0)
    assert np.all(np.diff(rejects) >= 0)
    assert np.all(np.diff(accepts) <= 0)
