"""A daemon that is configured over a real broker; the test is the service manager and starts it anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from edge.app.restarting import RESTART
from edge.core.identifiers import uuid7
from edge.mqtt.topics import Topics
from tests.broker import Site, needs_mosquitto, running, until
from tests.journeys.daemon_process import DaemonProcess, write_clip, write_config
from tests.mqtt.device import link_to

pytestmark = [needs_mosquitto, pytest.mark.timeout(180)]
TOPICS = Topics("site", "door-1")
TRIAL_S = 1.5


@dataclass
class Door:
    site: Site
    daemon: DaemonProcess
    sent: int = 0

    def say(self, topic: str, message_type: str, body: dict[str, Any], *, retain: bool = False) -> str:
        self.sent += 1
        identifier = uuid7(1_800_000_000_000 + self.sent, bytes(10))
        message = {
            "v": 1, "id": identifier, "ts": "2026-11-21T12:00:00Z", "type": message_type, "body": body,
        }  # fmt: skip
        self.site.send(topic, json.dumps(message).encode(), retain=retain)
        return identifier

    def start(self) -> None:
        self.daemon.start()
        self.daemon.wait_ready()

    def until_restart(self) -> None:
        assert self.daemon.wait(30.0) == RESTART

    def until_told(self, topic: str, claim: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        def told() -> list[dict[str, Any]]:
            return [body for seen in self.site.on(topic) if claim(body := seen.json["body"])]

        until(told, f"the right word on {topic}", timeout_s=30.0)
        return told()[-1]

    def until_reported(self, version: int, state: str) -> dict[str, Any]:
        def claim(body: dict[str, Any]) -> bool:
            return (body["version"], body["state"]) == (version, state)

        return self.until_told(TOPICS.config_reported, claim)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    clip = write_clip(tmp_path / "clip", step=40)
    with running() as broker:
        config = write_config(tmp_path, clip, port=broker.address.port)
        config.write_text(config.read_text() + f"[ota]\ntrial_s = {TRIAL_S}\n")
        daemon = DaemonProcess(config, tmp_path / "log")
        with Site(replace(link_to(broker.address.port), client_id="site")) as site:
            made = Door(site, daemon)
            made.start()
            try:
                yield made
            finally:
                daemon.kill()


def test_a_good_configuration_is_applied_and_a_broken_camera_is_taken_back(door: Door) -> None:
    good = {"version": 1, "settings": {"door": {"unlock_s": "2.5"}}}
    door.say(TOPICS.config_desired, "config.desired", good, retain=True)
    door.until_restart()
    door.start()
    applied = door.until_reported(1, "applied")
    assert applied["running"] == {"version": 1, "hash": applied["hash"]}

    refused = {"version": 2, "settings": {"door": {"unlock_s": "3", "lock_type": "maglock"}}}
    door.say(TOPICS.config_desired, "config.desired", refused, retain=True)
    assert list(door.until_reported(2, "refused")["refused"]) == ["door.lock_type"]

    broken = {"version": 3, "settings": {"camera": {"kind": "opencv", "source": "/dev/video99"}}}
    door.say(TOPICS.config_desired, "config.desired", broken, retain=True)
    door.until_restart()
    door.start()
    door.until_restart()
    door.start()
    back = door.until_reported(3, "rolled_back")
    assert "/dev/video99" in back["reason"]
    assert back["running"]["version"] == 1
    assert door.daemon.stop() == 0


def test_a_command_changes_one_device_and_a_job_is_told_of_step_by_step(door: Door) -> None:
    command = door.say(TOPICS.cmd, "config.set", {"settings": {"log": {"level": "debug"}}})

    def is_answer(seen: dict[str, Any]) -> bool:
        return bool(seen["status"] == "succeeded")

    assert door.until_told(TOPICS.cmd_ack, is_answer)["state"] == "trying"
    assert {seen.json["corr"] for seen in door.site.on(TOPICS.cmd_ack)} == {command}
    door.until_restart()
    door.start()
    door.until_reported(1, "applied")

    job = {"job": "job-1", "kind": "config", "version": 2, "settings": {"door": {"unlock_s": "2"}}}
    door.say(TOPICS.job_next, "job.next", job, retain=True)
    door.until_restart()
    door.start()
    update = TOPICS.job_update("job-1")
    door.until_told(update, lambda body: body["status"] == "succeeded")
    statuses = [seen.json["body"]["status"] for seen in door.site.on(update)]
    assert statuses[0] == "accepted"
    assert door.until_reported(2, "applied")["running"]["version"] == 2
