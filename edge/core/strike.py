"""The relay: locked, unlocked until a deadline, or held open by a posture.

Every function takes the strike and gives the next one; `motion` compares two strikes and says
whether the relay has to move. The line has its locked level from the moment it is taken, so
leaving INIT moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.core.decision import Receipt
from edge.core.effects import Effect, Relock, Unlock


class StrikeState(StrEnum):
    INIT = "init"
    FAULT = "fault"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    HELD_OPEN = "held_open"


@dataclass(frozen=True, slots=True)
class Strike:
    """deadline: monotonic seconds, set exactly in UNLOCKED. receipt: set exactly while not locked."""

    state: StrikeState = StrikeState.INIT
    deadline: float | None = None
    receipt: Receipt | None = None

    @property
    def is_unlocked(self) -> bool:
        return self.state in (StrikeState.UNLOCKED, StrikeState.HELD_OPEN)

    @property
    def works(self) -> bool:
        return self.state not in (StrikeState.INIT, StrikeState.FAULT)


LOCKED = Strike(StrikeState.LOCKED)
FAULT = Strike(StrikeState.FAULT)


def grant(strike: Strike, receipt: Receipt, deadline: float) -> Strike:
    """Unlock until `deadline`; a running unlock is extended to the later of the two, never added to."""
    if not strike.works or strike.state is StrikeState.HELD_OPEN:
        return strike
    if strike.deadline is not None:
        deadline = max(deadline, strike.deadline)
    return Strike(StrikeState.UNLOCKED, deadline, receipt)


def hold(strike: Strike, receipt: Receipt) -> Strike:
    """Hold open until `release`."""
    if not strike.works:
        return strike
    return Strike(StrikeState.HELD_OPEN, None, receipt)


def release(strike: Strike) -> Strike:
    """Lock, whatever holds it open."""
    return LOCKED if strike.works else strike


def tick(strike: Strike, now: float) -> Strike:
    """Lock when the deadline has come. now: monotonic seconds."""
    if strike.deadline is not None and now >= strike.deadline:
        return LOCKED
    return strike


def after_self_test(strike: Strike, passed: bool) -> Strike:
    """Take the result of a self-test; a failed one locks, a passed one leaves a working strike alone."""
    if not passed:
        return FAULT
    return strike if strike.works else LOCKED


def motion(before: Strike, after: Strike) -> tuple[Effect, ...]:
    """What the relay has to do between two strikes."""
    if before.is_unlocked and not after.is_unlocked:
        return (Relock(),)
    if after.is_unlocked and not before.is_unlocked and after.receipt is not None:
        return (Unlock(after.receipt),)
    return ()
