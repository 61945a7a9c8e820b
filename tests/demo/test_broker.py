"""A broker for the demo: there, on the loopback interface only, and gone afterwards."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import get_args

import pytest

from edge.demo.broker import Broker, Kind, find_mosquitto
from edge.errors import BrokerUnavailable
from edge.mqtt.link import Link
from edge.mqtt.probe import probe
from tests.broker import Site, needs_mosquitto, retained, until


@pytest.fixture(params=get_args(Kind))
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    if request.param == "mosquitto" and find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    if request.param == "amqtt":
        pytest.importorskip("amqtt", reason="amqtt is not installed")
    with Broker(kind=request.param) as running:
        yield running


def link_to(broker: Broker, name: str = "door-7") -> Link:
    return Link(broker.address.host, name, broker.address.port, broker.protocol, connect_timeout_s=5.0)


def test_it_takes_clients_that_speak_its_protocol(broker: Broker) -> None:
    probe(link_to(broker))


def test_it_passes_messages_on_and_retains_what_is_to_be_retained(broker: Broker) -> None:
    with Site(link_to(broker, "a")) as sender, Site(link_to(broker, "b")) as other:
        sender.send("ostiary/x", b"hello", retain=True)
        until(lambda: other.on("ostiary/x"), "the message")
        assert other.on("ostiary/x")[0].payload == b"hello"
    kept = retained(link_to(broker, "c"), "ostiary/x")
    assert kept is not None
    assert kept.payload == b"hello"


def test_it_listens_on_the_loopback_interface_only(broker: Broker) -> None:
    assert broker.address.host == "127.0.0.1"
    with socket.socket() as other:
        # Free on another address of the same interface, so it is not taken for all of them.
        other.bind(("127.0.0.2", broker.address.port))


def test_a_restart_keeps_the_port(broker: Broker) -> None:
    before = broker.address
    assert broker.restart() == before
    probe(link_to(broker))


@pytest.mark.parametrize("end", ["stop", "kill", "close"])
def test_after_the_end_nothing_listens_and_it_may_be_ended_again(broker: Broker, end: str) -> None:
    getattr(broker, end)()
    with pytest.raises(BrokerUnavailable, match="start the broker"):
        probe(link_to(broker))
    getattr(broker, end)()


@needs_mosquitto
def test_what_it_keeps_outlives_a_restart_only_when_asked_for() -> None:
    for keeps in (True, False):
        with Broker(kind="mosquitto", persistence=keeps) as broker:
            with Site(link_to(broker, "a")) as site:
                site.send("ostiary/x", b"hello", retain=True)
            broker.restart()
            assert (retained(link_to(broker, "b"), "ostiary/x") is not None) == keeps


@needs_mosquitto
def test_a_configuration_it_cannot_use_is_named() -> None:
    with pytest.raises(BrokerUnavailable, match=r"nonsense|Unknown"):
        Broker(kind="mosquitto", lines=["nonsense true"]).start()


def test_the_address_is_not_known_before_the_start() -> None:
    with pytest.raises(BrokerUnavailable, match="start"):
        _ = Broker().address
