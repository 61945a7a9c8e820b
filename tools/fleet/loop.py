"""One thread that does the work of many virtual doors: what is due, and what their sockets are ready for."""

from __future__ import annotations

import heapq
import itertools
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self, TypeVar

_LONGEST_WAIT_S = 0.2
_HANDS = 4
"""Threads for what blocks; a broker that does not answer keeps those busy, and not the loop."""
_SPARE_S = 4.0
_SPARE_AT_ONCE, _SPARE_WHEN_BUSY = 20, 2
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

_T = TypeVar("_T")


class HasFileno(Protocol):
    def fileno(self) -> int: ...


class Loop:
    """A context manager. Belongs to the thread that runs it, but for `soon`.

    monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.monotonic = monotonic
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._flushes: dict[Callable[[], None], None] = {}
        self._spare: dict[Callable[[], None], float] = {}
        self._again: list[Callable[[], None]] = []
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._bell, self._rope = socket.socketpair()
        self._hands = ThreadPoolExecutor(_HANDS, "aside")

    def __enter__(self) -> Self:
        for end in (self._bell, self._rope):
            end.setblocking(False)
        self.watch(self._bell.fileno(), READ, self._answer_bell)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hands.shutdown(wait=False, cancel_futures=True)
        self._selector.close()
        self._bell.close()
        self._rope.close()

    def later(self, after_s: float, do: Callable[[], object]) -> None:
        """Call it once, after so many seconds."""
        heapq.heappush(self._timers, (self.monotonic() + after_s, next(self._numbers), do))

    def soon(self, do: Callable[[], None]) -> None:
        """Call it in the loop's thread; from any thread."""
        self._posted.put(do)
        try:
            self._rope.send(b"\0")
        except OSError:
            # It has been rung already, or the loop has ended.
            return

    def aside(self, work: Callable[[], _T], then: Callable[[Future[_T]], None]) -> None:
        """Do what blocks in another thread; `then` is called with it in the loop's when it is done."""
        self._hands.submit(work).add_done_callback(lambda done: self.soon(lambda: then(done)))

    def flush(self, do: Callable[[], None]) -> None:
        """Call it before the next socket has its turn, once however often it is asked for."""
        self._flushes[do] = None

    def again(self, do: Callable[[], None]) -> None:
        """Call it in the next step, after the sockets that are ready by then."""
        self._again.append(do)

    def spare(self, do: Callable[[], None]) -> None:
        """Call it when nothing else is to be done, or has waited for a while; once however often it is asked
        for. What other threads do in a daemon beside its answers."""
        self._spare.setdefault(do, self.monotonic())

    def watch(self, number: int, events: int, ready: Callable[[int], None]) -> None:
        """Call `ready` with READ, WRITE or both whenever the file with that number is."""
        self._selector.register(number, events, ready)

    def watch_for(self, number: int, events: int) -> None:
        """Look for these from now on."""
        self._selector.modify(number, events, self._selector.get_key(number).data)

    def unwatch(self, number: int) -> None:
        """The file may be closed already, if no other was opened in this thread since."""
        self._selector.unregister(number)

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.step(_LONGEST_WAIT_S)

    def step(self, wait_s: float) -> None:
        """Wait at most so long for something to do, and do it."""
        if self._timers:
            wait_s = max(0.0, min(wait_s, self._timers[0][0] - self.monotonic()))
        again, self._again = self._again, []
        ready = self._selector.select(0.0 if self._spare or again else wait_s)
        for key, events in ready:
            key.data(events)
            # A thousand doors that hear something at once take seconds; others must not wait for them.
            self._do_due()
        for do in again:
            do()
            self._do_due()
        self._do_due()
        self._do_spare(is_idle=not ready and not again)

    def _do_due(self) -> None:
        now = self.monotonic()
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()
        self._do_flushes()

    def _do_flushes(self) -> None:
        while self._flushes:
            flushes, self._flushes = self._flushes, {}
            for do in flushes:
                do()

    def _do_spare(self, *, is_idle: bool) -> None:
        """A few at a time, and of those that have waited for long one or two in any case."""
        latest = self.monotonic() - _SPARE_S
        for place in range(_SPARE_AT_ONCE):
            if not self._spare:
                return
            do = next(iter(self._spare))
            if not is_idle and (place >= _SPARE_WHEN_BUSY or self._spare[do] > latest):
                return
            del self._spare[do]
            do()
            self._do_flushes()

    def _answer_bell(self, _events: int) -> None:
        self._bell.recv(4096)
        for _ in range(self._posted.qsize()):
            self._posted.get_nowait()()
