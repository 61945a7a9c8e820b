"""What the device says of its own accord, in envelopes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge.core.envelope import Envelope, document
from edge.core.events import Json
from edge.mqtt.codec import dump_json
from edge.ports import Bus
from edge.service.reporting import Clocks


@dataclass(frozen=True, slots=True)
class Voice:
    """Any thread may speak. new_id: gives a fresh id for each message."""

    bus: Bus
    dev: str
    boot: str
    clocks: Clocks
    new_id: Callable[[], str]

    def say(
        self,
        topic: str,
        message_type: str,
        body: dict[str, Json],
        *,
        qos: int = 1,
        retain: bool = False,
        corr: str | None = None,
        on_acked: Callable[[], None] | None = None,
    ) -> bool:
        """Publish one message, unsigned. False when the broker does not take it now; see `Bus.publish`."""
        written = Envelope(
            id=self.new_id(),
            ts=self.clocks.utc(),
            type=message_type,
            body=body,
            corr=corr,
            dev=self.dev,
            boot=self.boot,
            mono_ms=int(self.clocks.monotonic() * 1000),
            clk=self.clocks.state(),
        )
        payload = dump_json(document(written))
        return self.bus.publish(topic, payload, qos=qos, retain=retain, on_acked=on_acked)
