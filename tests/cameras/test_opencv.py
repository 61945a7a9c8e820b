from __future__ import annotations

import base64
import http.server
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cameras.address import jetson_csi_pipeline
from edge.cameras.opencv import OpenCvCamera, has_gstreamer
from edge.errors import CameraLost, CameraNotFound
from tests.cameras.mjpeg_server import mjpeg_server, picture


class FakeCapture:
    """A cv2.VideoCapture that gives one picture over and over until it is told to fail."""

    def __init__(self, image: np.ndarray, opens: bool = True) -> None:
        self.image = image
        self.opens = opens
        self.failing = threading.Event()
        self.properties: list[int] = []
        self.released = threading.Event()

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def set(self, prop: int, value: float) -> bool:
        self.properties.append(prop)
        return True

    def read(self) -> tuple[bool, np.ndarray | None]:
        threading.Event().wait(0.005)
        return (False, None) if self.failing.is_set() else (True, self.image)

    def release(self) -> None:
        self.released.set()


def read_to_the_end(camera: OpenCvCamera) -> None:
    while True:
        camera.read(5.0)


class DeviceNode:
    """A character device that the test can pull out: the far end of a pseudo terminal."""

    def __init__(self) -> None:
        self._near, self._far = os.openpty()
        self.path = os.ttyname(self._far)

    def pull(self) -> None:
        os.close(self._far)
        os.close(self._near)


def test_a_refused_stream_is_reported_without_its_password(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    asked: list[str | None] = []

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://admin:hunter22@127.0.0.1:{server.server_port}/stream.mjpg"
        with caplog.at_level(logging.DEBUG), pytest.raises(CameraNotFound) as caught:
            OpenCvCamera(url).start()
        server.shutdown()
    assert f"Basic {base64.b64encode(b'admin:hunter22').decode()}" in asked
    written = capfd.readouterr()
    for text in (str(caught.value), caplog.text, written.out, written.err):
        assert "hunter22" not in text
    assert "user and password" in str(caught.value)


def test_what_does_not_open_is_told_by_us_alone() -> None:
    """OpenCV writes to the terminal behind Python's back, so only a process of its own shows it."""
    code = (
        "from edge.cameras.opencv import OpenCvCamera\n"
        "try: OpenCvCamera('http://127.0.0.1:9/stream.mjpg').start()\n"
        "except Exception as error: print(type(error).__name__)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("CameraNotFound\n", "")


def test_a_v4l2_device_is_asked_for_its_format_before_its_size() -> None:
    capture = FakeCapture(picture(9))
    camera = OpenCvCamera("/dev/null", fourcc="MJPG", fps=15, open_capture=lambda *_: capture)
    camera.start()
    camera.close()
    assert capture.properties[:4] == [
        cv2.CAP_PROP_FOURCC,
        cv2.CAP_PROP_FRAME_WIDTH,
        cv2.CAP_PROP_FRAME_HEIGHT,
        cv2.CAP_PROP_FPS,
    ]
    assert capture.released.wait(5.0)


def test_a_gray_picture_arrives_as_bgr() -> None:
    camera = OpenCvCamera("/dev/null", open_capture=lambda *_: FakeCapture(picture(9)[:, :, 0].copy()))
    camera.start()
    assert camera.read(5.0).image.shape == (48, 64, 3)
    camera.close()


def test_an_unplugged_device_is_lost_at_once() -> None:
    node, capture = DeviceNode(), FakeCapture(picture(9))
    camera = OpenCvCamera(node.path, open_capture=lambda *_: capture)
    camera.start()
    camera.read(5.0)
    node.pull()
    capture.failing.set()
    with pytest.raises(CameraLost, match="unplugged"):
        read_to_the_end(camera)
    assert capture.released.wait(5.0)


def test_a_device_that_refuses_is_lost_and_one_hiccup_is_not() -> None:
    capture = FakeCapture(picture(9))
    answers = iter([(True, capture.image), (False, None), (True, capture.image)])
    capture.read = lambda: next(answers, (False, None))  # type: ignore[method-assign]
    camera = OpenCvCamera("/dev/null", open_capture=lambda *_: capture)
    camera.start()
    assert camera.read(5.0).sequence == 0
    assert camera.read(5.0).sequence == 1
    with pytest.raises(CameraLost, match="refuses"):
        camera.read(5.0)


def test_a_device_that_does_not_open_is_released() -> None:
    capture = FakeCapture(picture(9), opens=False)
    with pytest.raises(CameraNotFound, match="nothing else uses it"):
        OpenCvCamera("/dev/null", open_capture=lambda *_: capture).start()
    assert capture.released.is_set()


def test_a_pipeline_without_an_end_is_refused() -> None:
    with pytest.raises(CameraNotFound, match="appsink"):
        OpenCvCamera("videotestsrc ! videoconvert").start()


@pytest.mark.skipif(has_gstreamer(cv2.getBuildInformation()), reason="this OpenCV has GStreamer")
def test_a_machine_without_gstreamer_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CameraNotFound, match=r"apt install gstreamer1\.0-tools"):
        OpenCvCamera(jetson_csi_pipeline()).start()


def test_gstreamer_is_read_from_the_build_information() -> None:
    assert has_gstreamer("  Video I/O:\n    GStreamer:                   YES (1.20.3)\n")
    assert not has_gstreamer("  Video I/O:\n    GStreamer:                   NO\n")


def test_a_clip_is_pointed_to_the_replay_camera(tmp_path: Path) -> None:
    clip = tmp_path / "clip.avi"
    clip.touch()
    with pytest.raises(CameraNotFound, match="replay"):
        OpenCvCamera(str(clip)).start()


def test_a_stream_that_stops_sending_and_goes_on_needs_no_new_connection() -> None:
    with mjpeg_server(picture(40)) as server:
        camera = OpenCvCamera(server.url)
        camera.start()
        before = camera.read(5.0)
        server.stall()
        threading.Timer(0.3, server.flow).start()
        seen = before.sequence
        for _ in range(20):
            seen = camera.read(5.0).sequence
        assert seen >= before.sequence + 20
        camera.close()
