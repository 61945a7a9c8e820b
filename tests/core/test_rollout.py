"""Roll-outs: a few devices first, all only when those are well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.rollout import (
    DeviceOutcome,
    Outcome,
    Plan,
    Progress,
    RolloutState,
    advance,
    late,
    order,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLAN = Plan((1, 10, 50, 100), wait_s=60, abort_percent=10)


def devices(succeeded: int, failed: int = 0, *, of: int = 100) -> list[DeviceOutcome]:
    done = [Outcome.SUCCEEDED] * succeeded + [Outcome.FAILED] * failed
    return [DeviceOutcome(one, NOON) for one in done + [Outcome.WAITING] * (of - len(done))]


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_the_first_step_is_one_device_at_least() -> None:
    assert [Plan().released(0, count) for count in (0, 1, 5, 100, 101, 1000)] == [0, 1, 1, 1, 2, 10]


def test_the_next_step_waits_for_all_of_this_one_and_for_the_time() -> None:
    assert advance(PLAN, Progress(), devices(0), after(999)) == Progress()
    assert advance(PLAN, Progress(), devices(1), after(59)) == Progress()
    assert advance(PLAN, Progress(), devices(1), after(60)) == Progress(step=1)
    assert advance(PLAN, Progress(step=1), devices(9), after(999)) == Progress(step=1)


def test_too_many_failures_end_it_before_the_step_is_over() -> None:
    ended = advance(PLAN, Progress(step=2), devices(10, 6), after(0))
    assert (ended.state, ended.reason) == (RolloutState.ABORTED, "6 of 50 devices failed")
    assert advance(PLAN, Progress(step=2), devices(10, 5), after(0)).state is RolloutState.RUNNING
    assert advance(PLAN, Progress(), devices(0, 1), after(0)).state is RolloutState.ABORTED


def test_the_last_step_is_done_without_a_wait() -> None:
    assert advance(PLAN, Progress(step=3), devices(95, 5), NOON).state is RolloutState.DONE
    assert advance(Plan(), Progress(), devices(1, of=1), NOON).state is RolloutState.DONE


@pytest.mark.parametrize("state", [RolloutState.PAUSED, RolloutState.ABORTED, RolloutState.DONE])
def test_what_does_not_run_stays_where_it_is(state: RolloutState) -> None:
    progress = Progress(state, 1)
    assert advance(PLAN, progress, devices(10, 90), after(999)) == progress


def test_a_device_that_takes_too_long_is_found() -> None:
    some = [DeviceOutcome(Outcome.RELEASED, NOON), DeviceOutcome(Outcome.RELEASED, after(1))]
    assert late(Plan(timeout_s=10), [*some, DeviceOutcome(Outcome.WAITING, NOON)], after(10)) == [0]


@pytest.mark.parametrize("steps", [(), (0, 100), (10, 10, 100), (50, 10, 100), (1, 10), (101,)])
def test_steps_that_are_none_are_refused(steps: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rise to 100"):
        Plan(steps)


def test_the_order_is_the_same_for_the_same_roll_out_only() -> None:
    some = [f"door-{i}" for i in range(50)]
    assert order(some, "r1") == order(reversed(some), "r1")
    assert order(some, "r1") != order(some, "r2")
    assert sorted(order(some, "r1")) == sorted(some)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(0, 99))
def test_never_do_more_fail_than_the_threshold_and_one_step_allow(fates: list[bool], percent: int) -> None:
    plan = Plan((10, 30, 100), wait_s=0, abort_percent=percent)
    progress, released = Progress(), 0
    while progress.state is RolloutState.RUNNING:
        released = plan.released(progress.step, len(fates))
        done = [Outcome.SUCCEEDED if well else Outcome.FAILED for well in fates[:released]]
        waiting = [Outcome.WAITING] * (len(fates) - released)
        progress = advance(plan, progress, [DeviceOutcome(one, NOON) for one in done + waiting], NOON)
    assert (progress.state is RolloutState.DONE) == (
        all(
            fates[: (n := plan.released(step, len(fates)))].count(False) * 100 <= percent * n
            for step in range(3)
        )
    )
