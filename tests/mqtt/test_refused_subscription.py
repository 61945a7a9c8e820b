"""A broker that refuses a subscription, as a cluster does for a moment when it loses a node."""

from __future__ import annotations

import logging
import socket
import threading

import pytest

from edge.mqtt import connection
from edge.mqtt.client import MqttBus
from edge.ports import Message
from tests.broker import LOOPBACK, until
from tests.mqtt.device import TOPICS, link_to

CONNACK = b"\x20\x02\x00\x00"
FILTERS = [TOPICS.cmd, "ostiary/1/hq/all/cmd"]


def suback(request: bytes, *codes: int) -> bytes:
    return bytes([0x90, 2 + len(codes)]) + request[2:4] + bytes(codes)


def test_what_is_refused_is_asked_for_again_until_it_is_granted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "_ASK_AGAIN_S", 0.05)
    monkeypatch.setattr(connection, "_LOOP_S", 0.05)
    asked: list[bytes] = []
    heard: list[Message] = []
    done = threading.Event()
    with socket.create_server((LOOPBACK, 0)) as server, caplog.at_level(logging.WARNING):

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                caller.settimeout(10)
                caller.recv(4096)
                caller.sendall(CONNACK)
                for codes in ((0x80, 1), (0x80,), (1,)):
                    asked.append(caller.recv(4096))
                    caller.sendall(suback(asked[-1], *codes))
                topic = TOPICS.cmd.encode()
                body = len(topic).to_bytes(2, "big") + topic + b"hello"
                caller.sendall(bytes([0x30, len(body)]) + body)
                done.wait(10)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        bus = MqttBus(link_to(server.getsockname()[1], "3.1.1"), None, FILTERS, sessions=lambda: 1)
        bus.start(heard.append, lambda up: None)
        try:
            until(lambda: heard, "the message")
        finally:
            done.set()
            bus.close()
            serving.join(5)
    assert [FILTERS[0].encode() in one for one in asked] == [True, True, True]
    # What was granted is not asked for once more: a broker would send what it retains again.
    assert [FILTERS[1].encode() in one for one in asked] == [True, False, False]
    told = [record.getMessage() for record in caplog.records]
    assert sum("lets us not hear" in text for text in told) == 1
