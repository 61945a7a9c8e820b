"""Send acknowledgments in the order they were made; what the broker does not take now waits for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from edge.core.ack import Ack
from edge.mqtt.codec import Codec, Outgoing
from edge.ports import Bus
from edge.service.reporting import Clocks

MOST_WAITING = 500


def _nothing() -> None:
    """Nobody waits for it."""


class AckPost:
    """Belongs to the controller's thread. new_id: gives a fresh id for each.

    When more wait than MOST_WAITING the oldest are given up: whoever sends the command again gets the stored
    answer.
    """

    def __init__(self, codec: Codec, bus: Bus, clocks: Clocks, new_id: Callable[[], str]) -> None:
        self._codec = codec
        self._bus = bus
        self._clocks = clocks
        self._new_id = new_id
        self._waiting: deque[tuple[Outgoing, Callable[[], None]]] = deque(maxlen=MOST_WAITING)

    def send(
        self, command: str, ack: Ack, *, repeated: bool = False, on_acked: Callable[[], None] = _nothing
    ) -> None:
        """Answer the command with that id. on_acked: called from any thread once the broker has it."""
        out = self._codec.ack(
            command,
            ack,
            id=self._new_id(),
            now=self._clocks.utc(),
            mono_ms=int(self._clocks.monotonic() * 1000),
            repeated=repeated,
        )
        self._waiting.append((out, on_acked))
        self.flush()

    def flush(self) -> None:
        """Hand over what waits, as far as the broker takes it."""
        while self._waiting:
            out, on_acked = self._waiting[0]
            if not self._bus.publish(
                out.topic, out.payload, qos=out.qos, retain=out.retain, on_acked=on_acked
            ):
                return
            self._waiting.popleft()
