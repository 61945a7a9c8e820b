"""The three pieces that threads talk through: a worker, a slot for the newest frame, and an inbox."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from edge.core.frame import Frame

logger = logging.getLogger(__name__)
T = TypeVar("T")


class LatestSlot:
    """Holds one frame; a newer one replaces it, so that a slow reader drops frames and never queues them.

    keep_all: `put` waits until the last frame was taken, for a replay that is to be seen whole, unless
    the slot was closed.
    """

    def __init__(self, *, keep_all: bool = False) -> None:
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._keep_all = keep_all
        self._is_busy = False
        self.dropped = 0

    @property
    def is_empty(self) -> bool:
        """Nothing waits and nothing that was taken is still being looked at."""
        with self._changed:
            return self._frame is None and not self._is_busy

    def put(self, frame: Frame, timeout_s: float = 5.0) -> None:
        with self._changed:
            if self._keep_all:
                self._changed.wait_for(lambda: self._frame is None or not self._keep_all, timeout_s)
            if self._frame is not None:
                self.dropped += 1
            self._frame = frame
            self._changed.notify_all()

    def take(self, timeout_s: float) -> Frame | None:
        """Wait for a frame and take it out; None when none came in time. Call `done` after its use."""
        with self._changed:
            if self._frame is None:
                self._changed.wait(timeout_s)
            frame, self._frame = self._frame, None
            self._is_busy = frame is not None
            self._changed.notify_all()
            return frame

    def close(self) -> None:
        """Nobody takes frames any more: let nobody wait for that."""
        with self._changed:
            self._keep_all = False
            self._changed.notify_all()

    def done(self) -> None:
        with self._changed:
            self._is_busy = False


class Inbox(Generic[T]):
    """The controller's messages, in order. Droppable ones are refused and counted when it is full;
    commands and contacts never are."""

    def __init__(self, limit: int = 64) -> None:
        self._arrived = threading.Condition()
        self._messages: deque[T] = deque()
        self._limit = limit
        self.dropped = 0

    @property
    def is_empty(self) -> bool:
        with self._arrived:
            return not self._messages

    def put(self, message: T, *, droppable: bool = False) -> bool:
        """Append a message. False when it was dropped."""
        with self._arrived:
            if droppable and len(self._messages) >= self._limit:
                self.dropped += 1
                return False
            self._messages.append(message)
            self._arrived.notify()
            return True

    def take(self, timeout_s: float) -> T | None:
        """Wait for the oldest message; None when none came in time."""
        with self._arrived:
            if not self._messages:
                self._arrived.wait(timeout_s)
            return self._messages.popleft() if self._messages else None


class Worker:
    """A named thread with a heartbeat. When its target raises or returns early, `died` says so.

    target: called with the stop event and a `beat` to be called at least every `stale_s` seconds.
    """

    def __init__(
        self,
        name: str,
        target: Callable[[threading.Event, Callable[[], None]], None],
        *,
        clock: Callable[[], float],
        stale_s: float = 10.0,
        may_end: bool = False,
    ) -> None:
        self.name = name
        self._target = target
        self._clock = clock
        self._stale_s = stale_s
        self._may_end = may_end
        self._stop = threading.Event()
        self._beaten_at = clock()
        self._failure: str | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._beaten_at = self._clock()
        self._thread.start()

    def beat(self) -> None:
        self._beaten_at = self._clock()

    def died(self) -> str | None:
        """Why the worker no longer works, or None while it does."""
        return self._failure

    def is_fresh(self, now: float) -> bool:
        """Whether the worker has beaten lately, or has rightly ended."""
        if self._may_end and not self._thread.is_alive():
            return True
        return now - self._beaten_at <= self._stale_s

    def ask_to_stop(self) -> None:
        self._stop.set()

    def stop(self, timeout_s: float = 3.0) -> bool:
        """Ask the thread to end and wait for it. False when it did not end in time."""
        self.ask_to_stop()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._target(self._stop, self.beat)
        except Exception as error:
            self._failure = f"{type(error).__name__}: {error}"
            logger.critical("%s died: %s", self.name, self._failure, exc_info=True)
            return
        if not self._stop.is_set() and not self._may_end:
            self._failure = "it ended by itself"
            logger.critical("%s ended by itself", self.name)
