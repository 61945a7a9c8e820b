"""One MQTT connection, from CONNECT to its end."""

from __future__ import annotations

import contextlib
import logging
import math
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from paho.mqtt import MQTTException
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.errors import BrokerUnavailable
from edge.mqtt.codec import DeviceState
from edge.mqtt.link import Link, explain, explain_loss, explain_reason, explain_silence, make_client
from edge.mqtt.listening import Listening, refused
from edge.mqtt.presence import Presence

logger = logging.getLogger(__name__)

_GOODBYE_S = 2.0
_LOOP_S = 1.0
_ASK_AGAIN_S = 1.0
_LONGEST_ASK_AGAIN_S = 60.0
_OVERHEAD_BYTES = 4096
# What paho lets through when the other side does not speak MQTT.
_GARBLED = (MQTTException, ValueError, IndexError, KeyError, TypeError, AttributeError, struct.error)


class Connection:
    """`run` belongs to one thread; everything else may be called from others.

    presence: what is announced of us; None, nothing. session: the number in the last will and in every
    `state` of this connection. on_up: the broker has taken us; returns False to leave again.
    was_remembered: whether the broker had kept our session.
    """

    def __init__(
        self,
        link: Link,
        presence: Presence | None,
        listening: Listening,
        session: int,
        on_up: Callable[[Connection], bool],
        on_message: Callable[[Connection, MQTTMessage], None],
    ) -> None:
        self.was_up = False
        self.was_remembered = False
        self._link = link
        self._presence = presence
        self._listening = listening
        self._session = session
        self._on_up = on_up
        self._on_message = on_message
        self._client: Client | None = None
        self._window = link.window
        self._lock = threading.Lock()
        self._in_flight = 0
        self._waiting: dict[int, Callable[[], None] | None] = {}
        self._settled_early: dict[int, bool] = {}
        self._reason: str | None = None
        self._is_leaving = False
        self._has_warned = False
        self._monotonic = time.monotonic
        self._asked: Sequence[str] = ()
        self._unheard: Sequence[str] = ()
        self._ask_again_at = 0.0
        self._ask_again_s = _ASK_AGAIN_S
        self._has_told_unheard = False

    def run(self, stop: threading.Event, monotonic: Callable[[], float] = time.monotonic) -> str:
        """Connect and serve until the connection ends; say why it ended.

        Raises BrokerUnavailable when there is none to be had.
        """
        self._monotonic = monotonic
        try:
            with explained(self._link):
                self._serve(self.open(), stop, monotonic)
        finally:
            self.close()
        return self.reason

    def open(self) -> Client:
        """Connect, and return the client for a loop to be run over its socket until it ends.

        What that raises, and what this does, is for `explained`. For `run` and for loops that serve many.
        """
        client = self._client = make_client(self._link, hold_acks=self._listening.hold_acks)
        if self._presence is not None:
            will = self._presence.state(DeviceState.LOST, self._session)
            client.will_set(will.topic, will.payload, will.qos, will.retain)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        client.on_message = self._arrived
        # With this set paho leaves all writing to the loop; two threads writing could tear a packet.
        client.on_socket_register_write = _do_nothing
        _connect(client, self._link, self._listening.max_bytes)
        return client

    def close(self) -> None:
        """Close the socket; harmless when it is closed."""
        client, self._client = self._client, None
        if client is not None:
            hang_up(client)

    @property
    def reason(self) -> str:
        """Why the connection has ended."""
        if self._reason is not None:
            return self._reason
        return explain_loss(self._link) if self.was_up else explain_silence(self._link)

    def publish(
        self, topic: str, payload: bytes, qos: int, retain: bool, on_acked: Callable[[], None] | None
    ) -> bool:
        """See MqttBus.publish."""
        client = self._client
        if client is None:
            return False
        with self._lock:
            if self._in_flight >= self._window:
                return False
            self._in_flight += 1
        # No lock of ours around this call: paho holds its own while it reports acknowledgments.
        sent = client.publish(topic, payload, qos, retain)
        with self._lock:
            if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._in_flight -= 1
                return False
            is_taken = self._settled_early.pop(sent.mid, None)
            if is_taken is None:
                self._waiting[sent.mid] = on_acked
                return True
        if is_taken and on_acked is not None:
            on_acked()
        return True

    def settle(self, message: MQTTMessage) -> None:
        """Acknowledge a message of this connection; once, and harmless after its end."""
        client = self._client
        if client is not None:
            client.ack(message.mid, message.qos)

    def announce(self, state: DeviceState, on_acked: Callable[[], None] | None = None) -> bool:
        """Publish the retained `state`. True, and nothing is acknowledged, where nothing is announced."""
        if self._presence is None:
            return True
        message = self._presence.state(state, self._session)
        return self.publish(message.topic, message.payload, message.qos, message.retain, on_acked)

    def say_goodbye(self) -> None:
        """Publish `disconnected`, wait two seconds at most for the broker to have it, and leave."""
        client, has_arrived = self._client, threading.Event()
        if self._presence is not None and self.announce(DeviceState.DISCONNECTED, has_arrived.set):
            has_arrived.wait(_GOODBYE_S)
        if client is not None:
            client.disconnect()
        self._is_leaving = True

    def _serve(self, client: Client, stop: threading.Event, monotonic: Callable[[], float]) -> None:
        answer_by = monotonic() + self._link.connect_timeout_s
        leave_by = math.inf
        while client.loop(_LOOP_S) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            # A cluster that has just lost a node refuses what it grants a moment later.
            if self._unheard and monotonic() >= self._ask_again_at:
                self._ask(client, self._unheard)
            if not self.was_up and stop.is_set():
                return
            if not self.was_up and monotonic() > answer_by:
                raise TimeoutError
            if self._is_leaving:
                leave_by = min(leave_by, monotonic() + _LOOP_S)
                if monotonic() >= leave_by:
                    return

    def _connected(
        self,
        client: Client,
        _userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._reason = explain_reason(self._link, reason)
            return
        self.was_remembered = bool(flags.session_present)
        self._window = min(self._window, getattr(properties, "ReceiveMaximum", self._window))
        self._ask(client, self._listening.filters)
        self.was_up = self._on_up(self)
        if not self.was_up:
            client.disconnect()

    def _disconnected(
        self,
        _client: Client,
        _userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._reason = explain_reason(self._link, reason)

    def _arrived(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        # amqtt hands a new session retained messages that it never subscribed to.
        if self._listening.wants(message.topic):
            self._on_message(self, message)
        else:
            self.settle(message)

    def _subscribed(
        self,
        _client: Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        self._unheard = refused(self._asked, reasons)
        self._ask_again_at = self._monotonic() + self._ask_again_s
        self._ask_again_s = min(self._ask_again_s * 2, _LONGEST_ASK_AGAIN_S)
        if self._unheard and not self._has_told_unheard:
            self._has_told_unheard = True
            logger.warning(
                "the broker lets us not hear %s, for now; if that stays, allow %r to read it",
                ", ".join(self._unheard),
                self._link.client_id,
            )

    def _ask(self, client: Client, filters: Sequence[str]) -> None:
        self._asked, self._unheard = filters, []
        if request := self._listening.request(filters, is_v5=self._link.is_v5):
            client.subscribe(request)

    def _published(
        self, _client: Client, _userdata: object, mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        is_taken = not reason.is_failure
        with self._lock:
            self._in_flight -= 1
            if mid not in self._waiting:
                self._settled_early[mid] = is_taken
                return
            on_acked = self._waiting.pop(mid)
        if is_taken and on_acked is not None:
            on_acked()
        elif not is_taken and not self._has_warned:
            self._has_warned = True
            logger.warning("the broker refuses messages (%s); allow this device to publish them", reason)


def _connect(client: Client, link: Link, max_bytes: int) -> None:
    if not link.is_v5:
        client.connect(link.host, link.port, link.keepalive_s)
        return
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = link.session_expiry_s
    properties.MaximumPacketSize = max_bytes + _OVERHEAD_BYTES
    client.connect(link.host, link.port, link.keepalive_s, clean_start=False, properties=properties)


@contextlib.contextmanager
def explained(link: Link) -> Iterator[None]:
    """Turn whatever talking to a broker can raise into BrokerUnavailable with a cure."""
    try:
        yield
    except OSError as error:
        raise BrokerUnavailable(explain(link, error)) from error
    except _GARBLED as error:
        logger.debug("while talking to %s", link.where, exc_info=True)
        raise BrokerUnavailable(
            f"{link.where} does not speak MQTT ({type(error).__name__}); correct the port"
        ) from error


def hang_up(client: Client) -> None:
    """Close the socket of a client that is not used again, and let go of everything it holds."""
    client.on_connect = client.on_disconnect = client.on_publish = client.on_message = None
    client.on_subscribe = None
    if (held := client.socket()) is not None:
        with contextlib.suppress(OSError):
            held.close()


def _do_nothing(*_: object) -> None:
    """Stands for an event loop that watches the socket."""
