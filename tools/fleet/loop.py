"""One thread that serves the MQTT sessions of many virtual doors: the product's own connections, over one
selector instead of a thread each."""

from __future__ import annotations

import heapq
import itertools
import logging
import random
import selectors
import threading
import time
from collections.abc import Callable, Sequence

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode

from edge.errors import BrokerUnavailable
from edge.mqtt.codec import DeviceState
from edge.mqtt.connection import Connection, explained
from edge.mqtt.link import Link
from edge.mqtt.listening import Listening
from edge.mqtt.presence import Presence
from edge.ports import Message

logger = logging.getLogger(__name__)
_KEEPALIVE_CHECK_S = 1.0
_LONGEST_WAIT_S = 0.1


class Loop:
    """Runs what is due, and serves the sockets that are ready. Belongs to the thread that runs it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.monotonic = monotonic
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._writers: set[Session] = set()

    def later(self, after_s: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.monotonic() + after_s, next(self._numbers), do))

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.step(_LONGEST_WAIT_S)

    def step(self, wait_s: float) -> None:
        now = self.monotonic()
        if self._due:
            wait_s = max(0.0, min(wait_s, self._due[0][0] - now))
        for key, _ in self._selector.select(0.0 if self._writers else wait_s):
            key.data.read()
        now = self.monotonic()
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()
        writers, self._writers = self._writers, set()
        for session in writers:
            session.write()

    def watch(self, client: Client, session: Session) -> int | None:
        held = client.socket()
        if held is None:
            return None
        self._selector.register(held, selectors.EVENT_READ, session)
        return held.fileno()

    def unwatch(self, number: int) -> None:
        self._selector.unregister(number)

    def wants_to_write(self, session: Session) -> None:
        self._writers.add(session)


class Session:
    """ports.Bus of one virtual door. presence, subscriptions: as those of MqttBus. All calls come from the
    loop's thread."""

    def __init__(
        self,
        loop: Loop,
        link: Link,
        presence: Presence,
        subscriptions: Sequence[str],
        max_bytes: int,
        sessions: Callable[[], int],
    ) -> None:
        self._loop = loop
        self._link = link
        self._presence = presence
        self._listening = Listening(subscriptions, max_bytes=max_bytes)
        self._max_bytes = max_bytes
        self._sessions = sessions
        self._connection: Connection | None = None
        self._client: Client | None = None
        self._number: int | None = None
        self._wait_s = link.backoff_s[0]
        self._state = DeviceState.INIT
        self.is_up = False
        self._on_message: Callable[[Message], None] = lambda message: None
        self._on_link: Callable[[bool], None] = lambda up: None

    def start(self, on_message: Callable[[Message], None], on_link: Callable[[bool], None]) -> None:
        self._on_message, self._on_link = on_message, on_link
        self._connect()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        on_acked: Callable[[], None] | None = None,
    ) -> bool:
        if self._connection is None or not self.is_up:
            return False
        taken = self._connection.publish(topic, payload, qos, retain, on_acked)
        self._loop.wants_to_write(self)
        return taken

    def set_state(self, state: DeviceState) -> bool:
        self._state = state
        if self._connection is None or not self.is_up:
            return True
        self._loop.wants_to_write(self)
        return self._connection.announce(state)

    def close(self) -> None:
        """Without a goodbye: a broker that is told nothing publishes the will."""
        self._drop()

    def read(self) -> None:
        client = self._client
        if client is None:
            return
        failed = client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS
        # What TLS has read already, no selector tells of.
        held = client.socket()
        pending = getattr(held, "pending", None)
        while not failed and pending is not None and pending():
            failed = client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS
        self._after(failed)

    def write(self) -> None:
        client = self._client
        if client is None:
            return
        self._after(client.want_write() and client.loop_write() != MQTTErrorCode.MQTT_ERR_SUCCESS)

    def _after(self, failed: bool) -> None:
        client = self._client
        if client is None:
            return
        if failed or client.socket() is None:
            self._lose()
        elif client.want_write():
            self._loop.wants_to_write(self)

    def _connect(self) -> None:
        connection = Connection(
            self._link, self._presence, self._listening, self._sessions(), self._up, self._arrived
        )
        self._connection = connection
        try:
            with explained(self._link):
                self._client = connection.open()
        except BrokerUnavailable as error:
            logger.debug("%s: %s", self._link.client_id, error)
            self._lose()
            return
        self._number = self._loop.watch(self._client, self)
        self._loop.wants_to_write(self)
        self._loop.later(self._link.connect_timeout_s, self._check_answer)
        self._loop.later(_KEEPALIVE_CHECK_S, self._keep_alive)

    def _check_answer(self) -> None:
        if self._client is not None and not self.is_up:
            self._lose()

    def _keep_alive(self) -> None:
        client = self._client
        if client is None:
            return
        if client.loop_misc() != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._lose()
            return
        self._after(False)
        self._loop.later(_KEEPALIVE_CHECK_S, self._keep_alive)

    def _up(self, connection: Connection) -> bool:
        self.is_up = True
        self._wait_s = self._link.backoff_s[0]
        connection.announce(self._state)
        self._on_link(True)
        return True

    def _arrived(self, connection: Connection, message: MQTTMessage) -> None:
        payload = bytes(message.payload[: self._max_bytes + 1])
        at = self._loop.monotonic()
        self._on_message(Message(message.topic, payload, message.retain, message.qos, at))

    def _lose(self) -> None:
        self._drop()
        wait_s = self._wait_s * random.uniform(0.5, 1.0)
        self._wait_s = min(2 * self._wait_s, self._link.backoff_s[1])
        self._loop.later(wait_s, self._connect)

    def _drop(self) -> None:
        was_up, self.is_up = self.is_up, False
        if self._number is not None:
            self._loop.unwatch(self._number)
            self._number = None
        if self._connection is not None:
            self._connection.close()
        self._connection = self._client = None
        if was_up:
            self._on_link(False)
