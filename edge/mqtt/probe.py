"""Try once whether a broker would take us."""

from __future__ import annotations

import time
from dataclasses import replace

from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.errors import BrokerUnavailable
from edge.mqtt.connection import explained, hang_up
from edge.mqtt.link import Link, explain_reason, explain_silence, make_client


def probe(link: Link) -> None:
    """Connect, wait for the broker's yes, and leave. Raises BrokerUnavailable with the cure.

    Uses a client id of its own: with the device's it would throw the running daemon out.
    """
    link = replace(link, client_id=f"{link.client_id}-probe")
    answers: list[ReasonCode] = []

    def connected(
        _c: Client, _u: object, _f: ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        answers.append(reason)

    client = make_client(link, clean=True)
    client.on_connect = connected
    give_up_at = time.monotonic() + link.connect_timeout_s
    try:
        with explained(link):
            client.connect(link.host, link.port, link.keepalive_s)
            while not answers and client.loop(0.2) == MQTTErrorCode.MQTT_ERR_SUCCESS:
                if time.monotonic() > give_up_at:
                    raise TimeoutError
            client.disconnect()
    finally:
        hang_up(client)
    if not answers:
        raise BrokerUnavailable(explain_silence(link))
    if answers[0].is_failure:
        raise BrokerUnavailable(explain_reason(link, answers[0]))
