"""The session of one virtual door with its broker: the product's own connection, served by a shared loop."""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode

from edge.errors import BrokerUnavailable
from edge.mqtt.codec import DeviceState
from edge.mqtt.connection import Connection, explained, hang_up
from edge.mqtt.link import Link
from edge.mqtt.listening import Listening
from edge.mqtt.presence import Presence
from edge.ports import Message
from tools.fleet.loop import READ, WRITE, Loop

logger = logging.getLogger(__name__)
_CHECKS_PER_KEEPALIVE = 6
_STEADY_S = 10.0
"""A session that ends earlier does not shorten the wait before the next one."""


class Session:
    """ports.Bus of one virtual door. presence, subscriptions, sessions: as those of MqttBus. All calls come
    from the loop's thread, and so do the callbacks."""

    def __init__(
        self,
        loop: Loop,
        link: Link,
        presence: Presence | None,
        subscriptions: Sequence[str],
        max_bytes: int,
        sessions: Callable[[], int],
    ) -> None:
        self._loop = loop
        self._nodes = link.nodes
        self._at = 0
        self._presence = presence
        self._listening = Listening(subscriptions, max_bytes=max_bytes)
        self._max_bytes = max_bytes
        self._sessions = sessions
        self._connection: Connection | None = None
        self._client: Client | None = None
        self._number: int | None = None
        self._is_writing = False
        self._wait_s = link.backoff_s[0]
        self._up_at = 0.0
        self._tried = 0
        self._state = DeviceState.INIT
        self._happened: deque[Message | None] = deque()
        self._is_closed = False
        self._was_told = False
        self.is_up = False
        self.trouble: str | None = None
        self._on_message: Callable[[Message], None] = lambda message: None
        self._on_link: Callable[[bool], None] = lambda up: None

    def start(self, on_message: Callable[[Message], None], on_link: Callable[[bool], None]) -> None:
        """Begin connecting. See MqttBus.start."""
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
        """See MqttBus.publish."""
        if self._connection is None or not self.is_up:
            return False
        self._loop.flush(self._write)
        return self._connection.publish(topic, payload, qos, retain, on_acked)

    def set_state(self, state: DeviceState) -> bool:
        """See MqttBus.set_state."""
        self._state = state
        if self._connection is None or not self.is_up:
            return True
        self._loop.flush(self._write)
        return self._connection.announce(state)

    def close(self) -> None:
        """Without a goodbye: a broker that is told nothing publishes the will."""
        self._is_closed = True
        self._drop()

    def cut(self) -> None:
        """Lose the connection, as by a cable that is pulled."""
        self._lose("cut")

    @property
    def _link(self) -> Link:
        """The node that is tried, or in use."""
        return self._nodes[self._at]

    def _ready(self, events: int) -> None:
        if events & WRITE:
            self._write()
        if events & READ:
            self._read()

    def _read(self) -> None:
        """Read a message or a few. What is heard is handed on afterwards: the broker is not to blame for what
        fails there."""
        client = self._client
        if client is None:
            return
        try:
            with explained(self._link):
                is_alive = client.loop_read() == MQTTErrorCode.MQTT_ERR_SUCCESS
                pending = getattr(client.socket(), "pending", None)
                if is_alive and pending is not None and pending():
                    # No selector tells of what TLS has read already; the others have their turn before it.
                    self._loop.again(self._read)
        except BrokerUnavailable as error:
            self._lose(str(error))
            return
        while self._happened and self._client is client:
            one = self._happened.popleft()
            if one is None:
                self._was_told = True
                self._on_link(True)
            else:
                self._on_message(one)
        if not is_alive and self._client is client:
            self._lose()
        else:
            # At once: who waits for these answers need not wait for those of all the other doors.
            self._write()

    def _write(self) -> None:
        """Hand over what waits; for what does not go out now, wait until the socket takes more."""
        client = self._client
        if client is None or self._number is None:
            return
        try:
            with explained(self._link):
                is_alive = not client.want_write() or client.loop_write() == MQTTErrorCode.MQTT_ERR_SUCCESS
        except BrokerUnavailable as error:
            self._lose(str(error))
            return
        if not is_alive:
            self._lose()
        elif client.want_write() != self._is_writing:
            self._is_writing = client.want_write()
            self._loop.watch_for(self._number, READ | WRITE if self._is_writing else READ)

    def _connect(self) -> None:
        """The handshake takes its time, and a broker that hangs takes all there is: not in the loop."""
        if self._is_closed:
            return
        connection = Connection(
            self._link, self._presence, self._listening, self._sessions(), self._up, self._arrived
        )
        self._connection = connection
        link = self._link

        def open_it() -> Client:
            with explained(link):
                return connection.open()

        self._loop.aside(open_it, lambda opened: self._opened(connection, opened))

    def _opened(self, connection: Connection, opened: Future[Client]) -> None:
        error = opened.exception()
        if error is not None and not isinstance(error, BrokerUnavailable):
            raise error
        if connection is not self._connection:
            if error is None:
                hang_up(opened.result())
            return
        held = None if error is not None else opened.result().socket()
        if held is None:
            self._lose(None if error is None else str(error))
            return
        self._client, self._number = opened.result(), held.fileno()
        self._loop.watch(self._number, READ, self._ready)
        self._loop.flush(self._write)
        self._loop.later(self._link.connect_timeout_s, lambda: self._check_answer(connection))
        self._keep_alive(connection)

    def _check_answer(self, connection: Connection) -> None:
        if connection is self._connection and not self.is_up:
            self._lose("the broker does not answer")

    def _keep_alive(self, connection: Connection) -> None:
        client = self._client
        if connection is not self._connection or client is None:
            return
        if client.loop_misc() != MQTTErrorCode.MQTT_ERR_SUCCESS or client.socket() is None:
            self._lose("the broker is silent")
            return
        if client.want_write():
            self._loop.flush(self._write)
        after_s = self._link.keepalive_s / _CHECKS_PER_KEEPALIVE * random.uniform(0.8, 1.0)
        self._loop.later(after_s, lambda: self._keep_alive(connection))

    def _up(self, connection: Connection) -> bool:
        if connection is not self._connection:
            return False
        self.is_up, self.trouble = True, None
        self._up_at = self._loop.monotonic()
        connection.announce(self._state)
        self._happened.append(None)
        return True

    def _arrived(self, connection: Connection, message: MQTTMessage) -> None:
        payload = bytes(message.payload[: self._max_bytes + 1])
        at = self._loop.monotonic()
        self._happened.append(Message(message.topic, payload, message.retain, message.qos, at))

    def _lose(self, why: str | None = None) -> None:
        connection = self._connection
        if why is None and connection is not None:
            why = connection.reason
        was_steady = self.is_up and self._loop.monotonic() - self._up_at >= _STEADY_S
        self._drop()
        self.trouble = why
        logger.debug("%s: %s", self._link.client_id, why)
        first_s, longest_s = self._link.backoff_s
        if was_steady:
            self._wait_s, self._tried = first_s, 0
        wait_s = min(self._wait_s, longest_s) * random.uniform(0.5, 1.0)
        self._at = (self._at + 1) % len(self._nodes)
        self._tried += 1
        if self._tried % len(self._nodes) == 0:
            self._wait_s = min(2 * self._wait_s, longest_s)
        if not self._is_closed:
            self._loop.later(wait_s, self._connect)

    def _drop(self) -> None:
        was_told, self._was_told, self.is_up = self._was_told, False, False
        if self._number is not None:
            self._loop.unwatch(self._number)
            self._number = None
        if self._connection is not None:
            self._connection.close()
        self._connection = self._client = None
        self._is_writing = False
        self._happened.clear()
        if was_told:
            self._on_link(False)
