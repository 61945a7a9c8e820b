"""How far a wall clock can be trusted."""

from __future__ import annotations

from enum import StrEnum


class ClockState(StrEnum):
    """How far the sender of a message, or of an event when it happened, trusted its own wall clock."""

    SYNCED = "synced"
    HOLDOVER = "holdover"
    UNSYNCED = "unsynced"
