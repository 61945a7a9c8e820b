"""A daemon whose network camera stalls, is unplugged, and comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.app.daemon import Daemon
from edge.core.events import StoredEvent
from edge.settings import Settings
from edge.store.database import open_database
from edge.store.outbox import Outbox
from tests.cameras.mjpeg_server import MjpegServer, mjpeg_server

NOTICED_S = 2.0
BUSY_S = 1.0
"""What a machine busy with other tests may add."""


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with mjpeg_server(np.full((240, 320, 3), 90, np.uint8), fps=15.0) as served:
        yield served


@pytest.fixture
def store(tmp_path: Path, server: MjpegServer) -> Iterator[Path]:
    """The folder of a daemon that sees through its camera, and runs through the whole test."""
    settings = Settings.model_validate(
        {"camera": {"kind": "opencv", "source": server.url}, "store": {"folder": tmp_path / "state"}}
    )
    stop, seeing = threading.Event(), threading.Event()
    daemon = Daemon(settings, on_step=lambda step: seeing.set())
    thread = threading.Thread(target=daemon.run, args=(stop,), name="daemon")
    thread.start()
    assert seeing.wait(30.0)
    yield tmp_path / "state"
    assert thread.is_alive(), "the daemon must not end over a camera"
    stop.set()
    thread.join(20.0)
    assert not thread.is_alive()


def events_of_camera(store: Path) -> list[StoredEvent]:
    with open_database(store / "ostiary.db", durable=False, check=False) as database:
        return [
            stored
            for stored in Outbox(database).pending(1000)
            if stored.event.type.startswith("alarm.camera")
        ]


def wait_for(store: Path, *types: str) -> list[StoredEvent]:
    deadline = time.monotonic() + 20.0
    while True:
        events = events_of_camera(store)
        if [stored.event.type for stored in events] == list(types):
            return events
        assert time.monotonic() < deadline, [stored.event.type for stored in events]
        time.sleep(0.02)


def test_a_stalled_and_then_unplugged_camera_is_reported_and_recovered_from(
    store: Path, server: MjpegServer
) -> None:
    at = time.monotonic()
    server.stall()
    stalled = wait_for(store, "alarm.camera")
    assert time.monotonic() - at < NOTICED_S + BUSY_S
    assert "gives no pictures" in str(stalled[-1].event.body["reason"])
    server.flow()
    wait_for(store, "alarm.camera", "alarm.camera_clear")

    at = time.monotonic()
    server.unplug()
    unplugged = wait_for(store, "alarm.camera", "alarm.camera_clear", "alarm.camera")
    assert time.monotonic() - at < NOTICED_S + BUSY_S
    assert "has ended" in str(unplugged[-1].event.body["reason"])
    server.plug()
    wait_for(store, "alarm.camera", "alarm.camera_clear", "alarm.camera", "alarm.camera_clear")
