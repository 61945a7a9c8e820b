from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from edge.app.stopwatch import Lap, Stopwatch
from edge.app.vision_figures import VisionFigures
from edge.app.vitals import VitalsWorker
from edge.core.clock_state import ClockState
from edge.errors import StoreLocked
from tests.fakes import FakeClock, FakeOutbox
from tests.mqtt.test_pump import stored


def lap(**stages):
    made = Lap()
    made.around.update(stages)
    return made


class Device:
    def __init__(self, folder, events=0, every_s=60.0):
        self.clock = FakeClock()
        self.figures = VisionFigures(lambda: self.clock.now)
        self.outbox = FakeOutbox(stored(seq) for seq in range(5, 5 + events))
        self.heard = []
        clocks = replace(self.clock.clocks(), state=lambda: ClockState.HOLDOVER)
        self.worker = VitalsWorker(
            every_s=every_s,
            figures=self.figures,
            outbox=self.outbox,
            folder=folder,
            clocks=clocks,
            hear=self.heard.append,
        )


def test_a_reading_tells_of_the_time_since_the_last_one(tmp_path):
    device = Device(tmp_path)
    for _ in range(30):
        device.figures.frame(lap(detect=0.004))
    device.figures.frame(lap(detect=0.010, match=0.001))
    device.clock.now += 10.0
    first = device.worker.measure().body()
    assert (first["fps"], first["frames"], first["uptime_s"]) == (3.1, 31, 10)
    assert first["stages"]["detect"] == {"p50_ms": 4.0, "p95_ms": 4.0}
    assert set(first["stages"]) == {"detect", "match"}
    device.clock.now += 5.0
    second = device.worker.measure().body()
    assert (second["fps"], second["frames"], second["stages"]) == (0.0, 31, {})


def test_the_outbox_and_the_clock_are_told(tmp_path):
    body = Device(tmp_path, events=3).worker.measure().body()
    assert body["outbox"] == {"depth": 3, "oldest": 5}
    assert body["clock"]["state"] == "holdover"
    assert body["disk_free"] > 0


def test_what_cannot_be_read_is_left_out(tmp_path):
    device = Device(tmp_path)
    device.outbox.failure = StoreLocked("the database is locked; try again")
    vitals = device.worker.measure()
    assert "outbox" not in vitals.body()
    assert "temp_c" not in replace(vitals, temperature_c=None).body()


def test_a_reading_comes_at_once_and_then_as_often_as_asked(tmp_path):
    device = Device(tmp_path, every_s=0.001)
    stop, readings = threading.Event(), []

    def beat():
        readings.append(len(device.heard))
        device.clock.now += 0.0006
        if len(readings) == 6:
            stop.set()

    device.worker.run(stop, beat)
    assert readings == [0, 1, 1, 2, 2, 3]


def test_quality_is_what_lies_between_the_mesh_and_the_liveness_network():
    now = [0.0]
    watch = Stopwatch(lambda: now[0])

    def work(seconds):
        now[0] += seconds

    watch.timed("landmarks", work)(0.5)
    work(0.25)
    watch.timed("liveness", work)(1.0)
    assert watch.lap().seconds() == pytest.approx({"landmarks": 0.5, "quality": 0.25, "liveness": 1.0})
    watch.timed("liveness", work)(1.0)
    watch.timed("landmarks", work)(0.5)
    assert "quality" not in watch.lap().seconds()
