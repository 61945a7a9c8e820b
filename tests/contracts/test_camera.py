"""What every camera promises, held against each adapter that opens here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras.opencv import OpenCvCamera
from edge.cameras.paired import PairedCamera
from edge.cameras.picamera import Picamera2Camera
from edge.cameras.replay import FramesCamera, ReplayCamera
from edge.errors import CameraLost, CameraNotFound
from edge.ports import Camera
from tests.cameras.fake_picamera2 import Sensor
from tests.cameras.mjpeg_server import mjpeg_server

BLUE_BGR = (200, 60, 20)
SIZE_WH = (64, 48)


def blue() -> np.ndarray:
    return np.full((SIZE_WH[1], SIZE_WH[0], 3), BLUE_BGR, np.uint8)


def make_clip(path: Path, pictures: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, SIZE_WH)
    for _ in range(pictures):
        writer.write(blue())
    writer.release()
    return path


class Ticks:
    """A clock that advances a tenth of a second at each look."""

    def __init__(self) -> None:
        self._ticks = count()

    def __call__(self) -> float:
        return 1000.0 + next(self._ticks) / 10


KINDS = ["clip", "folder", "frames", "stream", "picamera", "pipeline", "paired"]
BLUE_PIPELINE = (
    "videotestsrc is-live=true pattern=solid-color foreground-color=0xff143cc8 ! "
    "video/x-raw, format=BGRx, width=64, height=48, framerate=30/1 ! appsink"
)


@pytest.fixture(params=KINDS)
def camera(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Camera]:
    clock = Ticks()
    made: Camera
    match request.param:
        case "clip":
            made = ReplayCamera(make_clip(tmp_path / "door.avi", 10), realtime=False, clock=clock)
        case "folder":
            for number in range(10):
                cv2.imwrite(str(tmp_path / f"{number}.png"), blue())
            made = ReplayCamera(tmp_path, realtime=False, clock=clock)
        case "frames":
            made = FramesCamera(lambda: (blue() for _ in range(10)), realtime=False, clock=clock)
        case "stream":
            with mjpeg_server(blue()) as server:
                made = OpenCvCamera(server.url, clock=clock)
                yield made
                made.close()
            return
        case "pipeline":
            if shutil.which("gst-launch-1.0") is None:
                pytest.skip("gst-launch-1.0 is not installed")
            made = OpenCvCamera(BLUE_PIPELINE, clock=clock)
        case "paired":
            both = (
                FramesCamera(lambda: (blue() for _ in range(40)), realtime=False, clock=clock) for _ in "ab"
            )
            made = PairedCamera(*both, apart_s=1.0, clock=clock)
        case "picamera":
            red, green, blue_level = BLUE_BGR[2], BLUE_BGR[1], BLUE_BGR[0]
            made = Picamera2Camera(
                size_wh=SIZE_WH, clock=clock, open_device=Sensor((red, green, blue_level)).open
            )
    yield made
    made.close()


def test_frames_are_bgr_pictures_of_bytes(camera: Camera) -> None:
    camera.start()
    image = camera.read(5.0).image
    assert image.dtype == np.uint8
    assert image.shape == (SIZE_WH[1], SIZE_WH[0], 3)
    assert image.flags.c_contiguous
    np.testing.assert_allclose(image.reshape(-1, 3).mean(axis=0), BLUE_BGR, atol=12)


def test_sequence_and_time_only_go_forward(camera: Camera) -> None:
    camera.start()
    frames = [camera.read(5.0) for _ in range(4)]
    assert all(a.sequence < b.sequence for a, b in pairwise(frames))
    assert all(a.captured_at < b.captured_at for a, b in pairwise(frames))
    assert frames[0].sequence >= 0
    assert frames[0].captured_at >= 1000.0


def test_it_starts_again_after_close_and_the_sequence_goes_on(camera: Camera) -> None:
    camera.start()
    before = camera.read(5.0)
    camera.close()
    camera.start()
    assert camera.read(5.0).sequence > before.sequence


def test_starting_twice_leaves_it_running(camera: Camera) -> None:
    camera.start()
    camera.start()
    assert camera.read(5.0).image.size


def test_closing_is_harmless_when_it_is_not_open(camera: Camera) -> None:
    camera.close()
    camera.start()
    camera.close()
    camera.close()


def test_reading_before_the_start_is_refused(camera: Camera) -> None:
    with pytest.raises(CameraLost, match="start it"):
        camera.read(0.1)


def still(folder: Path) -> Camera:
    return ReplayCamera(make_clip(folder / "still.avi", 2), realtime=False)


def unplugged_sensor() -> Sensor:
    sensor = Sensor()
    sensor.attached = False
    return sensor


ABSENT: dict[str, Callable[[Path], Camera]] = {
    "no clip": lambda folder: ReplayCamera(folder / "absent.avi"),
    "empty folder": lambda folder: ReplayCamera(folder / "empty"),
    "empty clip": lambda folder: ReplayCamera(folder / "empty.avi"),
    "not a clip": lambda folder: ReplayCamera(folder / "text.avi"),
    "no device": lambda _: OpenCvCamera("/dev/video63"),
    "no device by number": lambda _: OpenCvCamera(63),
    "not a device": lambda folder: OpenCvCamera(str(folder / "text.avi")),
    "no stream": lambda _: OpenCvCamera("http://127.0.0.1:9/stream.mjpg", open_timeout_s=2.0),
    "no color camera": lambda folder: PairedCamera(ReplayCamera(folder / "absent.avi"), still(folder)),
    "no infrared camera": lambda folder: PairedCamera(still(folder), ReplayCamera(folder / "absent.avi")),
    "no pi camera": lambda _: Picamera2Camera(open_device=unplugged_sensor().open),
}


@pytest.mark.parametrize("which", ABSENT)
def test_nothing_to_open_is_said_in_one_line_with_a_cure(which: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.avi").touch()
    (tmp_path / "text.avi").write_text("this is not a clip")
    with pytest.raises(CameraNotFound) as caught:
        ABSENT[which](tmp_path).start()
    message = str(caught.value)
    assert "\n" not in message
    assert ";" in message
