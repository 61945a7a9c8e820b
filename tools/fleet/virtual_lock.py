"""A lock that moves nothing."""

from __future__ import annotations

from edge.core.decision import Receipt


class VirtualLock:
    """ports.Lock without a relay. unlocks: how often it was opened."""

    def __init__(self) -> None:
        self.unlocks = 0

    def start(self) -> None:
        """Nothing to take."""

    def unlock(self, receipt: Receipt) -> None:
        self.unlocks += 1

    def lock(self) -> None:
        """Nothing to move."""

    def close(self) -> None:
        """Nothing to give back."""
