"""The session with a real broker: birth, death, goodbye, and what survives an outage."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.demo.broker import Broker
from edge.mqtt.codec import MAX_BYTES, DeviceState
from edge.mqtt.link import Link
from tests.broker import (
    LOOPBACK,
    Proxy,
    Site,
    acl_lines,
    needs_mosquitto,
    password_lines,
    retained,
    running,
    until,
)
from tests.mqtt.device import EVENTS, PROTOCOLS, TOPICS, ProtocolName, device, link_to, trouble_with

pytestmark = needs_mosquitto


@pytest.fixture
def port() -> Iterator[int]:
    """Where a broker listens that lets everybody do everything."""
    with running() as broker:
        yield broker.address.port


@pytest.fixture
def site(port: int) -> Iterator[Site]:
    with Site(link_to(port, name="site")) as listening:
        yield listening


@pytest.fixture
def proxy(port: int) -> Iterator[Proxy]:
    with Proxy(port) as between:
        yield between


def states(site: Site) -> list[tuple[str, int]]:
    return [(seen.json["state"], seen.json["session"]) for seen in site.on(TOPICS.state)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_birth_is_retained_and_a_goodbye_replaces_it(port: int, site: Site, protocol: ProtocolName) -> None:
    newcomer = link_to(port, name="newcomer")
    with device(link_to(port, protocol), first_session=7) as door:
        door.bus.set_state(DeviceState.READY)
        until(lambda: len(states(site)) == 2, "both states")
        born = retained(newcomer, TOPICS.state)
        assert born is not None
        assert born.json == {"state": "ready", "session": 7, "boot": "boot-1"}
    until(lambda: len(states(site)) == 3, "the goodbye")
    assert states(site) == [("init", 7), ("ready", 7), ("disconnected", 7)]
    gone = retained(newcomer, TOPICS.state)
    assert gone is not None
    assert gone.json["state"] == "disconnected"
    assert states(site) == [("init", 7), ("ready", 7), ("disconnected", 7)]


def test_a_start_is_announced_even_when_it_is_over_before_the_broker_is_there(port: int, site: Site) -> None:
    with device(link_to(port), wait=False) as door:
        door.bus.set_state(DeviceState.READY)
        until(lambda: ("ready", 1) in states(site), "the second state")
    assert states(site)[:2] == [("init", 1), ("ready", 1)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_death_carries_the_session_of_its_birth(site: Site, proxy: Proxy, protocol: ProtocolName) -> None:
    with device(link_to(proxy.port, protocol)) as door:
        door.bus.set_state(DeviceState.DEGRADED)
        until(lambda: len(states(site)) == 2, "both states")
        proxy.cut()
        until(lambda: len(states(site)) == 3, "the death")
        until(door.is_down, "the loss")
        assert not door.bus.publish(EVENTS, b"x")
        proxy.mend()
        until(door.is_up, "a session again")
        until(lambda: len(states(site)) == 4, "the second birth")
        *first, (state, second) = states(site)
        assert first == [("init", 1), ("degraded", 1), ("lost", 1)]
        assert state == "degraded"
        assert second > 1


def test_a_taken_over_session_does_not_leave_the_device_lost(port: int, site: Site, proxy: Proxy) -> None:
    with device(replace(link_to(proxy.port), keepalive_s=3600)):
        until(lambda: states(site), "the first birth")
        proxy.swallow()
        # A new run of the daemon under the same id, before the broker has missed the old one.
        with device(link_to(port), first_session=100):
            until(lambda: ("init", 100) in states(site), "the second birth")
            newest = retained(link_to(port, name="newcomer"), TOPICS.state)
            assert newest is not None
            assert (newest.json["state"], newest.json["session"]) == ("init", 100)
            assert max(states(site), key=lambda seen: seen[1]) == ("init", 100)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_commands_sent_while_the_device_is_away_arrive_later(
    port: int, site: Site, protocol: ProtocolName
) -> None:
    with device(link_to(port, protocol)):
        pass
    site.send(TOPICS.cmd, b"while away")
    with device(link_to(port, protocol)) as door:
        until(lambda: door.messages, "the command")
        assert [(seen.payload, seen.retain) for seen in door.messages] == [(b"while away", False)]


def test_a_command_published_as_retained_is_marked_so_at_once(port: int, site: Site) -> None:
    with device(link_to(port, "5")) as door:
        site.send(TOPICS.cmd, b"retained", retain=True)
        until(lambda: door.messages, "the command")
        assert [seen.retain for seen in door.messages] == [True]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_retained_command_found_at_start_is_marked_so(
    port: int, site: Site, protocol: ProtocolName
) -> None:
    site.send(TOPICS.cmd, b"retained", retain=True)
    with device(link_to(port, protocol)) as door:
        until(lambda: door.messages, "the command")
        assert [seen.retain for seen in door.messages] == [True]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_bus_sends_nothing_from_an_earlier_session(
    site: Site, proxy: Proxy, protocol: ProtocolName
) -> None:
    acked: list[str] = []
    with device(link_to(proxy.port, protocol)) as door:
        proxy.swallow()
        assert door.bus.publish(EVENTS, b"swallowed", on_acked=lambda: acked.append("swallowed"))
        proxy.cut()
        until(door.is_down, "the loss")
        proxy.mend()
        until(door.is_up, "a session again")
        assert door.bus.publish(EVENTS, b"later", on_acked=lambda: acked.append("later"))
        until(lambda: acked, "the acknowledgment")
        until(lambda: site.on(EVENTS), "the event")
    assert acked == ["later"]
    assert [seen.payload for seen in site.on(EVENTS)] == [b"later"]


def test_a_broker_that_falls_silent_is_noticed_within_two_keepalives(proxy: Proxy) -> None:
    with device(replace(link_to(proxy.port), keepalive_s=1)) as door:
        proxy.swallow()
        until(door.is_down, "the loss", 5.0)
        assert not door.bus.publish(EVENTS, b"x")
        proxy.mend()
        until(door.is_up, "a session again")


def test_the_window_is_bounded_and_opens_again(proxy: Proxy) -> None:
    acked: list[int] = []
    with device(replace(link_to(proxy.port), window=5)) as door:
        until(lambda: door.bus.publish(EVENTS, b"first", on_acked=lambda: acked.append(0)), "room")
        until(lambda: acked, "the first acknowledgment")
        proxy.swallow()
        taken = [door.bus.publish(EVENTS, b"x") for _ in range(8)]
        assert taken == [True] * 5 + [False] * 3
        proxy.cut()
        until(door.is_down, "the loss")
        proxy.mend()
        until(lambda: door.bus.publish(EVENTS, b"x"), "room again")


def test_a_broker_that_allows_fewer_unacknowledged_messages_is_heeded() -> None:
    acked: list[int] = []
    with (
        running("allow_anonymous true", "max_inflight_messages 3") as broker,
        Proxy(broker.address.port) as proxy,
        device(link_to(proxy.port)) as door,
    ):
        until(lambda: door.bus.publish(EVENTS, b"first", on_acked=lambda: acked.append(0)), "room")
        until(lambda: acked, "the first acknowledgment")
        proxy.swallow()
        assert [door.bus.publish(EVENTS, b"x") for _ in range(4)] == [True] * 3 + [False]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_quality_of_service_zero_is_acknowledged_when_written(port: int, protocol: ProtocolName) -> None:
    acked: list[int] = []
    with device(link_to(port, protocol)) as door:
        for number in range(50):
            until(
                lambda n=number: door.bus.publish(EVENTS, b"x", qos=0, on_acked=lambda: acked.append(n)),
                "room",
            )
        until(lambda: len(acked) == 50, "all acknowledgments")
        assert acked == list(range(50))


def test_an_oversized_message_does_not_disturb_the_session(port: int, site: Site) -> None:
    with device(link_to(port, "5")) as door:
        site.send(TOPICS.cmd, b"x" * (MAX_BYTES * 4))
        site.send(TOPICS.cmd, b"small")
        until(lambda: door.messages, "the small one")
        assert [seen.payload for seen in door.messages] == [b"small"]
        assert door.links == [True]


def test_the_daemon_starts_without_a_broker_and_finds_it_later() -> None:
    with socket.create_server((LOOPBACK, 0)) as held:
        port = held.getsockname()[1]
    with device(link_to(port), wait=False) as door:
        until(lambda: door.bus.trouble, "trouble")
        assert door.bus.trouble is not None
        assert "start the broker" in door.bus.trouble
        assert not door.bus.publish(EVENTS, b"x")
        with Broker(kind="mosquitto", port=port):
            until(door.is_up, "a session")
            assert door.bus.trouble is None


def test_a_broker_that_never_answers_is_reported_and_left() -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:
        assert "does not answer" in trouble_with(
            replace(link_to(silent.getsockname()[1]), connect_timeout_s=0.3)
        )


def test_a_port_that_speaks_something_else_is_reported() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:

        def greet() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                caller.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                caller.close()

        threading.Thread(target=greet, daemon=True).start()
        assert str(server.getsockname()[1]) in trouble_with(link_to(server.getsockname()[1]))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_wrong_password_is_reported_and_tried_again(protocol: ProtocolName, tmp_path: Path) -> None:
    secret = "wrong"
    with running(*password_lines(tmp_path, {"door-7": "right"})) as broker:
        link = replace(link_to(broker.address.port, protocol), username="door-7", password=lambda: secret)
        trouble = trouble_with(link)
        assert "password" in trouble
        assert secret not in trouble
        assert secret not in repr(link)
        with device(link, wait=False) as door:
            until(lambda: door.bus.trouble, "trouble")
            secret = "right"
            until(door.is_up, "a session with the corrected password")


def test_trouble_is_logged_once_with_its_cure(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with running(*password_lines(tmp_path, {"door-7": "right"})) as broker, caplog.at_level(logging.WARNING):
        trouble = trouble_with(link_to(broker.address.port))
    assert [record.getMessage() for record in caplog.records] == [f"{trouble}; trying again"]


def test_closing_is_bounded_when_the_network_is_gone(proxy: Proxy) -> None:
    with device(link_to(proxy.port)) as door:
        proxy.swallow()
        door.bus.close()
        assert not door.bus.publish(EVENTS, b"x")
        assert not any(thread.name == "mqtt" for thread in threading.enumerate())


def test_an_unknown_host_is_reported() -> None:
    assert "DNS" in trouble_with(Link("broker.invalid", "door-7", backoff_s=(0.02, 0.1)))


def test_a_client_id_used_twice_is_reported(port: int, caplog: pytest.LogCaptureFixture) -> None:
    with device(link_to(port), wait=False), device(link_to(port), first_session=100, wait=False):
        until(lambda: "no other client calls itself 'door-7'" in caplog.text, "the report")


def test_what_the_broker_refuses_is_not_acknowledged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    acked: list[str] = []
    passwords = password_lines(tmp_path, {"door-7": "secret"})
    with running(*passwords, *acl_lines(tmp_path)) as broker:
        link = replace(link_to(broker.address.port), username="door-7", password=lambda: "secret")
        with device(link) as door:
            other = "ostiary/1/hq/d/door-8/evt/access"
            assert door.bus.publish(other, b"x", on_acked=lambda: acked.append("refused"))
            assert door.bus.publish(EVENTS, b"x", on_acked=lambda: acked.append("taken"))
            until(lambda: acked, "an acknowledgment")
            assert acked == ["taken"]
    assert "refuses messages" in caplog.text


def test_the_thread_lives_from_start_to_close(port: int) -> None:
    with device(link_to(port)) as door:
        assert door.bus.is_alive
    assert not door.bus.is_alive
