"""What happens to a door: the events `edge.core.door.step` takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from edge.core.decision import Receipt
from edge.core.posture import Held, Posture, Source


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed, nothing else."""


@dataclass(frozen=True, slots=True)
class SelfTestPassed:
    """The relay's line is held and the policy is loaded: the door may begin to work."""


@dataclass(frozen=True, slots=True)
class SelfTestFailed:
    """Something the door needs is missing or broken. what: a short reason, published."""

    what: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The controller ends: the door locks and lets nobody in until the next self-test."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A committed decision lets somebody in.

    seconds: how long, or None for the door's own time. Raises ValueError unless it is above 0;
    the door limits it to LONGEST_UNLOCK_S.
    """

    receipt: Receipt
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.seconds is not None and not self.seconds > 0:
            raise ValueError(f"a grant lasts more than 0 seconds, not {self.seconds}")


@dataclass(frozen=True, slots=True)
class ContactReading:
    """The door contact, debounced."""

    open: bool


@dataclass(frozen=True, slots=True)
class RequestToExit:
    """The button or sensor inside was activated.

    receipt: only where software opens for it (`rex_unlocks`), that of the decision to do so;
    without one the forced-door alarm is shunted and nothing moves.
    """

    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class TamperReading:
    """The cover contact."""

    active: bool


@dataclass(frozen=True, slots=True)
class FireReading:
    """The fire panel's contact.

    receipt: only where software opens for it (`fire_unlocks`), that of the decision to do so. It
    is a courtesy on top of the hardware, which cuts the lock's supply by itself.
    """

    active: bool
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class PeerReading:
    """The leaf of a door interlocked with this one, as it said of itself."""

    peer: str
    open: bool


@dataclass(frozen=True, slots=True)
class SetPosture:
    """One source asks for a posture. until: monotonic seconds, or None until it is cleared.

    Raises ValueError when `unlocked` comes without a receipt.
    """

    source: Source
    posture: Posture
    until: float | None = None
    receipt: Receipt | None = None

    def __post_init__(self) -> None:
        Held(self.posture, self.until, self.receipt)


@dataclass(frozen=True, slots=True)
class ClearPosture:
    """One source gives its posture up."""

    source: Source


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarm:
    """An operator has seen the forced-door alarm."""


Stimulus: TypeAlias = (
    Tick
    | SelfTestPassed
    | SelfTestFailed
    | Stopped
    | Grant
    | ContactReading
    | RequestToExit
    | TamperReading
    | FireReading
    | PeerReading
    | SetPosture
    | ClearPosture
    | AcknowledgeAlarm
)
