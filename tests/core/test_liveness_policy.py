from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge.core.liveness_policy import LivenessPolicy, PolicyPlan, Timed
from edge.core.weekly import Day, weekly

MONDAY = datetime(2026, 5, 4, tzinfo=UTC)
OFFICE = Timed(weekly((Day.MONDAY,), "08:00", "18:00"), LivenessPolicy.OFF)
ALWAYS = Timed(weekly(tuple(Day), "00:00", "24:00"), LivenessPolicy.CHALLENGE)


def test_outside_all_hours_the_standing_policy_holds():
    plan = PolicyPlan(LivenessPolicy.PASSIVE, (OFFICE,))
    assert plan.at(MONDAY + timedelta(hours=12)) is LivenessPolicy.OFF
    assert plan.at(MONDAY + timedelta(hours=20)) is LivenessPolicy.PASSIVE


def test_the_first_that_covers_a_time_decides():
    noon = MONDAY + timedelta(hours=12)
    assert PolicyPlan(timed=(OFFICE, ALWAYS)).at(noon) is LivenessPolicy.OFF
    assert PolicyPlan(timed=(ALWAYS, OFFICE)).at(noon) is LivenessPolicy.CHALLENGE


def test_who_passes_in_doubt_passes_a_laxer_policy_than_who_does_not():
    order = sorted(LivenessPolicy, key=lambda policy: policy.strictness)
    assert [one.value for one in order] == ["off", "passive+challenge", "passive", "challenge"]


policies = st.sampled_from(LivenessPolicy)


@given(policies, st.lists(policies, max_size=4))
def test_without_the_time_no_laxer_policy_holds_than_any_that_could(standing, others):
    plan = PolicyPlan(standing, tuple(Timed(OFFICE.when, one) for one in others))
    assert all(plan.at(None).strictness >= one.strictness for one in (standing, *others))
