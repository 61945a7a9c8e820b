from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.calibration import FarCurve
from edge.core.score import ScoreScale
from edge.core.tally import tally_scores
from edge.core.verification import (
    FALSE_ACCEPT_RATES,
    best_threshold,
    check_scores,
    fold_accuracies,
    operating_points,
    people_fold_accuracies,
    tar_intervals,
)

scores = st.lists(st.floats(-1, 1, width=32), min_size=10, max_size=60).map(lambda x: np.array(x, np.float64))


def people(count: int, each: int, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Templates of `each` pictures of so many people, and one of as many others."""
    rng = np.random.default_rng(seed)
    numbers = np.concatenate([np.repeat(np.arange(count), each), np.arange(count, 2 * count)])
    vectors = rng.normal(size=(2 * count, 32))[numbers] + spread * rng.normal(size=(len(numbers), 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), numbers, np.ones(len(numbers), bool)


def test_separable_scores_are_told_apart_without_error() -> None:
    assert fold_accuracies(np.linspace(0.6, 0.9, 50), np.linspace(-0.2, 0.5, 70)).tolist() == [1.0] * 10


def test_scores_that_say_nothing_are_right_half_of_the_time() -> None:
    same = np.zeros(100)
    assert np.mean(fold_accuracies(same, same)) == 0.5


def test_threshold_comes_from_the_other_folds() -> None:
    """One fold's same pairs all score low: the other nine cannot know, and that fold gets them wrong."""
    same, different = np.full(100, 0.9), np.full(100, 0.1)
    same[::10] = 0.0
    accuracies = fold_accuracies(same, different)
    assert accuracies[0] == 0.5
    assert np.all(accuracies[1:] == 1.0)


def test_a_pair_without_a_face_matches_never() -> None:
    nothing = np.full(100, np.nan)
    assert np.mean(fold_accuracies(nothing, np.linspace(-1, 1, 100))) == 0.5
    assert np.mean(fold_accuracies(np.linspace(-1, 1, 100), nothing)) == 1.0
    assert np.mean(fold_accuracies(nothing, nothing)) == 0.5


def test_best_threshold_lies_between_the_classes() -> None:
    assert best_threshold(np.array([0.8, 0.7]), np.array([0.1, 0.3])) == pytest.approx(0.5)


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="9 same and 10 different"):
        fold_accuracies(np.zeros(9), np.zeros(10))


@given(same=scores, different=scores)
def test_no_threshold_beats_the_best_one(same: np.ndarray, different: np.ndarray) -> None:
    def errors(threshold: float) -> int:
        return int(np.count_nonzero(same < threshold) + np.count_nonzero(different >= threshold))

    least = errors(best_threshold(same, different))
    assert all(least <= errors(cut) for cut in [*same, *different, 2.0])


def test_people_far_apart_are_told_apart_in_every_fold() -> None:
    assert np.array_equal(people_fold_accuracies(*people(40, 3, 0.05)), np.ones(10))


def test_pictures_that_say_nothing_are_right_half_of_the_time() -> None:
    accuracies = people_fold_accuracies(*people(100, 2, 100.0))
    assert np.mean(accuracies) == pytest.approx(0.5, abs=0.06)


def test_accuracy_falls_by_half_the_same_pairs_that_have_no_face() -> None:
    """Two pictures of each of forty people, every second person with one in which no face was found."""
    vectors, numbers, found = people(40, 2, 0.05)
    found[0:80:4] = False
    assert np.mean(people_fold_accuracies(vectors, numbers, found)) == pytest.approx(0.75)


def test_too_few_people_have_no_accuracy() -> None:
    assert people_fold_accuracies(*people(9, 3, 0.1)) is None


def test_points_exist_where_pairs_suffice() -> None:
    points = operating_points(tally_scores(np.array([0.5, 0.99]), np.linspace(-1, 0.9, 1000)))
    assert tuple(point.far for point in points) == FALSE_ACCEPT_RATES
    assert [point.tar for point in points] == [0.5, 0.5, None, None, None]
    assert [point.similarity is None for point in points] == [False, False, True, True, True]


def test_a_higher_rate_never_accepts_less() -> None:
    rng = np.random.default_rng(1)
    points = operating_points(tally_scores(rng.normal(0.6, 0.1, 500), rng.normal(0.1, 0.1, 100_000)))
    shares = [point.tar for point in points if point.tar is not None]
    assert len(shares) == 4
    assert shares == sorted(shares, reverse=True)


def test_a_score_is_checked_against_what_it_stands_for() -> None:
    """Of 10,000 pairs, 20 reach the similarity of score 40; they are too few for score 60."""
    scale = ScoreScale(FarCurve((0.5, 0.6, 0.7), (1e-3, 1e-4, 1e-5)))
    different = np.concatenate([np.full(9980, 0.1), np.full(20, 0.55)])
    checks = check_scores(tally_scores(np.ones(1), different), scale)
    assert [(check.score, check.far) for check in checks] == [(40.0, 2e-3), (50.0, 0.0), (60.0, None)]


def test_the_interval_holds_the_share_and_narrows_with_more_people() -> None:
    widths = []
    for count in (20, 400):
        vectors, numbers, found = people(count, 3, 0.7)
        similarities = [
            float(vectors[i] @ vectors[j])
            for i in range(3 * count) for j in range(i) if numbers[i] == numbers[j]
        ]  # fmt: skip
        threshold = float(np.median(similarities))
        ((low, high),) = tar_intervals(vectors, numbers, found, [threshold])
        assert low < 0.5 < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2
