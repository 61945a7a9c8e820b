"""A broker of several nodes: whichever is there is used."""

from __future__ import annotations

import logging
import socket
from dataclasses import replace

import pytest
from pydantic import ValidationError

from edge.settings import MqttSettings
from tests.broker import LOOPBACK, Proxy, Site, needs_mosquitto, running, until
from tests.mqtt.device import EVENTS, device, link_to


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("b.example", ("b.example", 8883)),
        ("b.example:1884", ("b.example", 1884)),
        ("192.0.2.7", ("192.0.2.7", 8883)),
        ("[::1]", ("::1", 8883)),
        ("[::1]:1884", ("::1", 1884)),
    ],
)
def test_a_fallback_is_a_host_with_or_without_a_port(text: str, node: tuple[str, int]) -> None:
    assert MqttSettings(host="a", port=8883, fallbacks=(text,)).other_nodes == (node,)


@pytest.mark.parametrize("text", ["", "a b", "b:0", "b:65536", "b:x", "::1", "mqtts://b"])
def test_what_is_no_node_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="give host or host:port"):
        MqttSettings(host="a", fallbacks=(text,))


def test_each_node_in_turn_keeps_everything_else() -> None:
    link = replace(link_to(1), fallbacks=(("b", 2), ("c", 3)))
    assert [node.where for node in link.nodes] == [f"{LOOPBACK}:1", "b:2", "c:3"]
    assert {node.client_id for node in link.nodes} == {"door-7"}


@needs_mosquitto
def test_a_node_that_is_gone_is_passed_over_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        gone = taken.getsockname()[1]
    with running() as broker, caplog.at_level(logging.WARNING), Proxy(broker.address.port) as proxy:
        port = broker.address.port
        link = replace(link_to(gone), fallbacks=((LOOPBACK, proxy.port), (LOOPBACK, port)))
        with Site(link_to(port, name="site")) as site, device(link) as door:
            proxy.cut()
            until(lambda: door.links == [True, False, True], "a session with the third node")
            assert door.bus.publish(EVENTS, b"x")
            until(lambda: site.on(EVENTS), "the event")
    told = [record.getMessage() for record in caplog.records]
    assert sum("nothing listens" in text for text in told) == 1
