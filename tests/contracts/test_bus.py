"""What every bus promises, held against the fake and against sessions with real brokers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
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
from tests.fakes import FakeBus

TOPICS = Topics("hq", "door-7")
EVENTS = "ostiary/1/hq/d/door-7/evt/door"
KINDS = ["fake", "mosquitto-5", "mosquitto-3.1.1", "mosquitto-5-tls", "mosquitto-3.1.1-password", "amqtt"]


@dataclass
class Rig:
    """A bus, its callbacks, and the broker's side of it."""

    bus: Bus
    seen_at_site: Callable[[], list[bytes]]
    send: Callable[[bytes], None]
    cut: Callable[[], None]
    mend: Callable[[], None]
    messages: list[Message] = field(default_factory=list)
    links: list[bool] = field(default_factory=list)
    acked: list[bytes] = field(default_factory=list)

    def start(self) -> None:
        self.bus.start(self.messages.append, self.links.append)
        until(lambda: self.links == [True], "a session")

    def publish(self, payload: bytes) -> bool:
        return self.bus.publish(EVENTS, payload, on_acked=lambda: self.acked.append(payload))


@pytest.fixture(params=KINDS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    kind: str = request.param
    if kind.startswith("mosquitto") and find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    if kind == "amqtt":
        pytest.importorskip("amqtt", reason="amqtt is not installed")
    with fake() if kind == "fake" else real(kind, tmp_path) as made:
        try:
            yield made
        finally:
            made.bus.close()


@contextmanager
def fake() -> Iterator[Rig]:
    bus = FakeBus()
    yield Rig(
        bus,
        seen_at_site=lambda: bus.payloads(EVENTS),
        send=lambda payload: bus.deliver(TOPICS.cmd, payload),
        cut=bus.drop,
        mend=bus.connect,
    )


@contextmanager
def real(kind: str, folder: Path) -> Iterator[Rig]:
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
        yield Rig(
            MqttBus(
                replace(door, port=proxy.port), codec, [TOPICS.cmd], sessions=itertools.count(1).__next__
            ),
            seen_at_site=lambda: [seen.payload for seen in listening.on(EVENTS)],
            send=lambda payload: listening.send(TOPICS.cmd, payload),
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


def test_commands_arrive_with_their_topic(rig: Rig) -> None:
    rig.start()
    for _ in range(50):
        # The link is up before the broker has taken the subscription; what it forwards to nobody is lost.
        rig.send(b"a command")
        with suppress(AssertionError):
            until(lambda: rig.messages, "the command", 0.3)
            break
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
