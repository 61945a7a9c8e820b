"""What every bus promises, held against the fake and against sessions with real brokers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from edge.demo.broker import Broker, find_mosquitto
from edge.mqtt.client import MqttBus
from edge.mqtt.codec import Codec
from edge.mqtt.link import Link
from edge.mqtt.topics import Topics
from edge.ports import Bus, Message
from tests.broker import LOOPBACK, Authority, Proxy, Site, acl_lines, password_lines, tls_lines, until
from tests.contracts.looped_bus import LoopedBus
from tests.fakes import FakeBus

TOPICS = Topics("hq", "door-7")
EVENTS = "ostiary/1/hq/d/door-7/evt/door"
FILTERS = [TOPICS.cmd, TOPICS.shared.delta("main", "+"), "homeassistant/status"]
KINDS = ["fake", "mosquitto-5", "mosquitto-3.1.1", "mosquitto-5-tls", "mosquitto-3.1.1-password", "amqtt"]
VIRTUAL = ["mosquitto-5-virtual", "mosquitto-5-virtual-tls"]
"""Sessions of the simulator; they acknowledge at once."""


@dataclass
class Rig:
    """A bus, its callbacks, and the broker's side of it."""

    bus: Bus
    seen_at_site: Callable[[], list[bytes]]
    send_to: Callable[[str, bytes], None]
    cut: Callable[[], None]
    mend: Callable[[], None]
    messages: list[Message] = field(default_factory=list)
    links: list[bool] = field(default_factory=list)
    acked: list[bytes] = field(default_factory=list)

    def start(self) -> None:
        self.bus.start(self.messages.append, self.links.append)
        until(lambda: self.links == [True], "a session")

    def send(self, payload: bytes) -> None:
        self.send_to(TOPICS.cmd, payload)

    def publish(self, payload: bytes) -> bool:
        return self.bus.publish(EVENTS, payload, on_acked=lambda: self.acked.append(payload))


@pytest.fixture(params=KINDS + VIRTUAL)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    yield from opened(request.param, tmp_path, hold_acks=False)


@pytest.fixture(params=KINDS)
def holding(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Acknowledges what was settled."""
    if request.param == "amqtt":
        pytest.skip("amqtt does not send again what was not acknowledged")
    yield from opened(request.param, tmp_path, hold_acks=True)


def opened(kind: str, folder: Path, *, hold_acks: bool) -> Iterator[Rig]:
    if kind.startswith("mosquitto") and find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    if kind == "amqtt":
        pytest.importorskip("amqtt", reason="amqtt is not installed")
    with fake(hold_acks) if kind == "fake" else real(kind, folder, hold_acks) as made:
        try:
            yield made
        finally:
            made.bus.close()


@contextmanager
def fake(hold_acks: bool) -> Iterator[Rig]:
    bus = FakeBus(hold_acks=hold_acks)
    yield Rig(
        bus,
        seen_at_site=lambda: bus.payloads(EVENTS),
        send_to=bus.deliver,
        cut=bus.drop,
        mend=bus.connect,
    )


@contextmanager
def real(kind: str, folder: Path, hold_acks: bool) -> Iterator[Rig]:
    protocol: Literal["5", "3.1.1"] = "5" if "-5" in kind else "3.1.1"
    door = Link(LOOPBACK, "door-7", 1, protocol, connect_timeout_s=5.0, backoff_s=(0.02, 0.1))
    site = replace(door, client_id="site")
    lines: list[str] | None = None
    if kind.endswith("tls"):
        authority = Authority(folder)
        lines = [*tls_lines(authority.issue("broker", host=LOOPBACK)), *acl_lines(folder)]
        door, site = (replace(link, tls=authority.issue(link.client_id)) for link in (door, site))
    if kind.endswith("password"):
        lines = [*password_lines(folder, {"door-7": "d", "site": "s"}), *acl_lines(folder)]
        door = replace(door, username="door-7", password=lambda: "d")
        site = replace(site, username="site", password=lambda: "s")
    codec = Codec(TOPICS, "boot-1", frozenset({"main"}))
    with (
        Broker(kind="amqtt" if kind == "amqtt" else "mosquitto", lines=lines) as broker,
        Proxy(broker.address.port) as proxy,
        Site(replace(site, port=broker.address.port)) as listening,
    ):
        link, sessions = replace(door, port=proxy.port), itertools.count(1).__next__
        made = LoopedBus if "virtual" in kind else partial(MqttBus, hold_acks=hold_acks)
        yield Rig(
            made(link, codec, FILTERS, sessions=sessions),
            seen_at_site=lambda: [seen.payload for seen in listening.on(EVENTS)],
            send_to=listening.send,
            cut=proxy.cut,
            mend=proxy.mend,
        )


def test_nothing_is_taken_before_the_start(rig: Rig) -> None:
    assert not rig.publish(b"early")
    rig.start()
    assert rig.publish(b"later")
    until(lambda: rig.seen_at_site(), "the message")
    assert rig.seen_at_site() == [b"later"]


def test_messages_arrive_unchanged_in_order_and_are_acknowledged_once(rig: Rig) -> None:
    rig.start()
    payloads = [bytes([number]) * 100 for number in range(100)]
    for payload in payloads:
        until(lambda payload=payload: rig.publish(payload), "room")
    until(lambda: len(rig.acked) >= 100, "the acknowledgments")
    until(lambda: len(rig.seen_at_site()) >= 100, "the messages")
    assert rig.seen_at_site() == payloads
    assert rig.acked == payloads


def subscribed(rig: Rig) -> None:
    """The link is up before the broker has taken the subscriptions; what it forwards to nobody is lost."""
    for _ in range(50):
        rig.send(b"a command")
        with suppress(AssertionError):
            until(lambda: rig.messages, "the command", 0.3)
            return


def test_commands_arrive_with_their_topic(rig: Rig) -> None:
    rig.start()
    subscribed(rig)
    message = rig.messages[0]
    assert (message.topic, message.payload, message.retain, message.qos) == (
        TOPICS.cmd,
        b"a command",
        False,
        1,
    )


def test_a_lost_link_is_told_and_takes_nothing_until_it_is_back(rig: Rig) -> None:
    rig.start()
    rig.cut()
    until(lambda: rig.links == [True, False], "the loss")
    assert not rig.publish(b"lost")
    rig.mend()
    until(lambda: rig.links == [True, False, True], "the return")
    assert rig.publish(b"back")
    until(lambda: rig.seen_at_site(), "the message")
    assert rig.seen_at_site() == [b"back"]


def test_commands_arrive_again_after_the_link_was_lost(rig: Rig) -> None:
    rig.start()
    rig.cut()
    until(lambda: rig.links[-1] is False, "the loss")
    rig.mend()
    until(lambda: rig.links[-1] is True, "the return")
    rig.send(b"again")
    until(lambda: rig.messages, "the command")
    assert [message.payload for message in rig.messages] == [b"again"]


def test_nothing_is_taken_after_the_close(rig: Rig) -> None:
    rig.start()
    rig.bus.close()
    until(lambda: rig.links == [True, False], "the end of the session")
    assert not rig.publish(b"late")
    rig.bus.close()


def test_a_filter_with_a_wildcard_brings_each_topic_it_stands_for(rig: Rig) -> None:
    rig.start()
    subscribed(rig)
    rig.messages.clear()
    topics = [TOPICS.shared.delta("main", 7), TOPICS.shared.delta("main", 8), "homeassistant/status"]
    for topic in topics:
        rig.send_to(topic, b"x")
    until(lambda: len(rig.messages) >= 3, "the messages")
    assert [message.topic for message in rig.messages if message.topic != TOPICS.cmd] == topics


def test_what_was_not_settled_comes_again_in_the_next_session_and_what_was_does_not(holding: Rig) -> None:
    rig = holding
    rig.start()
    subscribed(rig)
    for message in rig.messages:
        message.settle()
    rig.messages.clear()
    rig.send(b"settled")
    rig.send(b"kept")
    until(lambda: len(rig.messages) == 2, "both commands")
    settled, kept = rig.messages
    settled.settle()
    settled.settle()
    # What is said after it has come tells that the broker has read the acknowledgment, too.
    assert rig.publish(b"after it")
    until(lambda: rig.acked, "the broker's answer")
    rig.cut()
    until(lambda: rig.links[-1] is False, "the loss")
    kept.settle()
    rig.mend()
    until(lambda: len(rig.messages) > 2, "the command again")
    rig.send(b"last")
    until(lambda: len(rig.messages) > 3, "the last command")
    assert [message.payload for message in rig.messages[2:]] == [b"kept", b"last"]
