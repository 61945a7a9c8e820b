from __future__ import annotations

import base64
import gzip
import hashlib
import json
import logging
import random

import pytest

from edge.app.device_desk import DeviceDesk
from edge.app.log_memory import LogMemory
from edge.app.log_upload import LogUpload
from edge.configuration import load
from edge.core.ack import AckStatus
from edge.core.commands import Command
from edge.core.device_orders import GetConfiguration, Identify, SelfTest, SyncGallery, UploadLog
from edge.errors import BrokerUnavailable
from edge.mqtt.codec import MAX_BYTES
from edge.service.health import Check, Status
from tests.factories import NOON

logger = logging.getLogger("edge.some.part")


class Device:
    def __init__(self):
        self.settings = load(
            overrides={
                "mqtt": {"host": "broker", "username": "u", "password": "hunter2"},
                "camera": {"kind": "opencv", "source": "rtsp://me:hunter2@camera/1"},
            }
        )
        self.memory, self.parts, self.blinked, self.progress = LogMemory(), [], [], []
        self.checks = [("disk", lambda: Check("disk", Status.OK, "much")), ("door", self.door)]
        self.refusals = 0
        self.follows = False
        self.waited = 0.0

    def door(self):
        return Check("door", Status.FAIL, "it does not obey", "look at it")

    def say(self, type_, body, command):
        if self.refusals:
            self.refusals -= 1
            return False
        self.parts.append((type_, body, command))
        return True

    def wait(self, seconds):
        self.waited += seconds

    def ask(self, order, *, lamp=False):
        desk = DeviceDesk(
            settings=self.settings,
            memory=self.memory,
            upload=LogUpload(self.say, self.wait),
            checks=lambda: self.checks,
            sync=lambda: self.follows,
            blink=self.blinked.append if lamp else None,
        )
        return desk.carry_out(Command("c1", "x.y", order, NOON, None), self.progress.append)


@pytest.fixture
def device():
    return Device()


def lines_of(packed):
    return gzip.decompress(packed).decode().splitlines()


def test_a_device_without_a_lamp_shows_itself_in_its_log(device, caplog):
    done = device.ask(Identify(5))
    assert done.ack.detail == {"by": "log"}
    assert done.audit == "audit.device_identified"
    assert "this is door-1 of site" in caplog.text


def test_a_lamp_blinks(device):
    assert device.ask(Identify(5), lamp=True).ack.detail == {"by": "led"}
    assert device.blinked == [5]


def test_the_self_test_tells_every_check_and_the_whole(device):
    done = device.ask(SelfTest())
    assert done.ack.status is AckStatus.SUCCEEDED
    assert done.ack.detail["ok"] is False
    assert [check["status"] for check in done.ack.detail["checks"]] == ["ok", "fail"]
    assert device.progress == [
        {"check": "disk", "done": 1, "of": 2},
        {"check": "door", "done": 2, "of": 2},
    ]


def test_settings_are_shown_without_secrets(device):
    shown = device.ask(GetConfiguration()).ack.detail
    assert "hunter2" not in json.dumps(shown)
    assert "password" not in shown["settings"]["mqtt"]
    assert shown["settings"]["camera"]["source"] == "rtsp://***@camera/1"
    assert len(json.dumps(shown)) < MAX_BYTES // 2


def test_settings_are_chosen_by_their_keys(device):
    wanted = ("door.unlock_s", "recognition", "door.no_such", "mqtt.password", "x")
    shown = device.ask(GetConfiguration(wanted)).ack.detail
    assert shown["settings"].keys() == {"door", "recognition"}
    assert shown["settings"]["door"] == {"unlock_s": 5.0}
    assert shown["unknown"] == ["door.no_such", "mqtt.password", "x"]


def test_a_device_that_follows_no_gallery_says_so(device):
    assert device.ask(SyncGallery()).ack.reason == "no_gallery"
    device.follows = True
    assert device.ask(SyncGallery()).ack.status is AckStatus.SUCCEEDED


def test_a_short_log_comes_with_the_answer_which_is_not_kept(device, caplog):
    with caplog.at_level(logging.DEBUG):
        remember(device, [f"line {number}" for number in range(300)])
    ack = device.ask(UploadLog(lines=200)).ack
    packed = base64.b64decode(ack.once["data"])
    assert ack.detail == {
        "lines": 200,
        "bytes": len(packed),
        "sha256": hashlib.sha256(packed).hexdigest(),
        "encoding": "gzip",
        "parts": 0,
    }
    assert lines_of(packed)[-1].endswith("INFO edge.some.part: line 299")
    assert "data" not in ack.to_json()
    assert device.parts == []


def test_an_empty_log_is_one_of_no_lines(device):
    ack = device.ask(UploadLog()).ack
    assert (ack.detail["lines"], lines_of(base64.b64decode(ack.once["data"]))) == (0, [])


def test_a_long_log_comes_in_parts_before_the_answer(device):
    noise = random.Random(1)
    remember(device, [" ".join(f"{noise.getrandbits(40):x}" for _ in range(40)) for _ in range(1000)])
    device.refusals = 3
    ack = device.ask(UploadLog(lines=1000)).ack
    assert ack.once == {}
    assert ack.detail["parts"] == len(device.parts) > 3
    assert [body["part"] for _, body, _ in device.parts] == list(range(1, len(device.parts) + 1))
    assert {(type_, body["of"], command) for type_, body, command in device.parts} == {
        ("log.part", len(device.parts), "c1")
    }
    assert all(len(json.dumps(body)) < MAX_BYTES - 1000 for _, body, _ in device.parts)
    packed = b"".join(base64.b64decode(body["data"]) for _, body, _ in device.parts)
    assert hashlib.sha256(packed).hexdigest() == ack.detail["sha256"]
    assert len(lines_of(packed)) == 1000
    assert device.waited > 0


def test_a_session_that_takes_no_part_ends_it(device):
    noise = random.Random(1)
    remember(device, [" ".join(f"{noise.getrandbits(40):x}" for _ in range(40)) for _ in range(1000)])
    device.refusals = 10**9
    with pytest.raises(BrokerUnavailable):
        device.ask(UploadLog(lines=1000))


def remember(device, texts):
    for text in texts:
        device.memory.handle(logging.LogRecord("edge.some.part", logging.INFO, "", 0, text, (), None))
