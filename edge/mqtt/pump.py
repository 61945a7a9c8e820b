"""Empties the outbox into the bus: every event at least once, in order, always under its own id."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from edge.core.events import StoredEvent
from edge.errors import StoreError
from edge.mqtt.codec import Outgoing
from edge.ports import Bus, Outbox

logger = logging.getLogger(__name__)

_IDLE_S = 1.0


class OutboxPump:
    """Runs in one thread, with an outbox (and so a database connection) of its own.

    window: most events handed over and not yet acknowledged; keep it below the bus's, so that
    acknowledgments of commands always find room. ack_timeout_s: after that long without one, the
    same event is handed over again. encode: turns an event into its message, the same one each time.
    """

    def __init__(
        self,
        outbox: Outbox,
        bus: Bus,
        encode: Callable[[StoredEvent], Outgoing],
        *,
        window: int = 12,
        ack_timeout_s: float = 20.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._bus = bus
        self._encode = encode
        self._window = window
        self._ack_timeout_s = ack_timeout_s
        self._monotonic = monotonic
        self._woken = threading.Event()
        self._acked: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._in_flight: dict[int, float] = {}
        # Guards the two below. Held while publishing, so that a session cannot end and the next one
        # begin between the look at the link and the handover: order would be lost.
        self._lock = threading.Lock()
        self._is_up = False
        self._session = 0
        self._session_seen = 0

    def wake(self) -> None:
        """Say that the outbox has something new; any thread."""
        self._woken.set()

    def on_link(self, is_up: bool) -> None:
        """Hear of the bus's sessions; any thread. The end of each must come before the next begins."""
        with self._lock:
            self._is_up = is_up
            self._session += 1
        self._woken.set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Pump until `stop`; `beat` is called about once a second. A store in trouble is tried again."""
        trouble: str | None = None
        while not stop.is_set():
            beat()
            try:
                self.run_once(_IDLE_S)
                trouble = None
            except StoreError as error:
                if str(error) != trouble:
                    trouble = str(error)
                    logger.warning("events cannot be sent: %s", trouble)
                stop.wait(_IDLE_S)

    def run_once(self, timeout_s: float) -> int:
        """Wait for work for at most `timeout_s` seconds, do it, return how many events were handed over.

        Raises StoreError when the outbox cannot be read or marked; nothing is lost by that.
        """
        self._woken.wait(timeout_s)
        self._woken.clear()
        self._settle()
        self._forget_stale()
        handed_over = 0
        for stored in self._outbox.pending(self._window):
            if stored.seq in self._in_flight:
                continue
            if not self._hand_over(stored):
                break
            handed_over += 1
        return handed_over

    def _settle(self) -> None:
        acked: list[int] = []
        while True:
            try:
                acked.append(self._acked.get_nowait())
            except queue.Empty:
                break
        if acked:
            self._outbox.mark_sent(acked)
            for seq in acked:
                self._in_flight.pop(seq, None)

    def _forget_stale(self) -> None:
        """What the last session left unacknowledged, or this one has for too long, is handed over again."""
        with self._lock:
            session = self._session
        if session != self._session_seen:
            self._session_seen = session
            self._in_flight.clear()
        too_old = self._monotonic() - self._ack_timeout_s
        for seq in [seq for seq, since in self._in_flight.items() if since <= too_old]:
            logger.warning(
                "event %s was not acknowledged for %g s; sending it again", seq, self._ack_timeout_s
            )
            del self._in_flight[seq]

    def _hand_over(self, stored: StoredEvent) -> bool:
        message = self._encode(stored)
        with self._lock:
            if not self._is_up or self._session != self._session_seen:
                return False
            is_taken = self._bus.publish(
                message.topic,
                message.payload,
                qos=message.qos,
                retain=message.retain,
                on_acked=lambda: self._note_ack(stored.seq),
            )
        if is_taken:
            self._in_flight[stored.seq] = self._monotonic()
        return is_taken

    def _note_ack(self, seq: int) -> None:
        self._acked.put(seq)
        self._woken.set()
