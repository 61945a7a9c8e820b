"""What has arrived and waits for the hub's thread, within bounds."""

from __future__ import annotations

import queue
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 5_000
"""Items that wait while hasty ones are taken."""


class Inbox(Generic[T]):
    """Many put, one gets.

    What the broker was to bring at least once is bounded by its window; the rest, which one device may send
    as fast as its line carries, is not, and is dropped where too much waits.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[T] = queue.SimpleQueue()

    def put(self, one: T, *, is_hasty: bool = False) -> None:
        """is_hasty: of quality of service 0."""
        if not is_hasty or self._waiting.qsize() < MOST:
            self._waiting.put(one)

    def get(self, timeout_s: float) -> T:
        """The oldest. Raises queue.Empty when there is none within that time; 0 looks only."""
        return self._waiting.get(timeout=timeout_s) if timeout_s > 0 else self._waiting.get_nowait()
