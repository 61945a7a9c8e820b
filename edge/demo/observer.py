"""A client that has nothing to do with the daemon but the broker: it sees what the site would see."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.demo.broker import Address
from edge.errors import BrokerUnavailable


@dataclass(frozen=True, slots=True)
class Heard:
    """One message. at: monotonic seconds of arrival. body: the JSON document as it came."""

    at: float
    topic: str
    body: dict[str, Any]
    retained: bool


class Observer:
    """Records every message below `ostiary/`."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._heard: list[Heard] = []
        self._news = threading.Condition()
        self._subscribed = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id="observer", protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.on_connect = lambda client, *_: client.subscribe("ostiary/#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _client, _userdata, message: self._record(message)

    def start(self) -> None:
        """Connect and subscribe. Raises BrokerUnavailable."""
        self._client.connect(self._address.host, self._address.port)
        self._client.loop_start()
        if not self._subscribed.wait(5.0):
            raise BrokerUnavailable(f"the broker at port {self._address.port} does not answer; try again")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def heard(self, since: float = float("-inf"), until: float = float("inf")) -> list[Heard]:
        """What arrived between two monotonic times."""
        with self._news:
            return [one for one in self._heard if since <= one.at <= until]

    def wait_for(self, wanted: Callable[[Heard], bool], since: float, timeout_s: float) -> Heard | None:
        """The first message that is wanted and arrived at or after `since`; None when none came in time."""

        def found() -> Heard | None:
            return next((one for one in self._heard if one.at >= since and wanted(one)), None)

        with self._news:
            self._news.wait_for(lambda: found() is not None, timeout_s)
            return found()

    def send(self, topic: str, body: dict[str, Any], *, retain: bool = False) -> None:
        """Publish one JSON document with QoS 1 and wait until the broker has it."""
        self._client.publish(topic, json.dumps(body), qos=1, retain=retain).wait_for_publish(5.0)

    def _record(self, message: MQTTMessage) -> None:
        try:
            body = json.loads(message.payload)
        except ValueError:
            return
        with self._news:
            self._heard.append(Heard(time.monotonic(), message.topic, body, message.retain))
            self._news.notify_all()
