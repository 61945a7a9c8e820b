"""What the door asks to have done; the controller carries the effects out in the order given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from edge.core.decision import Receipt
from edge.core.events import EventClass, Json


@dataclass(frozen=True, slots=True)
class Unlock:
    """Move the relay to unlocked. Given only when it is locked, and never without a receipt."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Relock:
    """Move the relay to locked; may be given when it is locked already."""


@dataclass(frozen=True, slots=True)
class Beep:
    """Pre-alarm, local only: the door has stood open for 80 % of the time allowed."""


@dataclass(frozen=True, slots=True)
class Report:
    """An event to store and publish. type: `door.…` or `alarm.…`."""

    type: str
    body: Mapping[str, Json] = field(default_factory=dict)

    @property
    def kind(self) -> EventClass:
        return EventClass(self.type.partition(".")[0])


Effect: TypeAlias = Unlock | Relock | Beep | Report
