"""A curve fitted on some people holds for others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.curve_fit import BODY, TAIL, fit_curve
from edge.core.tally import share_from, tally_templates


def faces(count: int, pictures: int, seed: int, dimensions: int = 24) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    people = np.repeat(np.arange(count), rng.integers(1, pictures + 1, count))
    vectors = (
        1.0 + rng.normal(size=(count, dimensions))[people] + 0.3 * rng.normal(size=(len(people), dimensions))
    )
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), people


def test_the_curve_holds_for_people_it_has_not_seen() -> None:
    curve = fit_curve(*faces(800, 3, seed=0))
    vectors, people = faces(1500, 3, seed=1)
    different = tally_templates(vectors, people, np.ones(len(people), bool)).different
    for rate, factor in ((1e-2, 1.2), (1e-3, 1.3), (1e-4, 1.5)):
        measured = share_from(different, curve.similarity_at(rate))
        assert rate / factor < measured < rate * factor


def test_the_points_are_the_published_ones() -> None:
    assert fit_curve(*faces(2500, 1, seed=0)).rates == (*BODY, *(rate for rate in TAIL if rate > 1.6e-6))


def test_one_person_with_many_pictures_weighs_no_more_than_others() -> None:
    """A look-alike of another, photographed two hundred times, moves the curve by one pair of people."""
    vectors, people = faces(300, 1, seed=3)
    twins = np.repeat(vectors[:1], 200, axis=0)
    crowded = fit_curve(np.concatenate([vectors, twins]), np.concatenate([people, np.full(200, 300)]))
    single = fit_curve(np.concatenate([vectors, twins[:1]]), np.concatenate([people, [300]]))
    for rate in (0.1, 1e-2, 1e-3):
        assert crowded.similarity_at(rate) == pytest.approx(single.similarity_at(rate), abs=2e-3)


@settings(max_examples=30, deadline=None)
@given(count=st.integers(15, 120), pictures=st.integers(1, 3), seed=st.integers(0, 99))
def test_any_sample_gives_a_curve_that_claims_no_more_than_it_saw(
    count: int, pictures: int, seed: int
) -> None:
    vectors, people = faces(count, pictures, seed)
    curve = fit_curve(vectors, people)
    pairs = tally_templates(vectors, people, np.ones(len(people), bool)).pairs_different
    assert curve.rates[-1] * pairs >= 5.0 - 1e-9


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_people_are_refused(count: int) -> None:
    vectors = np.eye(8, dtype=np.float32)[:count]
    with pytest.raises(ValueError, match="too few"):
        fit_curve(vectors, np.arange(count))
