from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.verification import best_threshold, equal_error_rate, fold_accuracies, true_accept_rate, verify

scores = st.lists(st.floats(-1, 1, width=32), min_size=10, max_size=60).map(lambda x: np.array(x, np.float64))


def test_separable_scores_are_told_apart_without_error() -> None:
    found = verify(np.linspace(0.6, 0.9, 50), np.linspace(-0.2, 0.5, 70))
    assert found.accuracy == 1.0
    assert found.eer == 0.0
    assert dict(found.tar_at_far) == {1e-2: 1.0, 1e-3: 1.0}
    assert (found.pairs_same, found.pairs_different) == (50, 70)


def test_scores_that_say_nothing_are_right_half_of_the_time() -> None:
    same = np.zeros(100)
    assert verify(same, same).accuracy == 0.5
    assert verify(same, same).eer == 0.5


def test_threshold_comes_from_the_other_folds() -> None:
    """One fold's same pairs all score low: the other nine cannot know, and that fold gets them wrong."""
    same, different = np.full(100, 0.9), np.full(100, 0.1)
    same[::10] = 0.0
    accuracies = fold_accuracies(same, different)
    assert accuracies[0] == 0.5
    assert np.all(accuracies[1:] == 1.0)


def test_tar_counts_no_more_false_accepts_than_allowed() -> None:
    different = np.arange(1000) / 1000
    same = np.array([0.9885, 0.9895, 0.9985, 0.9995])
    assert true_accept_rate(same, different, 1e-2) == 0.75
    assert true_accept_rate(same, different, 1e-3) == 0.5


def test_best_threshold_lies_between_the_classes() -> None:
    assert best_threshold(np.array([0.8, 0.7]), np.array([0.1, 0.3])) == pytest.approx(0.5)


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="9 same and 10 different"):
        verify(np.zeros(9), np.zeros(10))


@given(same=scores, different=scores)
def test_rates_are_shares_and_a_lower_far_never_accepts_more(same: np.ndarray, different: np.ndarray) -> None:
    found = verify(same, different)
    rates = [found.accuracy, found.eer, *(tar for _, tar in found.tar_at_far)]
    assert all(0.0 <= rate <= 1.0 for rate in rates)
    assert found.tar_at_far[0][1] >= found.tar_at_far[1][1]


def test_equal_error_rate_is_where_both_errors_meet() -> None:
    same = np.array([0.2, *np.linspace(0.6, 0.9, 9)])
    different = np.array([*np.linspace(0.0, 0.15, 9), 0.5])
    assert equal_error_rate(same, different) == pytest.approx(0.1)


@given(same=scores, different=scores)
def test_no_threshold_beats_the_best_one(same: np.ndarray, different: np.ndarray) -> None:
    def errors(threshold: float) -> int:
        return int(np.count_nonzero(same < threshold) + np.count_nonzero(different >= threshold))

    least = errors(best_threshold(same, different))
    assert all(least <= errors(cut) for cut in [*same, *different, 2.0])
