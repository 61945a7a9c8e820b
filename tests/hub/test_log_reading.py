"""The log of a device, which may be hostile."""

from __future__ import annotations

import base64
import gzip

import pytest

from edge.errors import BrokerUnavailable, MessageMalformed, RequestRefused
from edge.hub import log_reading
from edge.hub.console import Heard
from edge.hub.log_reading import read_log
from tests.hub.quiet_console import QuietConsole, ack, state


def b64(data):
    return base64.b64encode(data).decode()


def part(order, number, data, dev="door-1"):
    body = {"command": order, "part": number, "of": 2, "data": data}
    return Heard(dev, "log/upload", {"type": "log.part", "body": body}, False)


def read(after, *, retained=None):
    there = [state("door-1")] if retained is None else retained
    return read_log(QuietConsole(there, after=lambda order, *_: after(order)), "door-1", {}, 30.0)


PACKED = gzip.compress(b"one\ntwo\nthree\n")


def test_a_short_log_comes_with_the_answer():
    assert read(lambda order: [ack("door-1", order, parts=0, data=b64(PACKED))]) == ["one", "two", "three"]


def test_parts_are_put_together_in_order_and_only_those_of_the_order():
    def after(order):
        halves = part(order, 2, b64(PACKED[10:])), part(order, 1, b64(PACKED[:10]))
        others = part("another", 1, b64(b"?")), part(order, 1, b64(b"?"), dev="door-2")
        return [ack("door-1", order, "accepted"), *others, *halves, ack("door-1", order, parts=2)]

    assert read(after) == ["one", "two", "three"]


@pytest.mark.parametrize("parts", [3, 10**9, "2", None, -1, True])
def test_missing_parts_are_noticed(parts):
    with pytest.raises(MessageMalformed, match=r"parts of the log are missing|not base64|not gzip"):
        read(lambda order: [part(order, 2, b64(PACKED)), ack("door-1", order, parts=parts)])


@pytest.mark.parametrize("data", ["***", 7, None, b64(b"no gzip")])
def test_what_is_no_log_is_refused(data):
    with pytest.raises(MessageMalformed):
        read(lambda order: [ack("door-1", order, parts=0, data=data)])


def test_a_bomb_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(log_reading, "LARGEST", 1000)
    bomb = gzip.compress(bytes(10_000_000))
    (line,) = read(lambda order: [ack("door-1", order, parts=0, data=b64(bomb))])
    assert len(line) == 1000
    with pytest.raises(MessageMalformed, match="more than 1000 bytes"):
        read(lambda order: [part(order, number, b64(bytes(400))) for number in range(1, 4)])


def test_a_device_that_is_not_there_is_not_waited_for():
    for retained, said in (((), "was never heard of"), ((state("door-1", "lost"),), "is lost")):
        with pytest.raises(RequestRefused, match=said):
            read(lambda order: [], retained=retained)


def test_a_refusal_is_told_in_the_words_of_the_device():
    with pytest.raises(RequestRefused, match=r"door-1 refuses log\.upload: the disk is full"):
        read(lambda order: [ack("door-1", order, "failed", text="the disk is full")])
    with pytest.raises(RequestRefused, match="the role operator"):
        read(lambda order: [ack("door-1", order, "rejected", reason="auth")])


def test_silence_is_told():
    with pytest.raises(BrokerUnavailable, match="did not answer within 30 s"):
        read(lambda order: [])
