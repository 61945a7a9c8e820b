"""The commands of a fleet, given to the real daemon over a broker that asks for no signatures."""

from __future__ import annotations

import base64
import gzip
import time
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from edge.app.restarting import RESTART
from edge.core.ack import AckStatus
from edge.core.envelope import to_timestamp
from edge.core.identifiers import uuid7
from edge.demo.broker import Broker
from edge.demo.observer import Observer
from edge.demo.scenes import enrolment_pictures, frames
from tests.journeys.daemon_process import TOPIC, DaemonProcess, read_edges, write_clip, write_config


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def visits(tmp_path_factory):
    """The same person several times, never twice the same pictures: that would be a replay."""
    folder = tmp_path_factory.mktemp("visits")
    for seed in range(3):
        for number, image in enumerate(frames("enrolled_walks_up", seed)):
            cv2.imwrite(str(folder / f"{seed}-{number:04}.jpg"), image)
    return folder


class Fleet:
    """A broker, a daemon on it, and somebody who commands it."""

    def __init__(self, folder, clip, broker, more=""):
        self.folder, self.numbers = folder, 0
        config = write_config(folder, clip, port=broker.address.port)
        config.write_text(f"{config.read_text()}\n{more}")
        self.observer = Observer(broker.address)
        self.observer.start()
        self.daemon = DaemonProcess(config, folder / "log")

    def start(self):
        begun = time.monotonic()
        self.daemon.start()
        self.daemon.wait_ready()
        seen = self.observer.wait_for(lambda one: one.body.get("state") in ("ready", "degraded"), begun, 20.0)
        assert seen is not None
        return begun

    def send(self, type_, *, expires_s=20.0, **body):
        self.numbers += 1
        now = datetime.now(UTC)
        identifier = uuid7(int(now.timestamp() * 1000), self.numbers.to_bytes(10, "big"))
        command = {"v": 1, "id": identifier, "ts": to_timestamp(now), "type": type_, "body": body}
        command["exp"] = to_timestamp(now + timedelta(seconds=expires_s))
        self.observer.send(f"{TOPIC}/cmd", command)
        return command

    def ask(self, type_, *, timeout_s=30.0, **body):
        """The bodies of all answers, the last one final."""
        return self.answers(self.send(type_, **body)["id"], timeout_s)

    def answers(self, identifier, timeout_s=30.0):
        def is_final(one):
            return one.body.get("corr") == identifier and AckStatus(one.body["body"]["status"]).is_final

        def of_it(one):
            return one.topic == f"{TOPIC}/cmd-ack" and one.body.get("corr") == identifier

        last = self.observer.wait_for(lambda one: of_it(one) and is_final(one), 0.0, timeout_s)
        assert last is not None, (self.folder / "log").read_text()[-3000:]
        return [one.body["body"] for one in self.observer.heard(until=last.at) if of_it(one)]

    def event(self, type_, since=0.0, timeout_s=20.0):
        return self.observer.wait_for(lambda one: one.body.get("type") == type_, since, timeout_s)

    def level(self, **wanted):
        return self.observer.wait_for(
            lambda one: one.topic == f"{TOPIC}/door/main/state" and wanted.items() <= one.body.items(),
            0.0,
            10.0,
        )

    def close(self):
        self.daemon.kill()
        self.observer.close()


@pytest.fixture
def fleet(tmp_path, clip):
    """Makes fleets; none outlives the test."""
    made = []
    with Broker() as broker:

        def make(more="", seen=clip):
            made.append(Fleet(tmp_path, seen, broker, more))
            return made[-1]

        yield make
        for one in made:
            one.close()


def statuses(answers):
    return [one["status"] for one in answers]


def test_a_lockdown_outlives_a_restart_by_command_and_an_unlocked_door_does_not(fleet):
    door = fleet()
    door.start()
    answers = door.ask("door.posture", door="main", posture="lockdown", reason="drill")
    assert statuses(answers) == ["received", "accepted", "in_progress", "succeeded"]
    assert answers[-1] == {"status": "succeeded", "posture": "lockdown", "source": "operator"}
    assert door.level(posture="lockdown", posture_source="operator") is not None
    assert door.event("door.posture_changed").body["body"]["posture"] == "lockdown"
    assert door.event("audit.posture_ordered").body["body"]["reason"] == "drill"
    assert door.ask("door.unlock", door="main")[-1]["reason"] == "deny_lockdown"

    command = door.send("device.restart")
    assert statuses(door.answers(command["id"])) == ["received", "accepted", "succeeded"]
    assert door.daemon.wait(20.0) == RESTART
    begun = door.start()
    started = door.observer.wait_for(
        lambda one: one.body.get("corr") == command["id"] and one.body.get("type") == "system.started",
        begun,
        20.0,
    )
    assert started is not None
    assert door.ask("door.unlock", door="main")[-1]["reason"] == "deny_lockdown"
    door.observer.send(f"{TOPIC}/cmd", command)
    repeated = door.observer.wait_for(
        lambda one: one.body.get("body", {}).get("repeated") is True, begun, 10.0
    )
    assert repeated.body["body"]["status"] == "succeeded"
    assert door.daemon.poll() is None

    assert door.ask("door.posture", door="main", posture="unlocked")[-1]["posture"] == "unlocked"
    assert [edge["state"] for edge in read_edges(door.folder)] == ["unlocked"]
    assert door.ask("door.posture", door="main", posture=None)[-1]["posture"] == "secure"
    assert [edge["state"] for edge in read_edges(door.folder)] == ["unlocked", "locked"]
    assert door.daemon.stop() == 0


def test_a_device_shows_itself_and_tells_how_it_is(fleet):
    door = fleet()
    door.start()
    assert door.ask("device.identify", seconds=1)[-1] == {"status": "succeeded", "by": "log"}
    assert "this is door-1 of site" in (door.folder / "log").read_text()

    answers = door.ask("diag.selftest", timeout_s=60.0)
    checks = {check["name"]: check["status"] for check in answers[-1]["checks"]}
    assert {"models", "camera", "door", "daemon", "disk", "clock"} <= checks.keys()
    assert checks["camera"] == "ok"
    assert checks["models"] == "ok"
    assert {name for name, status in checks.items() if status == "fail"} <= {"permissions"}
    assert "in_progress" in statuses(answers)

    log = door.ask("log.upload", lines=50, level="info")[-1]
    assert log["parts"] == 0
    lines = gzip.decompress(base64.b64decode(log["data"])).decode().splitlines()
    assert len(lines) == log["lines"]
    assert any("this is door-1 of site" in line for line in lines)

    shown = door.ask("config.get", keys=["door.unlock_s", "no.such"])[-1]
    assert (shown["settings"], shown["unknown"]) == ({"door": {"unlock_s": 1.0}}, ["no.such"])
    assert door.ask("gallery.sync")[-1]["reason"] == "no_gallery"
    refused = door.ask("snapshot.request")[-1]
    assert (refused["status"], refused["reason"]) == ("rejected", "privacy")
    assert door.daemon.stop() == 0


def test_who_stands_in_front_of_the_camera_is_enrolled_by_a_command_and_let_in(fleet, visits):
    door = fleet("[fleet]\npictures = true\n[enrollment]\nframes = 2\n", visits)
    door.start()
    assert door.ask("group.create", group="staff")[-1]["status"] == "succeeded"
    refused = door.ask("enroll.start", person="eileen", groups=["nobody"], timeout_s=60.0)[-1]
    assert (refused["status"], refused["code"]) == ("failed", "InvalidParameterValue.GroupIdNotExist")
    answers = door.ask("enroll.start", person="eileen", groups=["staff"], seconds=60, timeout_s=120.0)
    assert answers[-1] == {
        "status": "succeeded",
        "person": "eileen",
        "created": True,
        "faces": 2,
        "duplicates": [],
    }
    assert {one["taken"] for one in answers if one["status"] == "in_progress"} <= {0, 1, 2}
    assert any("taken" in one for one in answers)
    assert door.event("access.granted", timeout_s=60.0).body["body"]["person"] == "eileen"
    listed = door.ask("face.list", person="eileen")[-1]
    assert listed["total"] == 2

    taken = door.ask("snapshot.request", width=320, faces=True, timeout_s=60.0)[-1]
    image = cv2.imdecode(np.frombuffer(base64.b64decode(taken["image"]), np.uint8), cv2.IMREAD_COLOR)
    assert image.shape == (240, 320, 3)
    found = door.ask("face.search", image=portrait(), timeout_s=60.0)[-1]
    assert found["faces"][0]["candidates"][0]["person"] == "eileen"
    assert door.ask("face.verify", person="eileen", image=portrait())[-1]["is_match"] is True
    assert door.daemon.stop() == 0
    assert "eileen" not in (door.folder / "log").read_text()


def portrait():
    """Another picture of the enrolled person, small enough for a command."""
    image = enrolment_pictures()[1]
    height = round(image.shape[0] * 320 / image.shape[1])
    small = cv2.resize(image, (320, height), interpolation=cv2.INTER_AREA)
    return base64.b64encode(cv2.imencode(".jpg", small)[1].tobytes()).decode()
