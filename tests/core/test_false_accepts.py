"""False accept rates as days between false accepts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.calibration import FarCurve
from edge.core.false_accepts import (
    Site,
    accepted_at,
    days_between,
    expect,
    far_for_days,
    worst_visit,
)

CURVE = FarCurve((0.80, 0.84, 0.87, 0.89, 0.90), (1e-2, 1e-3, 1e-4, 1e-5, 1e-6))
TAR = {1e-2: 0.99, 1e-3: 0.95, 1e-4: 0.80}
sites = st.builds(
    Site,
    people=st.integers(1, 10_000),
    strangers_per_day=st.floats(0.1, 1000),
    doors=st.integers(1, 50),
)


def test_a_rate_becomes_days() -> None:
    expected = expect(CURVE, 1e-3, Site(10, 20.0), TAR)
    assert expected.similarity == pytest.approx(0.87)
    assert expected.score == pytest.approx(50)
    assert expected.per_comparison == pytest.approx(1e-4)
    assert expected.per_visit == pytest.approx(1e-3, rel=1e-3)
    assert expected.days == pytest.approx(50, rel=1e-3)
    assert expected.passes == pytest.approx(0.80)


def test_simulated_visits_come_as_seldom_as_told() -> None:
    """Strangers drawn at random, each compared with ten people who do not depend on each other."""
    rng = np.random.default_rng(0)
    site, days = Site(people=10, strangers_per_day=40.0, doors=2), 20_000
    expected = expect(CURVE, 1e-2, site, TAR)
    visits = rng.binomial(site.people, expected.per_comparison, int(days * 80)) > 0
    assert days / visits.sum() == pytest.approx(expected.days, rel=0.05)


@given(sites, st.floats(1e-6, 0.5))
def test_more_of_anything_makes_false_accepts_no_rarer(site: Site, far: float) -> None:
    days = expect(CURVE, far, site, TAR).days
    busier = Site(site.people, 2 * site.strangers_per_day, site.doors)
    assert expect(CURVE, far, busier, TAR).days <= days


@given(sites, st.floats(1e-6, 0.5))
def test_the_rate_of_a_visit_is_kept_whatever_the_gallery(site: Site, far: float) -> None:
    assert expect(CURVE, far, site, TAR).per_visit <= far * (1 + 1e-6)


@given(sites, st.floats(1.0, 1e5))
def test_days_and_rate_are_inverse(site: Site, days: float) -> None:
    far = far_for_days(days, site)
    if far < 1.0:
        assert days_between(far, site) == pytest.approx(days)


def test_without_strangers_nobody_is_let_in_by_mistake() -> None:
    quiet = Site(10, 0.0)
    assert expect(CURVE, 1e-3, quiet, TAR).days == math.inf
    assert far_for_days(30.0, quiet) == 1.0


def test_a_threshold_above_one_lets_nobody_in() -> None:
    expected = expect(CURVE, 1e-12, Site(10_000, 20.0), TAR)
    assert expected.similarity > 1.0
    assert (expected.score, expected.per_visit, expected.days, expected.passes) == (None, 0.0, math.inf, 0.0)


@pytest.mark.parametrize("days", [0.0, -1.0, math.nan])
def test_no_days_are_refused(days: float) -> None:
    with pytest.raises(ValueError, match="more than none"):
        far_for_days(days, Site(10, 20.0))


@given(
    rate=st.floats(1e-4, 0.2),
    agree=st.integers(1, 8),
    shared=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_no_dependence_between_frames_beats_the_bound(
    rate: float, agree: int, shared: float, seed: int
) -> None:
    """Visits in which all frames err together mixed with visits in which each errs by itself."""
    rng = np.random.default_rng(seed)
    together = rng.random((4000, 1)) < rate
    alone = rng.random((4000, 8)) < rate
    frames = np.where(rng.random((4000, 1)) < shared, together, alone)
    measured = np.mean(frames.sum(axis=1) >= agree)
    assert measured <= worst_visit(float(frames.mean()), agree, 8) + 1e-12


@pytest.mark.parametrize(("rate", "share"), [(1e-2, 0.99), (1e-3, 0.95), (1e-4, 0.80)])
def test_measured_shares_are_met(rate: float, share: float) -> None:
    assert accepted_at(rate, TAR) == pytest.approx(share)


def test_between_measured_rates_the_share_lies_between() -> None:
    assert 0.80 < accepted_at(3e-4, TAR) < 0.95


@pytest.mark.parametrize("rate", [0.1, 1e-5])
def test_what_was_not_measured_is_not_claimed(rate: float) -> None:
    assert accepted_at(rate, TAR) is None
    assert accepted_at(1e-3, {}) is None
