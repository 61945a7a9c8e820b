"""A bus with its callbacks recorded, and what it says of a broker that will not have it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pytest

from edge.errors import BrokerUnavailable
from edge.mqtt.client import MqttBus
from edge.mqtt.codec import Codec
from edge.mqtt.link import Link
from edge.mqtt.probe import probe
from edge.mqtt.topics import Topics
from edge.ports import Message
from tests.broker import LOOPBACK, until

ProtocolName: TypeAlias = Literal["5", "3.1.1"]

TOPICS = Topics("hq", "door-7")
CODEC = Codec(TOPICS, boot="boot-1", doors=frozenset({"main"}))
EVENTS = "ostiary/1/hq/d/door-7/evt/access"
PROTOCOLS: list[ProtocolName] = ["5", "3.1.1"]


def link_to(port: int, protocol: ProtocolName = "5", *, name: str = "door-7") -> Link:
    return Link(LOOPBACK, name, port, protocol, connect_timeout_s=2.0, backoff_s=(0.02, 0.1))


@dataclass
class Device:
    bus: MqttBus
    messages: list[Message] = field(default_factory=list)
    links: list[bool] = field(default_factory=list)

    def is_up(self) -> bool:
        return bool(self.links) and self.links[-1]

    def is_down(self) -> bool:
        return bool(self.links) and not self.links[-1]


@contextmanager
def device(link: Link, *, first_session: int = 1, wait: bool = True) -> Iterator[Device]:
    bus = MqttBus(link, CODEC, [TOPICS.cmd], sessions=itertools.count(first_session).__next__)
    made = Device(bus)
    bus.start(made.messages.append, made.links.append)
    try:
        if wait:
            until(made.is_up, "a session")
        yield made
    finally:
        bus.close()


def trouble_with(link: Link) -> str:
    """What the bus says of a broker that will not have it, after at least two attempts."""
    attempts = itertools.count(1)
    made: list[int] = []
    bus = MqttBus(link, CODEC, [TOPICS.cmd], sessions=lambda: made.append(0) or next(attempts))
    links: list[bool] = []
    bus.start(lambda message: None, links.append)
    try:
        assert not bus.publish(EVENTS, b"x")
        until(lambda: len(made) >= 2 and bus.trouble, "trouble")
    finally:
        bus.close()
    assert links == []
    assert bus.trouble is not None
    assert "\n" not in bus.trouble
    with pytest.raises(BrokerUnavailable) as probed:
        probe(link)
    assert str(probed.value).replace("-probe", "") == bus.trouble
    return bus.trouble
