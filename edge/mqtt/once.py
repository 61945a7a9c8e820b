"""Say one thing to a broker, and leave."""

from __future__ import annotations

import itertools
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
    changed, is_acked = threading.Event(), threading.Event()
    attempts, ups = itertools.count(1), []
    passing = replace(link, client_id=f"{link.client_id}-{secrets.token_hex(4)}", session_expiry_s=0)
    last = len(passing.nodes)

    def session() -> int:
        """Called for each attempt: the one after all nodes have been tried is one too many."""
        number = next(attempts)
        if number > last:
            changed.set()
        return number

    def on_link(up: bool) -> None:
        ups.append(up)
        changed.set()

    bus = MqttBus(passing, None, (), sessions=session)
    bus.start(lambda message: None, on_link)
    try:
        changed.wait(timeout_s * last)
        if ups[-1:] != [True]:
            raise BrokerUnavailable(bus.trouble or f"the broker at {link.where} does not answer; try again")
        is_taken = bus.publish(topic, payload, retain=retain, on_acked=is_acked.set)
        if not is_taken or not is_acked.wait(timeout_s):
            raise BrokerUnavailable(
                f"the broker at {link.where} does not take messages on {topic}; copy the access rules to it"
            )
    finally:
        bus.close()
