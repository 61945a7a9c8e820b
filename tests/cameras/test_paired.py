from __future__ import annotations

import numpy as np
import pytest

from edge.cameras.paired import PairedCamera
from edge.core.frame import Frame
from edge.errors import CameraLost, CameraNotFound, CameraStalled


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Planned:
    """A camera that gives a gray frame at each planned time; a read moves the clock there."""

    def __init__(self, clock: Clock, times: list[float], size_wh=(64, 48), failure=None) -> None:
        self.clock, self.times, self.size_wh, self.failure = clock, times, size_wh, failure
        self.left = list(times)
        self.is_open = False

    def start(self) -> None:
        if isinstance(self.failure, CameraNotFound):
            raise self.failure
        self.is_open = True

    def read(self, timeout_s: float) -> Frame:
        if self.failure is not None and not self.left:
            raise self.failure
        if not self.left or self.left[0] > self.clock.now + timeout_s:
            self.clock.now += timeout_s
            raise CameraStalled("the test has no picture now")
        at = self.left.pop(0)
        self.clock.now = max(self.clock.now, at)
        number = len(self.times) - len(self.left) - 1
        return Frame(np.full((*self.size_wh[::-1], 3), number, np.uint8), at, number)

    def close(self) -> None:
        self.is_open = False


def pairs(color, infrared, *, apart_s=0.1, count=None):
    """(number of the color frame, number of its infrared one)."""
    clock = Clock()
    camera = PairedCamera(Planned(clock, color), Planned(clock, infrared), apart_s=apart_s, clock=clock)
    camera.start()
    found = []
    for _ in range(len(color) if count is None else count):
        frame = camera.read(2.0)
        found.append((frame.sequence, int(frame.infrared[0, 0])))
    return found


def test_the_picture_nearest_in_time_is_the_partner():
    assert pairs([1.0, 1.1, 1.2], [0.93, 0.98, 1.05, 1.11, 1.18, 1.28]) == [(0, 1), (1, 3), (2, 4)]


def test_one_partner_may_serve_two_frames():
    assert pairs([1.0, 1.05, 1.1], [1.02, 1.2]) == [(0, 0), (1, 0), (2, 0)]


def test_a_frame_without_a_partner_is_passed_over():
    assert pairs([1.0, 1.5, 1.6], [1.0, 1.62], count=2) == [(0, 0), (2, 1)]


def test_no_frame_comes_without_infrared():
    with pytest.raises(CameraStalled, match="infrared"):
        pairs([1.0 + n / 15 for n in range(60)], [], count=1)


def test_it_takes_the_size_of_the_color_picture_and_has_one_channel():
    clock = Clock()
    camera = PairedCamera(Planned(clock, [1.0]), Planned(clock, [1.0], size_wh=(30, 20)), clock=clock)
    camera.start()
    frame = camera.read(2.0)
    assert frame.infrared.shape == frame.image.shape[:2] == (48, 64)
    assert frame.infrared.dtype == np.uint8


def test_a_lost_infrared_camera_is_a_lost_camera():
    clock = Clock()
    second = Planned(clock, [1.0], failure=CameraLost("the infrared camera is gone; plug it in"))
    camera = PairedCamera(Planned(clock, [1.0, 1.1]), second, clock=clock)
    camera.start()
    camera.read(2.0)
    with pytest.raises(CameraLost, match="infrared"):
        camera.read(1.0)


def test_without_its_infrared_camera_the_other_does_not_stay_open():
    clock = Clock()
    color = Planned(clock, [1.0])
    second = Planned(clock, [], failure=CameraNotFound("no infrared camera; plug it in"))
    with pytest.raises(CameraNotFound, match="infrared"):
        PairedCamera(color, second, clock=clock).start()
    assert not color.is_open
