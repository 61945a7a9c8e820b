"""An operator's session at the broker: orders to doors, requests to the hub, and what comes back.

Nothing but the broker is needed for orders to doors; only what the hub keeps is asked of the hub.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from edge.core import envelope
from edge.core.ack import Ack
from edge.core.envelope import Envelope
from edge.core.events import Json
from edge.core.printable import printable_json
from edge.errors import BrokerUnavailable, MessageMalformed, RequestRefused
from edge.keys.signature import SigningKey, signed
from edge.mqtt.client import MqttBus
from edge.mqtt.codec import dump_json, parse_json
from edge.mqtt.link import Link
from edge.mqtt.listening import GALLERY_BYTES
from edge.mqtt.topics import SiteTopics
from edge.ports import Message

CONNECT_S = 10.0
_PUBLISH_S = 10.0
_POLL_S = 0.05
_LOOK_S = 0.1
_NO_HUB_S = 3.0
GONE = ("lost", "disconnected")
"""The states of a member without a session."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device, or the hub, says of an order. order: its id. after_s: since the order was sent."""

    order: str
    dev: str
    ack: Ack
    after_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of a device. dev: empty for one that is of no device. document: decoded JSON."""

    dev: str
    leaf: str
    document: dict[str, Json]
    retained: bool


class Console:
    """A context manager; belongs to one thread.

    name: who asks, as the certificate says. keys: the first one signs, the others cosign; without any,
    orders are not signed, or not given where they `must_be_signed`. hears: filters of what shall be heard
    besides answers. new_id: a UUIDv7 each time. hub: the state the hub is in, as far as it has told.
    Entering raises BrokerUnavailable.
    """

    def __init__(
        self,
        link: Link,
        topics: SiteTopics,
        name: str,
        *,
        keys: Sequence[SigningKey] = (),
        must_be_signed: bool = False,
        hears: Sequence[str] = (),
        new_id: Callable[[], str],
        utc: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.topics = topics
        self.hub: str | None = None
        self._name = name
        self._keys = tuple(keys)
        self._must_be_signed = must_be_signed
        self._new_id = new_id
        self._utc = utc
        self._monotonic = monotonic
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._is_up = False
        self._sent: dict[str, float] = {}
        self._attempts = 0
        self._nodes = len(link.nodes)
        filters = [topics.each("cmd-ack"), topics.hub_ack(name), topics.hub_state, *hears]
        self._bus = MqttBus(
            # Nothing is kept for a console that has gone.
            replace(link, session_expiry_s=0),
            None,
            filters,
            sessions=self._attempt,
            max_bytes=GALLERY_BYTES,
        )

    def __enter__(self) -> Self:
        self._bus.start(self._inbox.put, self._note_link)
        give_up_at = self._monotonic() + CONNECT_S
        while not self._is_up:
            # All nodes have been tried by then.
            if self._attempts > self._nodes or self._monotonic() > give_up_at:
                trouble = self._bus.trouble or "the broker does not answer; check the network"
                self._bus.close()
                raise BrokerUnavailable(trouble)
            time.sleep(_POLL_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.close()

    def order(self, topic: str, type_: str, body: dict[str, Json], valid_s: float | None) -> str:
        """Send a signed order to one device, a group or all, and return its id.

        valid_s: until when it may be carried out, seconds from now; None for who does not know the time.
        Raises MessageMalformed for a body that cannot be signed, RequestRefused where there is no key to sign
        with, BrokerUnavailable.
        """
        return self._send(topic, type_, body, valid_s, None)

    def answers(
        self, orders: Sequence[str], within_s: float, *, progress: bool = False
    ) -> Iterator[Answer | None]:
        """The answers to orders as they come, until the time is over; None now and then when nothing came.

        progress: and what is said on the way. Whoever has all the answers wanted stops asking.
        """
        wanted = set(orders)
        for heard in self.heard(within_s):
            answer = None if heard is None else self.answer(heard)
            if answer is None:
                yield None
            elif answer.order in wanted and (progress or answer.ack.status.is_final):
                yield answer

    def ask(self, type_: str, body: dict[str, Json], within_s: float = 30.0) -> Ack:
        """Ask the hub. Raises BrokerUnavailable when it does not answer, and as `order`."""
        request = self._send(self.topics.hub_cmd, type_, body, within_s, self._name)
        for answer in self.answers([request], within_s):
            if answer is not None:
                return answer.ack
            if self.hub in GONE:
                raise BrokerUnavailable(f"the hub is {self.hub}; start it with 'ostiary hub run'")
            if self.hub is None and self._monotonic() - self._sent[request] > _NO_HUB_S:
                raise BrokerUnavailable("no hub is at this site; start one with 'ostiary hub run'")
        raise BrokerUnavailable(f"the hub did not answer within {within_s:g} s; see its log")

    def heard(self, within_s: float | None = None) -> Iterator[Heard | None]:
        """What arrives, until the time is over (None: for ever); None after a moment without anything.

        Messages that are not JSON objects are passed over; all texts are fit for a terminal. The hub's
        answers have the leaf `ack`.
        """
        give_up_at = None if within_s is None else self._monotonic() + within_s
        while give_up_at is None or self._monotonic() < give_up_at:
            left = _LOOK_S if give_up_at is None else min(_LOOK_S, give_up_at - self._monotonic())
            try:
                message = self._inbox.get(timeout=max(0.0, left))
            except queue.Empty:
                yield None
                continue
            with suppress(MessageMalformed):
                document = printable_json(parse_json(message.payload, GALLERY_BYTES))
                if isinstance(document, dict):
                    yield self._told(message, document)

    def _told(self, message: Message, document: dict[str, Json]) -> Heard:
        topic = message.topic
        if topic == self.topics.hub_ack(self._name):
            return Heard("", "ack", document, message.retain)
        if topic == self.topics.hub_state:
            self.hub = str(document.get("state"))
        dev = self.topics.dev_of(topic)
        leaf = topic if dev is None else self.topics.leaf_of(topic)
        return Heard(dev or "", leaf, document, message.retain)

    def answer(self, heard: Heard) -> Answer | None:
        """What was heard as the answer to an order of ours; None when it is something else."""
        if heard.leaf not in ("cmd-ack", "ack"):
            return None
        try:
            told = envelope.parse(heard.document)
        except MessageMalformed:
            return None
        sent = None if told.corr is None else self._sent.get(told.corr)
        if told.corr is None or sent is None:
            return None
        ack = Ack.from_json(dump_json(told.body).decode())
        return Answer(told.corr, heard.dev, ack, self._monotonic() - sent)

    def _send(
        self, topic: str, type_: str, body: dict[str, Json], valid_s: float | None, dev: str | None
    ) -> str:
        if self._must_be_signed and not self._keys:
            raise RequestRefused(
                f"{self._name} has no key to sign with, and may only watch; 'ostiary fleet provision operator"
                f" {self._name} --role ROLE' gives one"
            )
        now = self._utc()
        ends = None if valid_s is None else now + timedelta(seconds=valid_s)
        made = Envelope(self._new_id(), now, type_, body, dev=dev, exp=ends)
        if self._keys:
            made = signed(made, topic, *self._keys)
        payload = dump_json(envelope.document(made))
        self._sent[made.id] = self._monotonic()
        give_up_at = self._monotonic() + _PUBLISH_S
        while not self._bus.publish(topic, payload):
            if self._monotonic() > give_up_at:
                raise BrokerUnavailable(self._bus.trouble or "the broker takes no messages; try again")
            time.sleep(_POLL_S)
        return made.id

    def _attempt(self) -> int:
        """The number of an attempt to connect, on the bus's thread."""
        self._attempts += 1
        return self._attempts

    def _note_link(self, is_up: bool) -> None:
        self._is_up = is_up
