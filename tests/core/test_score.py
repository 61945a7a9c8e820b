"""Scores mean false accept rates."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.calibration import FarCurve
from edge.core.score import ScoreScale, rate_of

CURVE = FarCurve((0.1, 0.2, 0.3, 0.4, 0.5), (1e-2, 1e-3, 1e-4, 1e-5, 1e-6))
SCALE = ScoreScale(CURVE)


@pytest.mark.parametrize(("score", "rate"), [(0, 1), (20, 1e-1), (40, 1e-3), (50, 1e-4), (60, 1e-5)])
def test_a_score_stands_for_a_rate(score: float, rate: float) -> None:
    assert rate_of(score) == pytest.approx(rate)


@pytest.mark.parametrize(("similarity", "score"), [(0.2, 40), (0.3, 50), (0.4, 60), (0.5, 70), (1.0, 100)])
def test_the_curve_gives_the_score(similarity: float, score: float) -> None:
    assert SCALE.score(similarity) == pytest.approx(score)


@given(st.floats(0, 100))
def test_a_score_comes_back_from_its_similarity(score: float) -> None:
    assert SCALE.score(SCALE.similarity(score)) == pytest.approx(score, abs=1e-6)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_scores_rise_with_similarity(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= SCALE.score(low) <= SCALE.score(high) <= 100


def test_what_is_not_a_number_scores_nothing() -> None:
    assert SCALE.score(math.nan) == 0


@pytest.mark.parametrize("score", [-0.1, 100.1, math.nan])
def test_a_score_outside_the_scale_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="not within"):
        SCALE.similarity(score)
