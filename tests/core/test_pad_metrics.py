"""Error rates of liveness against values that can be worked out by hand or are published."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.pad_metrics import (
    acer,
    apcer,
    apcer_at_bpcer,
    auc,
    bpcer,
    equal_error_rate,
    interval,
    threshold_at_bpcer,
    trade_off,
)

LIVE = np.array([0.9, 0.8, 0.7, 0.3])
ATTACKS = np.array([0.1, 0.2, 0.3, 0.75])
scores = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30).map(np.array)


def test_a_score_at_the_threshold_is_taken_for_alive() -> None:
    assert apcer(ATTACKS, 0.3) == 0.5
    assert bpcer(LIVE, 0.3) == 0.0
    assert acer(LIVE, ATTACKS, 0.75) == pytest.approx((0.25 + 0.5) / 2)


def test_ties_count_half_in_the_area() -> None:
    assert auc(np.array([1.0]), np.array([1.0])) == 0.5
    assert auc(LIVE, ATTACKS) == pytest.approx((4 + 4 + 3 + 2.5) / 16)


@given(scores, scores)
def test_the_area_is_the_share_of_pairs_in_order(live: np.ndarray, attacks: np.ndarray) -> None:
    above = (live[:, None] > attacks).mean() + 0.5 * (live[:, None] == attacks).mean()
    assert auc(live, attacks) == pytest.approx(above)


@given(scores, st.floats(0, 0.99))
def test_no_higher_threshold_refuses_as_few(live: np.ndarray, allowed: float) -> None:
    threshold = threshold_at_bpcer(live, allowed)
    assert bpcer(live, threshold) <= allowed + 1e-9
    assert bpcer(live, np.nextafter(threshold, np.inf)) > allowed


def test_attacks_are_judged_where_living_people_set_the_threshold() -> None:
    assert apcer_at_bpcer(LIVE, ATTACKS, 0.25) == 0.25
    assert apcer_at_bpcer(LIVE, ATTACKS, 0.24) == 0.5


def test_what_was_not_scored_is_refused_at_every_threshold() -> None:
    unseen = np.array([-np.inf])
    assert bpcer(unseen, -100.0) == 1.0
    assert apcer(unseen, -100.0) == 0.0
    assert auc(LIVE, unseen) == 1.0


@given(scores, scores)
def test_the_trade_off_runs_from_all_pass_to_none(live: np.ndarray, attacks: np.ndarray) -> None:
    found = trade_off(live, attacks)
    assert (found.apcer[0], found.bpcer[0]) == (1.0, 0.0)
    assert (found.apcer[-1], found.bpcer[-1]) == (0.0, 1.0)
    for threshold, passed, refused in zip(found.thresholds, found.apcer, found.bpcer, strict=True):
        assert passed == pytest.approx(apcer(attacks, threshold))
        assert refused == pytest.approx(bpcer(live, threshold))


def test_the_equal_error_rate_of_what_is_apart_and_of_what_is_alike() -> None:
    assert equal_error_rate(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 0.0
    assert equal_error_rate(LIVE, ATTACKS) == 0.25


@pytest.mark.parametrize(
    ("errors", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (4, 20, 0.0573, 0.4366),
        (0, 2000, 0.0, 0.001843),
    ],
)
def test_intervals_are_those_of_published_tables(errors: int, trials: int, low: float, high: float) -> None:
    found = interval(errors, trials)
    assert found.low == pytest.approx(low, abs=6e-5)
    assert found.high == pytest.approx(high, abs=6e-5)


@given(st.integers(1, 200), st.data())
def test_an_interval_holds_its_rate_and_has_the_tails_asked_for(trials: int, data: st.DataObject) -> None:
    errors = data.draw(st.integers(0, trials))
    found = interval(errors, trials)
    assert 0.0 <= found.low <= errors / trials <= found.high <= 1.0
    assert _at_most(errors, trials, found.high) == pytest.approx(1.0 if errors == trials else 0.025, rel=1e-6)
    assert _at_most(errors - 1, trials, found.low) == pytest.approx(0.975 if errors else 0.0, rel=1e-6)


def _at_most(errors: int, trials: int, rate: float) -> float:
    return sum(math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(errors + 1))


@pytest.mark.parametrize(("errors", "trials"), [(-1, 3), (4, 3), (0, 0)])
def test_impossible_counts_are_refused(errors: int, trials: int) -> None:
    with pytest.raises(ValueError, match="not possible"):
        interval(errors, trials)
