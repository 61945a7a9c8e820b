"""Tell of the same thing now and then, however often it happens."""

from __future__ import annotations

_NEVER = float("-inf")


class Rarely:
    """every_s: the least time between two tellings of one kind, in seconds."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._told: dict[str, tuple[float, int]] = {}

    def ask(self, kind: str, now: float) -> int | None:
        """How many of a kind went untold since the last telling, if it is time to tell of one; else None.

        kind: one of few. now: monotonic seconds.
        """
        told_at, untold = self._told.get(kind, (_NEVER, 0))
        if now - told_at < self._every_s:
            self._told[kind] = (told_at, untold + 1)
            return None
        self._told[kind] = (now, 0)
        return untold
