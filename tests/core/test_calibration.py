"""From measured impostor pairs to thresholds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.calibration import FarCurve, false_accept_rate, threshold_for

CURVE = FarCurve((0.80, 0.84, 0.87, 0.89, 0.90), (1e-2, 1e-3, 1e-4, 1e-5, 1e-6))
RATES = st.floats(min_value=1e-9, max_value=1.0)


@pytest.mark.parametrize(("similarity", "rate"), list(zip(CURVE.similarities, CURVE.rates, strict=True)))
def test_measured_points_are_met(similarity: float, rate: float) -> None:
    assert CURVE.fmr_at(similarity) == pytest.approx(rate)
    assert CURVE.similarity_at(rate) == pytest.approx(similarity)


def test_between_points_the_rate_falls_log_linearly() -> None:
    assert CURVE.fmr_at(0.82) == pytest.approx(10**-2.5)


def test_beyond_the_last_point_the_slope_never_steepens() -> None:
    """The last measured decade took 0.01; the flattest of the upper half took 0.03 and is used."""
    assert CURVE.similarity_at(1e-7) == pytest.approx(0.93)
    assert CURVE.fmr_at(0.91) > 1e-7


def test_a_rate_out_of_reach_asks_for_more_than_any_similarity() -> None:
    assert threshold_for(CURVE, 1e-9, 10_000) > 1.0


def test_ten_times_the_comparisons_raise_the_threshold_by_a_decade() -> None:
    assert threshold_for(CURVE, 1e-3, 10) == pytest.approx(0.87)


@given(RATES, st.integers(1, 100_000))
def test_more_comparisons_never_lower_the_threshold(far: float, comparisons: int) -> None:
    assert threshold_for(CURVE, far, comparisons) >= threshold_for(CURVE, far)


@given(RATES)
def test_threshold_and_rate_are_inverse(far: float) -> None:
    similarity = CURVE.similarity_at(far)
    if similarity >= 0.0:
        assert CURVE.fmr_at(similarity) == pytest.approx(far, rel=1e-6)


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_a_higher_similarity_never_has_a_higher_rate(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert CURVE.fmr_at(high) <= CURVE.fmr_at(low)


@given(st.floats(-1.0, 1.0), st.integers(1, 100_000))
def test_many_comparisons_accept_at_most_the_sum_and_never_surely(
    similarity: float, comparisons: int
) -> None:
    rate = false_accept_rate(CURVE, similarity, comparisons)
    assert 0.0 < rate <= 1.0
    assert rate <= comparisons * CURVE.fmr_at(similarity) * (1.0 + 1e-9)


@pytest.mark.parametrize(
    ("similarities", "rates"),
    [
        ((0.8,), (0.1,)),
        ((0.8, 0.9), (0.1,)),
        ((0.9, 0.8), (0.1, 0.01)),
        ((0.8, 0.9), (0.01, 0.1)),
        ((0.8, 0.9), (0.1, 0.0)),
        ((0.8, 0.9), (1.1, 0.1)),
    ],
)
def test_a_curve_that_is_none_is_refused(similarities: tuple[float, ...], rates: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="FAR curve"):
        FarCurve(similarities, rates)


@pytest.mark.parametrize(("far", "comparisons"), [(0.0, 1), (-1.0, 1), (1.5, 1), (0.1, 0)])
def test_an_impossible_target_is_refused(far: float, comparisons: int) -> None:
    with pytest.raises(ValueError, match=r"rate|comparisons"):
        threshold_for(CURVE, far, comparisons)
