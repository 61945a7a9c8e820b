"""Members of a site at work: a door with its outbox, a hub that collects, an operator who commands."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from edge.core.events import Event, EventClass, StoredEvent
from edge.mqtt.client import MqttBus
from edge.mqtt.codec import Codec, Outgoing
from edge.mqtt.link import Link
from edge.mqtt.presence import Presence
from edge.mqtt.pump import OutboxPump
from edge.ports import Message
from tests.broker import until
from tests.brokers.site import SITE, BrokerSite
from tests.fakes import FakeOutbox

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_sessions = itertools.count(1)


@dataclass
class Client:
    """One MQTT session and all it heard."""

    bus: MqttBus
    messages: list[Message] = field(default_factory=list)
    links: list[bool] = field(default_factory=list)

    @property
    def is_up(self) -> bool:
        return bool(self.links) and self.links[-1]

    def on(self, topic: str) -> list[bytes]:
        return [message.payload for message in list(self.messages) if message.topic == topic]

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish, again and again until the broker has it."""
        acked = threading.Event()
        while not acked.is_set():
            until(
                lambda: self.bus.publish(topic, payload, retain=retain, on_acked=acked.set),
                f"a way for {topic}",
            )
            until(lambda: acked.is_set() or not self.is_up, f"the acknowledgment of {topic}")


@contextmanager
def client(
    link: Link, filters: Sequence[str] = (), presence: Presence | None = None, *, wait: bool = True
) -> Iterator[Client]:
    bus = MqttBus(link, presence, filters, sessions=_sessions.__next__)
    made = Client(bus)
    bus.start(made.messages.append, made.links.append)
    try:
        if wait:
            until(lambda: made.is_up, "a session")
        yield made
    finally:
        bus.close()


@dataclass
class Door:
    client: Client
    outbox: FakeOutbox
    pump: OutboxPump
    told: int = 0

    def tell(self, count: int) -> None:
        """Events into the outbox; the pump sends them when it can."""
        for _ in range(count):
            self.told += 1
            event = Event(EventClass.ACCESS, "access.granted", NOW)
            self.outbox.add(StoredEvent(self.told, f"id-{self.told}", "boot", 0, event))
        self.pump.wake()


@contextmanager
def door(
    site: BrokerSite, name: str = "door-1", *, link: Link | None = None, first: int = 0
) -> Iterator[Door]:
    """A device as the daemon runs it: outbox, pump, will, commands for it, its group and all."""
    topics = SITE.device(name)
    group = {"door-1": "lobby", "door-2": "vault"}.get(name)
    filters = [topics.cmd, SITE.all_cmd, SITE.keys, *([SITE.group_cmd(group)] if group else [])]
    codec = Codec(topics, boot="boot", doors=frozenset({"main"}))
    outbox = FakeOutbox()
    bus = MqttBus(link or site.link(name, first=first), codec, filters, sessions=_sessions.__next__)
    made = Client(bus)
    pump = OutboxPump(
        outbox,
        bus,
        lambda stored: Outgoing(topics.event(EventClass.ACCESS), stored.id.encode()),
        ack_timeout_s=5,
    )
    stop = threading.Event()
    pumping = threading.Thread(target=pump.run, args=(stop, lambda: None), daemon=True)

    def on_link(up: bool) -> None:
        pump.on_link(up)
        made.links.append(up)

    bus.start(made.messages.append, on_link)
    pumping.start()
    try:
        until(lambda: made.is_up, f"a session of {name}")
        yield Door(made, outbox, pump)
    finally:
        stop.set()
        pump.wake()
        pumping.join(5)
        bus.close()


@contextmanager
def hub(site: BrokerSite, *, first: int = 0) -> Iterator[Client]:
    """Hears events, states and acknowledgments of every device."""
    filters = [SITE.each("evt/+"), SITE.each("state"), SITE.hub_cmd]
    with client(replace(site.link("hub", first=first), window=100), filters) as made:
        yield made


@contextmanager
def operator(
    site: BrokerSite, name: str = "anna", filters: Sequence[str] = (), *, first: int = 0
) -> Iterator[Client]:
    link = replace(site.link(name, first=first), client_id=f"{name}-{next(_sessions)}", session_expiry_s=0)
    with client(link, filters) as made:
        yield made


def collected(hub: Client, name: str = "door-1") -> Counter[bytes]:
    """How often each event of a device arrived."""
    return Counter(hub.on(SITE.device(name).event(EventClass.ACCESS)))


def ids(count: int) -> set[bytes]:
    return {f"id-{number}".encode() for number in range(1, count + 1)}


def states(client: Client, name: str) -> list[str]:
    return [json.loads(payload)["state"] for payload in client.on(SITE.device(name).state)]
