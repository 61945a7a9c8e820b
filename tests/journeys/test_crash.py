"""SIGKILL at random moments, while people pass, commands arrive and others are enrolled."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from edge.app import wiring
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


def unlock_command():
    now = datetime.now(UTC)
    stamp = lambda at: at.isoformat().replace("+00:00", "Z")  # noqa: E731
    body = {"door": "main", "seconds": 1}
    exp = stamp(now + timedelta(seconds=25))
    return {"v": 1, "id": wiring.new_id(), "ts": stamp(now), "exp": exp, "type": "door.unlock", "body": body}


def crash(tmp_path, rounds, seed):
    chance = random.Random(seed)
    clip = write_clip(tmp_path / "clip", step=3)
    commands = []
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(persistence=True))
        config = write_config(tmp_path, clip, port=broker.address.port)
        enroll_demo_person(config)
        observer = Observer(broker.address)
        observer.start()
        stack.callback(observer.close)
        daemon = DaemonProcess(config, tmp_path / "log")
        stack.callback(daemon.kill)
        for _ in range(rounds):
            daemon.start()
            with enrolling(config):
                live(daemon, observer, commands, chance)
                daemon.kill()
            check_store(tmp_path)
        check_edges(tmp_path, commands)
        drain(daemon, tmp_path)
        time.sleep(0.5)
        check_events(tmp_path, observer)


@contextmanager
def enrolling(config):
    process = subprocess.Popen([sys.executable, "-m", "tests.journeys.enrolling_process", str(config)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def live(daemon, observer, commands, chance):
    """Send commands, some twice, for a random while: mostly to a ready daemon, or to a starting one."""
    if chance.random() < 0.75:
        daemon.wait_ready()
        end = time.monotonic() + chance.uniform(0.1, 1.5)
    else:
        end = time.monotonic() + chance.uniform(0.0, 1.0)
    while time.monotonic() < end:
        commands.append(unlock_command())
        observer.send(f"{TOPIC}/cmd", commands[-1])
        if chance.random() < 0.5:
            observer.send(f"{TOPIC}/cmd", chance.choice(commands[-5:]))
        time.sleep(chance.uniform(0.02, 0.3))


def rows(tmp_path, sql):
    connection = sqlite3.connect(f"file:{tmp_path / 'store' / 'ostiary.db'}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def check_store(tmp_path):
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def check_edges(tmp_path, commands):
    granted = dict(rows(tmp_path, "SELECT id, command FROM decisions WHERE granted"))
    unlocked = [edge["decision"] for edge in read_edges(tmp_path) if edge["state"] == "unlocked"]
    assert unlocked, "no round unlocked the door: the test tested nothing"
    assert set(unlocked) <= set(granted), "an edge without its committed decision"
    assert len(unlocked) == len(set(unlocked)), "a decision acted on twice"
    acted = [granted[decision] for decision in unlocked if granted[decision] is not None]
    assert len(acted) == len(set(acted)), "a command acted on twice"
    assert set(acted) <= {command["id"] for command in commands}


def drain(daemon, tmp_path):
    """Let the daemon send what waits, then end it in good order."""
    daemon.start()
    daemon.wait_ready()
    deadline = time.monotonic() + 60
    ((last,),) = rows(tmp_path, "SELECT max(seq) FROM outbox")
    while rows(tmp_path, f"SELECT 1 FROM outbox WHERE sent = 0 AND seq <= {last}"):
        assert time.monotonic() < deadline, "the events do not leave the outbox"
        time.sleep(0.1)
    assert daemon.stop() == 0


def check_events(tmp_path, observer):
    ids = {}
    for heard in observer.heard():
        if "/evt/" in heard.topic:
            ids.setdefault(heard.body["seq"], set()).add(heard.body["id"])
    assert all(len(known) == 1 for known in ids.values()), "an event under two ids"
    assert len({next(iter(known)) for known in ids.values()}) == len(ids), "an id for two events"
    assert sorted(ids) == list(range(1, max(ids) + 1)), "an event lost"


def test_no_crash_moves_the_relay_twice_or_loses_an_event(tmp_path):
    crash(tmp_path, rounds=6, seed=1)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_two_hundred_crashes_move_nothing_twice_and_lose_no_event(tmp_path):
    crash(tmp_path, rounds=200, seed=2)
