"""An MQTT session that survives the broker, behind the Bus port.

Every connection gets a new paho client under the same client id. So paho never holds messages from
an earlier connection back to send them on its own: what was not acknowledged is sent again by
whoever owns it, the outbox for events. The broker keeps our subscriptions and what arrives for them
while we are away.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from paho.mqtt.client import MQTTMessage

from edge.errors import BrokerUnavailable
from edge.mqtt.codec import MAX_BYTES, DeviceState
from edge.mqtt.connection import Connection
from edge.mqtt.link import Link
from edge.mqtt.listening import Listening
from edge.mqtt.presence import Presence
from edge.ports import Message

logger = logging.getLogger(__name__)

_JOIN_S = 3.5
_STEADY_S = 5.0


class MqttBus:
    """ports.Bus over paho-mqtt.

    presence: what is announced of us; None, nothing. subscriptions: filters of what we want to hear, read
    at each connection. hold_acks: the broker keeps a message, and sends it again in the next session, until
    `Message.settle` was called; a window that is full of unsettled ones brings no further ones. max_bytes: a
    longer payload comes cut to one byte more, or not at all.
    sessions: called from the bus's own thread, once for each attempt to connect, for the number that
    last will, birth and goodbye carry. It must grow, over restarts too. monotonic: seconds.
    """

    def __init__(
        self,
        link: Link,
        presence: Presence | None,
        subscriptions: Sequence[str],
        *,
        sessions: Callable[[], int],
        hold_acks: bool = False,
        max_bytes: int = MAX_BYTES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._nodes = link.nodes
        self._at = 0
        self._presence = presence
        self._subscriptions = subscriptions
        self._hold_acks = hold_acks
        self._max_bytes = max_bytes
        self._sessions = sessions
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._state = DeviceState.INIT
        self._was_born = False
        self._was_remembered = False
        self._connection: Connection | None = None
        self._trouble: str | None = None
        self._logged: set[str] = set()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._on_message: Callable[[Message], None] = _ignore
        self._on_link: Callable[[bool], None] = _ignore

    @property
    def trouble(self) -> str | None:
        """Why there is no session, and the cure, in one line; None while there is one."""
        return self._trouble

    @property
    def was_remembered(self) -> bool:
        """Whether the broker had kept our session when it last took us; if not, it may have lost all that it
        had retained, too."""
        return self._was_remembered

    @property
    def is_alive(self) -> bool:
        """Whether the bus's thread runs; it must not end between `start` and `close`."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, on_message: Callable[[Message], None], on_link: Callable[[bool], None]) -> None:
        """Begin connecting in the background. Both callbacks come from the bus's thread.

        on_link(True) is called when messages can be published, on_link(False) when that has ended and
        before the next session begins.
        """
        self._on_message, self._on_link = on_message, on_link
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        on_acked: Callable[[], None] | None = None,
    ) -> bool:
        """Hand over one message; False when there is no session or the window is full.

        on_acked is called at most once, from the bus's thread or this one, and never after the
        session in which the message was handed over has ended. It must only enqueue.
        """
        connection = self._connection
        return connection is not None and connection.publish(topic, payload, qos, retain, on_acked)

    def set_state(self, state: DeviceState) -> bool:
        """Say how the device is, now and at the birth of every later session.

        False when there is a session that did not take it: say it again.
        """
        with self._lock:
            self._state = state
            return self._connection is None or self._connection.announce(state)

    def close(self) -> None:
        """Say goodbye (`disconnected`) and leave, within four seconds; harmless when not started."""
        self._stop.set()
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.say_goodbye()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
            self._thread = None

    @property
    def _link(self) -> Link:
        """The node that is tried, or in use."""
        return self._nodes[self._at]

    def _run(self) -> None:
        first_s, longest_s = self._link.backoff_s
        tried = 0
        wait_s = first_s
        while not self._stop.is_set():
            began = self._monotonic()
            was_up = self._connect_once()
            # A broker that takes us and drops us at once is backed off from like one that is not there.
            if was_up and self._monotonic() - began >= _STEADY_S:
                wait_s, tried = first_s, 0
                self._logged.clear()
            self._at = (self._at + 1) % len(self._nodes)
            wait_s = min(wait_s, longest_s)
            # Spread over half the wait: after a power cut a whole site must not knock at once.
            self._stop.wait(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
            tried += 1
            if tried % len(self._nodes) == 0:
                wait_s *= 2

    def _connect_once(self) -> bool:
        """Run one connection from its start to its end. Returns whether the broker ever took us."""
        listening = Listening(self._subscriptions, hold_acks=self._hold_acks, max_bytes=self._max_bytes)
        connection = Connection(
            self._link, self._presence, listening, self._sessions(), self._up, self._arrived
        )
        try:
            trouble = connection.run(self._stop, self._monotonic)
        except BrokerUnavailable as error:
            trouble = str(error)
        with self._lock:
            self._connection = None
        if connection.was_up:
            self._on_link(False)
        if not self._stop.is_set():
            self._report(trouble)
        return connection.was_up

    def _up(self, connection: Connection) -> bool:
        with self._lock:
            if self._stop.is_set():
                return False
            # A start is seen as one, also by who hears of it when it is over.
            if not self._was_born and self._state is not DeviceState.INIT:
                connection.announce(DeviceState.INIT)
            self._was_born = True
            connection.announce(self._state)
            self._connection = connection
        self._trouble = None
        self._was_remembered = connection.was_remembered
        logger.info("connected to the broker at %s", self._link.where)
        self._on_link(True)
        return True

    def _arrived(self, connection: Connection, message: MQTTMessage) -> None:
        at = self._monotonic()
        # An oversized one is refused for its length; there is no need to keep all of it until then.
        payload = bytes(message.payload[: self._max_bytes + 1])
        made = Message(message.topic, payload, message.retain, message.qos, at)
        if self._hold_acks:
            made = replace(made, settle=_Once(partial(connection.settle, message)))
        self._on_message(made)

    def _report(self, trouble: str) -> None:
        self._trouble = trouble
        if trouble not in self._logged:
            self._logged.add(trouble)
            logger.warning("%s; trying again", trouble)


class _Once:
    """A number may be in use again once it was acknowledged: a second time it is another message's."""

    def __init__(self, settle: Callable[[], None]) -> None:
        self._settle = settle
        self._unsettled = threading.Lock()

    def __call__(self) -> None:
        if self._unsettled.acquire(blocking=False):
            self._settle()


def _ignore(_: object) -> None:
    """Where callbacks go before `start` has named them."""
