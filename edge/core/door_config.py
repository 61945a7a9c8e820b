"""What is fixed about one door."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_UNLOCK_S = 600.0
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class DoorConfig:
    """The timing and the fittings of a door. Raises ValueError for a value out of its range.

    unlock_s: 0.1..600. grace_s: added to the unlock time for the grant window, 0..60.
    held_open_s: 1..900. rex_window_s: 1..60. relock_on_close: lock as soon as the door that was
    opened has closed. peers: doors interlocked with this one. peer_fresh_s: how long what a peer
    said of itself is believed, 0.1..60.
    """

    name: str = "main"
    unlock_s: float = 5.0
    grace_s: float = 5.0
    relock_on_close: bool = True
    held_open_s: float = 30.0
    rex_window_s: float = 8.0
    has_contact: bool = True
    rex_unlocks: bool = False
    fire_unlocks: bool = False
    peers: frozenset[str] = frozenset()
    peer_fresh_s: float = 2.0

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"door name {self.name!r}: use 1 to 64 of a-z, 0-9 and - between them")
        for key, low, high in (
            ("unlock_s", 0.1, LONGEST_UNLOCK_S),
            ("grace_s", 0.0, 60.0),
            ("held_open_s", 1.0, 900.0),
            ("rex_window_s", 1.0, 60.0),
            ("peer_fresh_s", 0.1, 60.0),
        ):
            value = getattr(self, key)
            if not low <= value <= high:
                raise ValueError(f"door {self.name}: {key} = {value} is not within {low:g}..{high:g} seconds")
