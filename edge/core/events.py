"""What the device tells the site."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from edge.core.clock_state import ClockState

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class EventClass(StrEnum):
    """The last level of `evt/{class}`; access and alarm are never dropped before the others."""

    ACCESS = "access"
    DOOR = "door"
    ALARM = "alarm"
    PAD = "pad"
    STRANGER = "stranger"
    SYSTEM = "system"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. type: dotted lower case, e.g. `access.granted`. at: aware UTC."""

    kind: EventClass
    type: str
    at: datetime
    body: dict[str, Json] = field(default_factory=dict)
    corr: str | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event the outbox has accepted: `id` (UUIDv7) and `seq` (gapless) never change again.

    clk: how far the device trusted its clock then; None where nobody noted it.
    """

    seq: int
    id: str
    boot: str
    mono_ms: int
    event: Event
    clk: ClockState | None = None
