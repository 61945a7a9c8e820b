from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.app.capture import LONGEST_RETRY_S, CaptureWorker, retry_delay_s
from edge.cameras.opencv import OpenCvCamera
from edge.cameras.replay import FramesCamera
from edge.core.frame import Frame
from edge.errors import CameraLost, CameraNotFound, CameraStalled
from tests.cameras.mjpeg_server import mjpeg_server, picture

IMAGE = np.zeros((2, 2, 3), np.uint8)


class Log:
    """Takes what the worker tells, with the time of each."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.told: list[tuple[str, float]] = []
        self.reasons: list[str] = []
        self.frames: list[Frame] = []
        self.beats: list[float] = []

    def put(self, frame: Frame) -> None:
        with self._changed:
            self.frames.append(frame)
            self._changed.notify_all()

    def on_down(self, reason: str) -> None:
        self.reasons.append(reason)
        self._tell("down")

    def on_up(self) -> None:
        self._tell("up")

    def on_end(self) -> None:
        self._tell("end")

    def beat(self) -> None:
        self.beats.append(time.monotonic())

    def _tell(self, what: str) -> None:
        with self._changed:
            self.told.append((what, time.monotonic()))
            self._changed.notify_all()

    def wait_for(self, count: int, what: str) -> float:
        """The time at which the count-th thing was told, which must be `what`."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.told) >= count, 20.0), self.told
            assert self.told[count - 1][0] == what, self.told
            return self.told[count - 1][1]

    def wait_for_frames(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.frames) >= count, 20.0)


class ScriptedCamera:
    """Does what its script says, one step per call of `read`; a step is a frame or an error."""

    def __init__(self, *openings: list[Exception | None]) -> None:
        self._openings = iter(openings)
        self._steps: Iterator[Exception | None] = iter(())
        self.is_open = False
        self.starts = 0
        self._sequence = 0

    def start(self) -> None:
        self.starts += 1
        opening = next(self._openings, None)
        if opening is None:
            raise CameraNotFound("no camera at front; plug it in")
        self.is_open = True
        self._steps = iter(opening)

    def read(self, timeout_s: float) -> Frame:
        step = next(self._steps, CameraStalled("front gives no pictures"))
        if step is not None:
            raise step
        self._sequence += 1
        return Frame(IMAGE, time.monotonic(), self._sequence)

    def close(self) -> None:
        self.is_open = False


@contextmanager
def working(camera: object, log: Log, **limits: float) -> Iterator[threading.Thread]:
    worker = CaptureWorker(
        camera, log, on_down=log.on_down, on_up=log.on_up, on_end=log.on_end, beat=log.beat, **limits
    )
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(10.0)
        assert not thread.is_alive()


def test_an_outage_is_told_once_and_the_camera_opened_again() -> None:
    lost = CameraLost("front is unplugged; plug it in")
    camera = ScriptedCamera([None, None, lost], [lost], [lost], [None, None])
    log = Log()
    with working(camera, log):
        log.wait_for(3, "up")
    assert [what for what, _ in log.told[:3]] == ["up", "down", "up"]
    assert log.reasons[0] == "front is unplugged; plug it in"
    assert camera.starts >= 4


def test_a_camera_absent_from_the_start_is_told_and_tried_again() -> None:
    log = Log()
    camera = ScriptedCamera()
    with working(camera, log):
        log.wait_for(1, "down")
        until(lambda: camera.starts >= 3)
    assert log.reasons == ["no camera at front; plug it in"]


def test_the_camera_is_closed_when_the_worker_stops() -> None:
    camera, log = ScriptedCamera([None] * 10_000_000), Log()
    with working(camera, log):
        log.wait_for_frames(5)
        assert camera.is_open
    assert not camera.is_open


def test_a_replay_ends_without_an_outage() -> None:
    log = Log()
    with working(FramesCamera(lambda: [IMAGE] * 3, realtime=False), log) as thread:
        log.wait_for(2, "end")
        thread.join(10.0)
    assert [what for what, _ in log.told] == ["up", "end"]
    assert len(log.frames) == 3


def test_the_worker_stops_while_it_waits_to_try_again() -> None:
    log = Log()
    with working(ScriptedCamera(), log):
        log.wait_for(1, "down")


def test_the_heart_beats_while_a_camera_is_slow_to_give_its_first_frame() -> None:
    class Slow(ScriptedCamera):
        def start(self) -> None:
            pass

        def read(self, timeout_s: float) -> Frame:
            threading.Event().wait(timeout_s)
            raise CameraStalled("front gives no pictures")

    log = Log()
    with working(Slow(), log, first_frame_s=2.5):
        log.wait_for(1, "down")
    assert len(log.beats) >= 3


@given(st.integers(min_value=0, max_value=10**9))
def test_the_delay_grows_to_a_limit(attempt: int) -> None:
    assert 0 < retry_delay_s(attempt) <= retry_delay_s(attempt + 1) <= LONGEST_RETRY_S


def test_a_stalled_stream_is_noticed_within_two_seconds_and_recovered_from() -> None:
    log = Log()
    with mjpeg_server(picture(40)) as server, working(OpenCvCamera(server.url), log):
        log.wait_for(1, "up")
        log.wait_for_frames(3)
        stalled_at = time.monotonic()
        server.stall()
        # The limit is 1.5 s; half a second more would break the promise, but for a busy machine.
        assert log.wait_for(2, "down") - stalled_at < 2.5
        server.flow()
        log.wait_for(3, "up")
        seen = len(log.frames)
        log.wait_for_frames(seen + 3)
    assert "gives no pictures" in log.reasons[0]


def test_an_unplugged_stream_is_noticed_within_two_seconds_and_recovered_from() -> None:
    log = Log()
    with mjpeg_server(picture(40)) as server, working(OpenCvCamera(server.url), log):
        log.wait_for(1, "up")
        log.wait_for_frames(3)
        unplugged_at = time.monotonic()
        server.unplug()
        assert log.wait_for(2, "down") - unplugged_at < 2.0
        server.plug()
        log.wait_for(3, "up")
    sequences = [frame.sequence for frame in log.frames]
    assert sequences == sorted(set(sequences))


def until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20.0
    while not claim():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_many_outages_leave_neither_threads_nor_files_behind() -> None:
    log, chance = Log(), random.Random(20)
    threads_before, files_before = threading.active_count(), open_files()
    with mjpeg_server(picture(40)) as server, working(OpenCvCamera(server.url), log):
        log.wait_for(1, "up")
        for round_ in range(40):
            if chance.random() < 0.5:
                server.stall()
                log.wait_for(2 * round_ + 2, "down")
                server.flow()
            else:
                server.unplug()
                log.wait_for(2 * round_ + 2, "down")
                server.plug()
            log.wait_for(2 * round_ + 3, "up")
            log.wait_for_frames(len(log.frames) + 1)
    until(lambda: threading.active_count() <= threads_before and open_files() <= files_before)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
