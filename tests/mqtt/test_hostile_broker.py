"""Whatever the other side sends, the bus reports it and goes on trying."""

from __future__ import annotations

import itertools
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from edge.errors import BrokerUnavailable
from edge.mqtt.client import MqttBus
from edge.mqtt.probe import probe
from tests.broker import LOOPBACK, until
from tests.mqtt.device import CODEC, EVENTS, PROTOCOLS, TOPICS, ProtocolName, link_to

ACCEPTED = {"5": b"\x20\x03\x00\x00\x00", "3.1.1": b"\x20\x02\x00\x00"}


def packet(kind: int, body: bytes) -> bytes:
    return bytes([kind, len(body)]) + body


def answers(protocol: ProtocolName) -> list[bytes]:
    """Garbage, garbage after a proper welcome, and packets of every type with a random body."""
    chance = random.Random(20261120)
    welcome = ACCEPTED[protocol]
    topic = TOPICS.cmd.encode()
    made = [
        b"",
        b"\xff" * 50,
        b"\x20",
        b"\x20\x00",
        b"\x20\xff\xff\xff\xff\x01",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        welcome + packet(0x30, b"\xff\xff"),
        welcome + packet(0x30, b"\x00\x02\xff\xfe"),
        welcome + packet(0x32, len(topic).to_bytes(2, "big") + topic),
        welcome + packet(0x40, b""),
        welcome + packet(0x40, b"\xff\xff"),
        welcome + packet(0x90, b"\x00"),
        welcome + packet(0xE0, b"\xff\xff\xff"),
    ]
    for kind in range(16):
        for _ in range(6):
            body = chance.randbytes(chance.randrange(12))
            first = chance.choice([b"", welcome])
            made.append(first + packet(kind << 4 | chance.randrange(16), body))
    return made


@contextmanager
def broker_that_says(replies: list[bytes]) -> Iterator[tuple[int, threading.Event]]:
    """Answers each connection with the next reply and hangs up; the event is set after the last one."""
    done = threading.Event()
    with socket.create_server((LOOPBACK, 0)) as server:

        def serve() -> None:
            for reply in replies:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                with caller, suppress(OSError):
                    caller.settimeout(5)
                    caller.recv(4096)
                    caller.sendall(reply)
                    caller.shutdown(socket.SHUT_WR)
            done.set()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], done
    thread.join(5)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_a_broker_sends_ends_the_bus(protocol: ProtocolName) -> None:
    messages: list[object] = []
    links: list[bool] = []
    with broker_that_says(answers(protocol)) as (port, done):
        bus = MqttBus(
            replace(link_to(port, protocol), backoff_s=(0.001, 0.002)),
            CODEC,
            [TOPICS.cmd],
            sessions=itertools.count().__next__,
        )
        bus.start(messages.append, links.append)
        try:
            until(lambda: done.is_set() or not bus.is_alive, "every answer", timeout_s=60)
            assert done.is_set()
            assert bus.is_alive
            until(lambda: bus.trouble, "trouble")
            assert not bus.publish(EVENTS, b"x")
        finally:
            bus.close()
    # Every session that began has ended, one at a time.
    assert links == [True, False] * (len(links) // 2)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_probe_ends_in_yes_or_in_one_line(protocol: ProtocolName) -> None:
    replies = answers(protocol)
    lines: list[str] = []
    with broker_that_says(replies) as (port, _):
        for _ in replies:
            try:
                probe(link_to(port, protocol))
            except BrokerUnavailable as error:
                lines.append(str(error))
    assert len(lines) >= 6
    assert all(str(port) in line and "\n" not in line for line in lines)
