"""What a client hears of a real broker, and what it does not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from edge.mqtt.client import MqttBus
from edge.mqtt.link import Link
from edge.mqtt.listening import GALLERY_BYTES, Listening
from edge.mqtt.presence import Presence
from tests.broker import Site, needs_mosquitto, running, until
from tests.mqtt.device import EVENTS, PROTOCOLS, TOPICS, Device, ProtocolName, link_to
from tests.mqtt.test_hostile_broker import ACCEPTED, broker_that_says


@contextmanager
def client(
    link: Link,
    filters: Sequence[str],
    presence: Presence | None = None,
    *,
    hold_acks: bool = False,
    max_bytes: int = GALLERY_BYTES,
) -> Iterator[Device]:
    bus = MqttBus(
        link,
        presence,
        filters,
        sessions=itertools.count(1).__next__,
        hold_acks=hold_acks,
        max_bytes=max_bytes,
    )
    made = Device(bus)
    bus.start(made.messages.append, made.links.append)
    try:
        until(made.is_up, "a session")
        yield made
    finally:
        bus.close()


def payloads(device: Device) -> list[bytes]:
    return [message.payload for message in device.messages]


def test_only_what_was_asked_for_is_wanted() -> None:
    listening = Listening(["a/+/c", "$share/hubs/d/#", "e"])
    wanted = ["a/b/c", "a//c", "d", "d/x", "d/x/y", "e"]
    assert [
        topic for topic in (*wanted, "a/b", "a/b/c/d", "e/f", "hubs/d", "") if listening.wants(topic)
    ] == wanted


def test_nothing_is_asked_of_the_broker_by_a_client_that_only_speaks() -> None:
    assert Listening([]).request([], is_v5=True) == []
    assert not Listening([]).wants("a")


@needs_mosquitto
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_without_a_presence_nothing_is_announced(protocol: ProtocolName) -> None:
    with running() as broker, Site(link_to(broker.address.port, name="site")) as site:
        with client(link_to(broker.address.port, protocol, name="console"), [TOPICS.cmd_ack]) as console:
            site.send(TOPICS.cmd_ack, b"answer")
            until(lambda: console.messages, "the answer")
        site.send("ostiary/marker", b"")
        until(lambda: site.on("ostiary/marker"), "the marker")
    assert {seen.topic for seen in site.received} == {TOPICS.cmd_ack, "ostiary/marker"}


@needs_mosquitto
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_link_without_a_session_finds_nothing_of_the_last_one(protocol: ProtocolName) -> None:
    with running() as broker, Site(link_to(broker.address.port, name="site")) as site:
        link = replace(link_to(broker.address.port, protocol, name="console"), session_expiry_s=0)
        with client(link, [TOPICS.cmd_ack]):
            pass
        site.send(TOPICS.cmd_ack, b"while away")
        with client(link, [TOPICS.cmd_ack]) as console:
            # A retained message is the first thing that a new subscription brings.
            site.send(TOPICS.cmd_ack, b"now")
            until(lambda: b"now" in payloads(console), "the answer")
            assert payloads(console) == [b"now"]


@needs_mosquitto
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_document_is_brought_at_every_start(protocol: ProtocolName) -> None:
    with running() as broker, Site(link_to(broker.address.port, name="site")) as site:
        site.send(TOPICS.config_desired, b"document", retain=True)
        for _ in range(2):
            with client(link_to(broker.address.port, protocol), [TOPICS.config_desired]) as door:
                until(lambda door=door: door.messages, "the document")
                assert [(seen.payload, seen.retain) for seen in door.messages] == [(b"document", True)]


@needs_mosquitto
def test_what_a_client_says_itself_does_not_come_back() -> None:
    with running() as broker, Site(link_to(broker.address.port, name="site")) as site:
        filters = [TOPICS.shared.every_device]
        with client(link_to(broker.address.port, name="hub"), filters) as hub:
            assert hub.bus.publish(TOPICS.gallery_delta, b"mine")
            until(lambda: site.on(TOPICS.gallery_delta), "the hub's message")
            site.send(TOPICS.gallery_ack, b"another's")
            until(lambda: hub.messages, "the other's message")
            assert payloads(hub) == [b"another's"]


@needs_mosquitto
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_two_hubs_share_what_comes(protocol: ProtocolName) -> None:
    filters = [f"$share/hubs/{TOPICS.shared.each('evt/+')}"]
    with (
        running() as broker,
        Site(link_to(broker.address.port, name="site")) as site,
        client(link_to(broker.address.port, protocol, name="hub-1"), filters) as first,
        client(link_to(broker.address.port, protocol, name="hub-2"), filters) as second,
    ):
        said = [b"%d" % number for number in range(20)]
        for payload in said:
            site.send(EVENTS, payload)
        until(lambda: len(first.messages) + len(second.messages) >= 20, "all events")
        assert sorted([*payloads(first), *payloads(second)]) == sorted(said)


@needs_mosquitto
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_piece_of_a_gallery_fits_and_a_longer_one_does_not(protocol: ProtocolName) -> None:
    filters = [TOPICS.chunk("+", "+")]
    with (
        running() as broker,
        Site(link_to(broker.address.port, name="site")) as site,
        client(link_to(broker.address.port, protocol), filters) as door,
    ):
        for index, size in enumerate((GALLERY_BYTES, GALLERY_BYTES * 8, 1)):
            site.send(TOPICS.chunk("7", index), bytes(size))
        until(lambda: door.messages and len(door.messages[-1].payload) == 1, "the last piece")
        sizes = [len(seen.payload) for seen in door.messages]
        assert sizes == [GALLERY_BYTES, 1] if protocol == "5" else [GALLERY_BYTES, GALLERY_BYTES + 1, 1]


@needs_mosquitto
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_unsettled_messages_fill_the_window_and_settling_one_lets_the_next_come(
    protocol: ProtocolName,
) -> None:
    with (
        running("allow_anonymous true", "max_inflight_messages 3") as broker,
        Site(link_to(broker.address.port, name="site")) as site,
        client(link_to(broker.address.port, protocol, name="hub"), [EVENTS], hold_acks=True) as hub,
    ):
        for number in range(5):
            site.send(EVENTS, b"%d" % number)
        until(lambda: len(hub.messages) == 3, "the window")
        # Another session of ours sees all five, so the broker has passed on what it would.
        until(lambda: len(site.on(EVENTS)) == 5, "all events")
        assert len(hub.messages) == 3
        hub.messages[1].settle()
        until(lambda: len(hub.messages) == 4, "one more")
        assert payloads(hub) == [b"0", b"1", b"2", b"3"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_filter_that_the_broker_refuses_is_told(
    protocol: ProtocolName, caplog: pytest.LogCaptureFixture
) -> None:
    granted_then_refused = {"5": b"\x90\x05\x00\x01\x00\x01\x87", "3.1.1": b"\x90\x04\x00\x01\x01\x80"}
    with broker_that_says([ACCEPTED[protocol] + granted_then_refused[protocol]]) as (port, _):
        bus = MqttBus(
            link_to(port, protocol),
            None,
            [TOPICS.cmd, TOPICS.shared.keys],
            sessions=itertools.count().__next__,
        )
        bus.start(lambda message: None, lambda up: None)
        try:
            until(lambda: "allow 'door-7' to read it" in caplog.text, "the report")
        finally:
            bus.close()
    assert TOPICS.shared.keys in caplog.text
    assert TOPICS.cmd not in caplog.text
