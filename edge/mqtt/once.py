"""Say one thing to a broker, and leave."""

from __future__ import annotations

import secrets
import threading
from dataclasses import replace

from edge.errors import BrokerUnavailable
from edge.mqtt.client import MqttBus
from edge.mqtt.link import Link

_WAIT_S = 15.0


def publish_once(
    link: Link, topic: str, payload: bytes, *, retain: bool = False, timeout_s: float = _WAIT_S
) -> None:
    """Publish a message and wait until the broker has it. Raises BrokerUnavailable when it does not take it.

    The session is one of its own, so that nobody is thrown out.
    """
    is_up, is_acked = threading.Event(), threading.Event()
    passing = replace(link, client_id=f"{link.client_id}-{secrets.token_hex(4)}", session_expiry_s=0)
    bus = MqttBus(passing, None, (), sessions=lambda: 1)
    bus.start(lambda message: None, lambda up: is_up.set() if up else None)
    try:
        if not is_up.wait(timeout_s):
            raise BrokerUnavailable(bus.trouble or f"the broker at {link.where} does not answer; try again")
        is_taken = bus.publish(topic, payload, retain=retain, on_acked=is_acked.set)
        if not is_taken or not is_acked.wait(timeout_s):
            raise BrokerUnavailable(
                f"the broker at {link.where} does not take messages on {topic}; copy the access rules to it"
            )
    finally:
        bus.close()
