"""Empties the outbox into the bus: every event at least once, in order, always under its own id.

Without a collector an event is sent when the broker has acknowledged it. With one it is kept until the
collector has said that it has it, so that nothing is lost with a broker that loses what it had taken.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from edge.core.events import StoredEvent
from edge.core.rarely import Rarely
from edge.errors import MessageMalformed, StoreError
from edge.mqtt.codec import Outgoing, parse_json
from edge.ports import Bus, Message, Outbox

logger = logging.getLogger(__name__)

_IDLE_S = 1.0
_LONGEST_SILENCE_S = 600.0
_TOLD_EVERY_S = 60.0


class OutboxPump:
    """Runs in one thread, with an outbox (and so a database connection) of its own.

    window: most events handed over and not yet acknowledged; keep it below the bus's, so that
    acknowledgments of commands always find room. ack_timeout_s: after that long without one, the
    same event is handed over again. encode: turns an event into its message, the same one each time.
    collected: whether a collector says what it has (`hear`). ahead: most events that it may lack; while it
    is silent they are handed over again, twice as late each time.
    """

    def __init__(
        self,
        outbox: Outbox,
        bus: Bus,
        encode: Callable[[StoredEvent], Outgoing],
        *,
        window: int = 12,
        ack_timeout_s: float = 20.0,
        collected: bool = False,
        ahead: int = 64,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._bus = bus
        self._encode = encode
        self._window = window
        self._ack_timeout_s = ack_timeout_s
        self._monotonic = monotonic
        self._woken = threading.Event()
        self._collected = collected
        self._ahead = ahead
        self._silence_s = ack_timeout_s
        self._rarely = Rarely(_TOLD_EVERY_S)
        self._acked: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._heard: queue.SimpleQueue[Message] = queue.SimpleQueue()
        # By number, when handed over: what the broker has not acknowledged, and what it has and the collector
        # has not. Of the events up to the last number looked at, every one that waits is in one of the two.
        self._in_flight: dict[int, float] = {}
        self._delivered: dict[int, float] = {}
        self._upto = 0
        self._looked_at = 0
        # Guards the two below. Held while publishing, so that a session cannot end and the next one
        # begin between the look at the link and the handover: order would be lost.
        self._lock = threading.Lock()
        self._is_up = False
        self._session = 0
        self._session_seen = 0

    def wake(self) -> None:
        """Say that the outbox has something new; any thread."""
        self._woken.set()

    def hear(self, message: Message) -> None:
        """Take the collector's word: `{"upto": seq}`, it has every event up to that number; any thread."""
        self._heard.put(message)
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
        self._take_acks()
        self._take_word()
        self._forget_stale()
        return self._send()

    def _send(self) -> int:
        handed_over = 0
        while (room := self._room()) > 0:
            page = self._outbox.pending(room, self._looked_at)
            for stored in page:
                if stored.seq not in self._in_flight and stored.seq not in self._delivered:
                    if not self._hand_over(stored):
                        return handed_over
                    handed_over += 1
                self._looked_at = stored.seq
            if not page:
                break
        return handed_over

    def _room(self) -> int:
        in_flight = len(self._in_flight)
        return min(self._window - in_flight, self._ahead - in_flight - len(self._delivered))

    def _take_acks(self) -> None:
        acked: list[int] = []
        while not self._acked.empty():
            acked.append(self._acked.get_nowait())
        if self._collected:
            now = self._monotonic()
            self._delivered.update(dict.fromkeys(acked, now))
        elif acked:
            self._outbox.mark_sent(acked)
        for seq in acked:
            self._in_flight.pop(seq, None)

    def _take_word(self) -> None:
        """Let go of what the collector has. Of events that the broker has not had it cannot know."""
        while not self._heard.empty():
            upto = self._read(self._heard.get_nowait())
            if upto > self._upto:
                self._upto, self._silence_s = upto, self._ack_timeout_s
        if done := [seq for seq in self._delivered if seq <= self._upto]:
            self._outbox.mark_sent(done)
            for seq in done:
                del self._delivered[seq]

    def _read(self, message: Message) -> int:
        """What the collector says it has; 0 for what it cannot mean."""
        try:
            return _upto(message)
        except MessageMalformed as error:
            if self._rarely.ask("malformed", self._monotonic()) is not None:
                logger.warning("passed over an acknowledgment of events: %s", error)
            return 0

    def _forget_stale(self) -> None:
        """What the last session left unacknowledged, or this one has for too long, is handed over again."""
        with self._lock:
            session = self._session
        if session != self._session_seen:
            self._session_seen = session
            self._in_flight.clear()
            self._delivered.clear()
            self._looked_at = 0
        now = self._monotonic()
        stale = [seq for seq, since in self._in_flight.items() if since <= now - self._ack_timeout_s]
        if stale and self._rarely.ask("stale", now) is not None:
            logger.warning(
                "event %s was not acknowledged for %g s; sending it again", min(stale), self._ack_timeout_s
            )
        for seq in stale:
            self._hand_over_again(self._in_flight, seq)
        unheard = [seq for seq, since in self._delivered.items() if since <= now - self._silence_s]
        if unheard:
            logger.warning(
                "the collector has not acknowledged event %s for %g s; sending it again; is the hub up?",
                min(unheard),
                self._silence_s,
            )
            self._silence_s = min(self._silence_s * 2, _LONGEST_SILENCE_S)
        for seq in unheard:
            self._hand_over_again(self._delivered, seq)

    def _hand_over_again(self, known: dict[int, float], seq: int) -> None:
        del known[seq]
        self._looked_at = min(self._looked_at, seq - 1)

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


def _upto(message: Message) -> int:
    if message.retain:
        raise MessageMalformed("it was retained, and may be of another time; do not retain it")
    document = parse_json(message.payload)
    upto = document.get("upto") if isinstance(document, dict) else None
    if type(upto) is not int or upto < 0:
        raise MessageMalformed('it is not {"upto": number}')
    return upto
