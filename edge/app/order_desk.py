"""Carry out orders beside the door: a long one must not delay a relock."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from datetime import datetime

from edge.app.order_results import OrderDone, OrderProgress
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.events import Json
from edge.errors import OstiaryError

logger = logging.getLogger(__name__)
WAITING = 100
"""So many orders may wait; more are refused as busy."""
BEAT_S = 0.5
Progress = Callable[[dict[str, Json]], None]


class OrderDesk:
    """Takes orders from the controller's thread and carries them out on its own, in the order they came.

    work: called on that thread, with what tells of progress; what it raises of ours is the answer.
    tell: called there with progress and results. waiting: how many may wait. idle: called when there is
    nothing to do, every BEAT_S.
    """

    def __init__(
        self,
        work: Callable[[Command, Progress], OrderDone],
        tell: Callable[[OrderProgress | OrderDone], None],
        *,
        utc: Callable[[], datetime],
        waiting: int = WAITING,
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._work = work
        self._tell = tell
        self._utc = utc
        self._idle = idle
        self._stop = threading.Event()
        self._waiting: queue.Queue[Command] = queue.Queue(waiting)

    @property
    def is_ending(self) -> bool:
        """Whether what takes long should be given up."""
        return self._stop.is_set()

    def pause(self, seconds: float) -> None:
        """Let time pass, unless the desk ends."""
        self._stop.wait(seconds)

    def put(self, command: Command) -> bool:
        """Take an order. False when too many are waiting."""
        try:
            self._waiting.put_nowait(command)
        except queue.Full:
            return False
        return True

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Carry out orders until `stop` is set."""
        self._stop = stop
        while not stop.is_set():
            beat()
            try:
                command = self._waiting.get(timeout=BEAT_S)
            except queue.Empty:
                self._idle()
                continue
            self.carry_out(command, beat)

    def carry_out(self, command: Command, beat: Callable[[], None] = lambda: None) -> None:
        """Carry out one order, and tell what came of it."""
        self._tell(self._result(command, beat))

    def _result(self, command: Command, beat: Callable[[], None]) -> OrderDone:
        if command.expires is not None and self._utc() >= command.expires:
            text = "'exp' passed while others were carried out; send a new command"
            return OrderDone(command, Ack(AckStatus.EXPIRED, "expired", {"text": text}))

        def progress(detail: dict[str, Json]) -> None:
            beat()
            self._tell(OrderProgress(command, detail))

        try:
            return self._work(command, progress)
        except OstiaryError as error:
            return refused(command, error)


def refused(command: Command, error: OstiaryError) -> OrderDone:
    """What cannot be done as it is, with the code of its error."""
    told: dict[str, Json] = {"code": error.code, "number": error.number, "text": str(error)}
    return OrderDone(command, Ack(AckStatus.FAILED, "refused", told))
