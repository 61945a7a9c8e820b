"""The whole daemon as a process: camera to relay, with and without a broker, and through trouble."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from edge.core.envelope import to_timestamp
from edge.core.identifiers import uuid7
from edge.demo.broker import Broker
from edge.demo.observer import Observer
from tests.journeys.daemon_process import (
    TOPIC,
    DaemonProcess,
    enroll_demo_person,
    read_edges,
    write_clip,
    write_config,
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def daemon(tmp_path):
    """Makes daemons of a configuration; none outlives the test."""
    made = []

    def make(config):
        made.append(DaemonProcess(config, tmp_path / "log"))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def stored(folder, sql):
    connection = sqlite3.connect(f"file:{folder / 'store' / 'ostiary.db'}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_a_clip_opens_the_door_once_without_a_broker_and_the_events_are_kept(tmp_path, clip, daemon):
    config = write_config(tmp_path, clip, loop=False)
    enroll_demo_person(config)
    running = daemon(config)
    running.start()
    running.wait_ready()
    assert running.wait(60) == 0
    assert [edge["state"] for edge in read_edges(tmp_path)] == ["unlocked", "locked"]
    ((decision, person),) = stored(tmp_path, "SELECT id, person FROM decisions WHERE granted")
    assert (person, read_edges(tmp_path)[0]["decision"]) == ("eileen", decision)
    kept = [kind for (kind,) in stored(tmp_path, "SELECT type FROM outbox WHERE sent = 0 ORDER BY seq")]
    assert kept[0] == "system.started"
    assert {"access.granted", "door.unlocked", "door.locked", "system.stopping"} <= set(kept)


def test_the_log_names_nobody(tmp_path, clip, daemon):
    config = write_config(tmp_path, clip, loop=False)
    enroll_demo_person(config, identifier="secret-name")
    running = daemon(config)
    running.start()
    running.wait_ready()
    running.wait(60)
    assert "secret-name" not in (tmp_path / "log").read_text()


def test_a_person_added_while_the_daemon_runs_is_recognized_and_one_removed_is_not(tmp_path, clip, daemon):
    config = write_config(tmp_path, clip)
    running = daemon(config)
    running.start()
    running.wait_ready()
    try:
        enroll_demo_person(config)
        until(lambda: [edge for edge in read_edges(tmp_path) if edge["state"] == "unlocked"])
    finally:
        assert running.stop() == 0
    assert read_edges(tmp_path)[-1]["state"] == "locked"


def test_stopping_and_starting_moves_nothing(tmp_path, clip, daemon):
    config = write_config(tmp_path, clip)
    running = daemon(config)
    for _ in range(2):
        running.start()
        running.wait_ready()
        assert running.stop() == 0
    assert read_edges(tmp_path) == []


def test_what_happened_without_a_broker_arrives_when_there_is_one(tmp_path, clip, daemon):
    with Broker() as broker:
        config = write_config(tmp_path, clip, port=broker.address.port)
        enroll_demo_person(config)
        broker.stop()
        running = daemon(config)
        running.start()
        running.wait_ready()
        until(lambda: stored(tmp_path, "SELECT 1 FROM outbox WHERE type = 'access.granted'"))
        broker.start()
        observer = Observer(broker.address)
        observer.start()
        arrived = observer.wait_for(lambda one: one.body.get("type") == "access.granted", 0.0, 40.0)
        state = observer.wait_for(lambda one: one.body.get("state") in ("ready", "degraded"), 0.0, 5.0)
        assert running.stop() == 0
        goodbye = observer.wait_for(lambda one: one.body.get("state") == "disconnected", 0.0, 5.0)
        observer.close()
    assert arrived is not None
    assert state is not None
    assert goodbye is not None


def test_a_person_revoked_by_a_command_is_refused_at_the_door(tmp_path, clip, daemon):
    command = {"v": 1, "id": uuid7(1, bytes(10)), "ts": to_timestamp(datetime.now(UTC))}
    with Broker() as broker:
        config = write_config(tmp_path, clip, port=broker.address.port)
        enroll_demo_person(config)
        observer = Observer(broker.address)
        observer.start()
        running = daemon(config)
        running.start()
        running.wait_ready()
        observer.send(f"{TOPIC}/cmd", {**command, "type": "gallery.revoke", "body": {"person": "eileen"}})
        ack = observer.wait_for(lambda one: one.body.get("body", {}).get("status") == "succeeded", 0.0, 20.0)
        assert ack is not None
        refused = observer.wait_for(lambda one: one.body.get("type") == "access.denied", ack.at, 40.0)
        assert running.stop() == 0
        observer.close()
    assert refused.body["body"]["reason"] == "deny_revoked"


def test_a_killed_daemon_is_announced_by_its_last_will(tmp_path, clip, daemon):
    with Broker() as broker:
        config = write_config(tmp_path, clip, port=broker.address.port)
        observer = Observer(broker.address)
        observer.start()
        running = daemon(config)
        running.start()
        running.wait_ready()
        born = observer.wait_for(lambda one: one.body.get("state") == "ready", 0.0, 20.0)
        running.kill()
        lost = observer.wait_for(lambda one: one.body.get("state") == "lost", 0.0, 10.0)
        observer.close()
    assert lost.body["session"] == born.body["session"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[camera]\nkind = "replay"\npath = "{folder}/absent"\n', "absent"),
        ('[door]\nkind = "gpio"\n', "board"),
        ('[door]\nkind = "gpio"\nboard = "raspbery-pi-5-relay-hat"\n', "raspberry-pi-5-relay-hat"),
        ("[mqtt]\nhots = 1\n", "hots"),
    ],
)
def test_a_daemon_that_cannot_work_says_why_in_one_line(tmp_path, text, word):
    file = tmp_path / "ostiary.toml"
    file.write_text(f'[store]\nfolder = "{tmp_path}"\n' + text.replace("{folder}", str(tmp_path)))
    command = [sys.executable, "-m", "edge", "--config", str(file), "run"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        if "absent" in word:
            until(lambda: process.poll() is not None or stored_alarm(tmp_path))
            process.terminate()
            return
        _, errors = process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    assert word in errors.splitlines()[-1]
    assert "Traceback" not in errors


def stored_alarm(folder):
    file = folder / "ostiary.db"
    if not file.exists():
        return False
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return bool(connection.execute("SELECT 1 FROM outbox WHERE type = 'alarm.camera'").fetchall())
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()


def until(condition, timeout_s=60.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
