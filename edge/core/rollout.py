"""A roll-out in steps: to a few devices first, and to more when those are well.

Which device comes when follows from the name of the roll-out alone, so that it is the same after a restart,
and another one each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class RolloutState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    ABORTED = "aborted"
    DONE = "done"

    @property
    def is_over(self) -> bool:
        return self in (RolloutState.ABORTED, RolloutState.DONE)


class Outcome(StrEnum):
    """How far one device is. WAITING: its turn has not come. RELEASED: it may begin, or has begun."""

    WAITING = "waiting"
    RELEASED = "released"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Plan:
    """steps: percent of the devices, rising to 100. wait_s: how long all of a step must be finished before
    the next one begins. abort_percent: the roll-out ends when more than this share of the devices released
    so far failed. timeout_s: a device that takes longer has failed. Raises ValueError."""

    steps: tuple[int, ...] = (1, 10, 50, 100)
    wait_s: int = 600
    abort_percent: int = 10
    timeout_s: int = 3600

    def __post_init__(self) -> None:
        rising = all(low < high for low, high in zip((0, *self.steps), self.steps, strict=False))
        if not self.steps or not rising or self.steps[-1] != 100:
            raise ValueError("the steps of a roll-out are percentages that rise to 100, as 1, 10, 50, 100")
        if self.wait_s < 0 or self.timeout_s < 1 or not 0 <= self.abort_percent <= 100:
            raise ValueError("wait_s is 0 or more, timeout_s 1 or more, abort_percent 0 to 100")

    def released(self, step: int, count: int) -> int:
        """How many of `count` devices may have begun in a step: at least one."""
        return max(1, -(-count * self.steps[step] // 100)) if count else 0


@dataclass(frozen=True, slots=True)
class DeviceOutcome:
    """since: aware UTC, when it came to be so."""

    outcome: Outcome
    since: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """step: of the plan, from 0 on. reason: why it was aborted."""

    state: RolloutState = RolloutState.RUNNING
    step: int = 0
    reason: str | None = None


def order(devices: Iterable[str], rollout: str) -> list[str]:
    """The devices in the order in which they have their turn."""
    return sorted(set(devices), key=lambda dev: (hashlib.sha256(f"{rollout}\0{dev}".encode()).digest(), dev))


def late(plan: Plan, devices: Sequence[DeviceOutcome], now: datetime) -> list[int]:
    """The places of the devices that took too long."""
    limit = timedelta(seconds=plan.timeout_s)
    return [
        place
        for place, one in enumerate(devices)
        if one.outcome is Outcome.RELEASED and now - one.since >= limit
    ]


def advance(plan: Plan, progress: Progress, devices: Sequence[DeviceOutcome], now: datetime) -> Progress:
    """Where a roll-out is, given how each of its devices is, in their order. now: aware UTC."""
    if progress.state is not RolloutState.RUNNING:
        return progress
    count = plan.released(progress.step, len(devices))
    failed = sum(one.outcome is Outcome.FAILED for one in devices)
    if failed * 100 > plan.abort_percent * count:
        return replace(progress, state=RolloutState.ABORTED, reason=f"{failed} of {count} devices failed")
    begun = devices[:count]
    if not all(one.outcome in (Outcome.SUCCEEDED, Outcome.FAILED) for one in begun):
        return progress
    if count == len(devices):
        return replace(progress, state=RolloutState.DONE)
    if now - max(one.since for one in begun) < timedelta(seconds=plan.wait_s):
        return progress
    return replace(progress, step=progress.step + 1)
