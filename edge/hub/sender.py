"""What the hub has to say, handed to the bus in its order and as fast as the bus takes it."""

from __future__ import annotations

import logging
import queue
from collections import deque
from collections.abc import Callable
from itertools import count

from edge.mqtt.codec import Outgoing
from edge.mqtt.listening import GALLERY_BYTES
from edge.ports import Bus

logger = logging.getLogger(__name__)

BUSY_COUNT = 2000


class Sender:
    """Belongs to one thread. What the broker did not acknowledge before a session ended is said again."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._waiting: deque[Outgoing] = deque()
        self._in_flight: dict[int, Outgoing] = {}
        self._acked: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._numbers = count()

    @property
    def depth(self) -> int:
        """How many messages wait, or are not yet acknowledged."""
        return len(self._waiting) + len(self._in_flight)

    @property
    def is_busy(self) -> bool:
        """Whether so much waits that further answers had better wait, too."""
        return len(self._waiting) > BUSY_COUNT

    def send(self, message: Outgoing) -> None:
        """Say a message when it is its turn. One that nobody would take is left out: a broker ends the
        session over it, and would again whenever it is sent once more."""
        if len(message.payload) > GALLERY_BYTES:
            logger.error("a message of %d bytes on %s is left out", len(message.payload), message.topic)
            return
        self._waiting.append(message)

    def lost(self) -> None:
        """The session ended."""
        self._settle()
        self._waiting.extendleft(reversed(self._in_flight.values()))
        self._in_flight.clear()

    def drop(self) -> None:
        """Forget everything: another hub speaks now."""
        self._waiting.clear()
        self._in_flight.clear()

    def pump(self, more: Callable[[], Outgoing | None]) -> None:
        """Hand over what the bus takes. more: what may be said when nothing else waits; it is not said again
        when it is lost, for who wants it asks again."""
        self._settle()
        while self._waiting and self._hand_over(self._waiting[0]):
            self._waiting.popleft()
        while not self._waiting and (message := more()) is not None:
            if not self._hand_over(message, keep=False):
                self._waiting.append(message)

    def _hand_over(self, message: Outgoing, *, keep: bool = True) -> bool:
        number = next(self._numbers)
        is_taken = self._bus.publish(
            message.topic,
            message.payload,
            qos=message.qos,
            retain=message.retain,
            on_acked=lambda: self._acked.put(number),
        )
        if is_taken and keep:
            self._in_flight[number] = message
        return is_taken

    def _settle(self) -> None:
        while True:
            try:
                self._in_flight.pop(self._acked.get_nowait(), None)
            except queue.Empty:
                return
