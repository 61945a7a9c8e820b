"""The daemon in this process, with a camera and a door of the test."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

from edge.app import hardware, wiring
from edge.app.daemon import Daemon
from edge.cameras.replay import FramesCamera
from edge.core.decision import DecisionId, Receipt
from edge.door.simulated import SimulatedDoor
from edge.errors import WorkerDied
from edge.service.reporting import Clocks
from edge.settings import Settings

SPEED = 20.0
"""The daemon's clock runs faster than the test's."""


class Manager:
    """The service manager: counts what it hears."""

    def __init__(self):
        self.lives = 0
        self.said = []

    def ready(self):
        self.said.append("ready")

    def alive(self):
        self.lives += 1

    def status(self, text):
        pass

    def stopping(self):
        self.said.append("stopping")


class House:
    """on_step: called by the vision thread with every frame."""

    def __init__(self, folder, on_step):
        self.folder, self.manager = folder, Manager()
        self.door = door = SimulatedDoor()
        settings = Settings.model_validate(
            {"store": {"folder": folder}, "camera": {"kind": "replay", "path": folder}}
        )
        real = wiring.clocks(settings)
        self.daemon = Daemon(
            settings,
            camera=FramesCamera(lambda: [np.zeros((48, 64, 3), np.uint8)], loop=True),
            door=hardware.Door(hardware.door_config(settings, has_contact=False), door.lock, door.inputs),
            notifier=self.manager,
            clocks=Clocks(lambda: time.monotonic() * SPEED, real.utc, real.is_set),
            on_step=on_step,
        )

    @contextmanager
    def running(self):
        stop = threading.Event()
        thread = threading.Thread(target=self.daemon.run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(30.0)
            assert not thread.is_alive()

    def until_stored(self, kind):
        until(lambda: kind in self.types())

    def types(self):
        file = self.folder / "ostiary.db"
        if not file.exists():
            return []
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            return [kind for (kind,) in connection.execute("SELECT type FROM outbox ORDER BY seq")]
        except sqlite3.OperationalError:
            return []
        finally:
            connection.close()


def until(condition, timeout_s=30.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.timeout(120)
def test_a_stuck_thread_is_alarmed_and_starves_the_watchdog_until_it_works_again(tmp_path):
    freed, is_stuck = threading.Event(), threading.Event()

    def stick(step):
        is_stuck.set()
        freed.wait(60.0)

    house = House(tmp_path, stick)
    with house.running():
        try:
            is_stuck.wait(30.0)
            house.until_stored("alarm.thread")
            fed = house.manager.lives
            time.sleep(0.3)
            assert house.manager.lives == fed
        finally:
            freed.set()
        house.until_stored("alarm.thread_clear")
        until(lambda: house.manager.lives > fed)
    assert house.manager.said == ["ready", "stopping"]


@pytest.mark.timeout(120)
def test_a_thread_that_dies_ends_the_daemon_with_the_door_locked(tmp_path):
    house = House(tmp_path, lambda step: die(house))
    with pytest.raises(WorkerDied, match=r"vision.*ValueError"):
        house.daemon.run(threading.Event())
    assert [edge.state for edge in house.door.edges] == ["unlocked", "locked"]
    assert house.manager.said == ["ready", "stopping"]


def die(house):
    house.door.lock.unlock(Receipt(DecisionId("of-the-test")))
    raise ValueError("broken")
