"""V4L2 devices, network streams and GStreamer pipelines through OpenCV."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from edge.cameras import gstreamer
from edge.cameras.address import Backend, backend_of, redacted
from edge.cameras.newest import NewestFrame, Source
from edge.core.frame import Frame, Image
from edge.errors import CameraLost, CameraNotFound

FAILURES_TO_LOSE = 3
FAILURE_PAUSE_S = 0.1
STREAM_READ_TIMEOUT_MS = 4000
_ERRORS_ONLY = 2
_QUIET = "-8"


class Capture(Protocol):
    """What we use of cv2.VideoCapture."""

    def isOpened(self) -> bool: ...  # noqa: N802

    def set(self, prop: int, value: float) -> bool: ...

    def read(self) -> tuple[bool, Any]: ...

    def release(self) -> None: ...


_API = {
    Backend.V4L2: cv2.CAP_V4L2,
    Backend.STREAM: cv2.CAP_FFMPEG,
    Backend.GSTREAMER: cv2.CAP_GSTREAMER,
}


def open_video_capture(source: str | int, backend: int, parameters: Sequence[int]) -> Capture:
    # OpenCV and FFmpeg would write lines of their own to the terminal for what we raise an error.
    # OpenCV 5 moved the function.
    set_log_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_log_level(_ERRORS_ONLY)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _QUIET)
    return cv2.VideoCapture(source, backend, list(parameters))


class OpenCvCamera:
    """A camera that OpenCV can open.

    source: a V4L2 number or device node (0, "0", "/dev/video0"), the URL of a stream
    ("rtsp://…", "http://…"), or a GStreamer pipeline that ends in `appsink` and gives BGR; the
    pipeline runs in a process of its own where OpenCV has no GStreamer.
    size_wh (pixels), fps and fourcc ("MJPG") are asked of a V4L2 device, which may choose
    others; a stream or a pipeline names its own. clock: monotonic seconds.
    """

    def __init__(
        self,
        source: str | int,
        *,
        size_wh: tuple[int, int] | None = (640, 480),
        fps: float | None = None,
        fourcc: str | None = None,
        open_timeout_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        open_capture: Callable[[str | int, int, Sequence[int]], Capture] = open_video_capture,
    ) -> None:
        self._source = int(source) if isinstance(source, str) and source.isdecimal() else source
        self._size_wh = size_wh
        self._fps = fps
        self._fourcc = fourcc
        self._open_timeout_s = open_timeout_s
        self._open_capture = open_capture
        self._newest = NewestFrame(
            redacted(source), self._open, open_timeout_s=open_timeout_s + FAILURE_PAUSE_S, clock=clock
        )

    def start(self) -> None:
        self._newest.start()

    def read(self, timeout_s: float) -> Frame:
        return self._newest.read(timeout_s)

    def close(self) -> None:
        self._newest.close()

    def _open(self) -> Source:
        backend = backend_of(self._source)
        name = redacted(self._source)
        node = _device_node(self._source) if backend is Backend.V4L2 else None
        _check_openable(self._source, backend, node)
        if backend is Backend.GSTREAMER and not has_gstreamer(cv2.getBuildInformation()):
            return gstreamer.open_pipeline(str(self._source), self._open_timeout_s)
        try:
            capture = self._open_capture(self._source, _API[backend], self._parameters(backend))
            if not capture.isOpened():
                capture.release()
                raise CameraNotFound(f"no camera opens at {name}; {_cure(backend)}")
            if backend is Backend.V4L2:
                self._ask(capture)
        except cv2.error:
            # Its text may quote the source, password and all.
            raise CameraNotFound(f"no camera opens at {name}; {_cure(backend)}") from None
        return _OpenCapture(name, capture, node)

    def _parameters(self, backend: Backend) -> list[int]:
        if backend is not Backend.STREAM:
            return []
        return [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            int(self._open_timeout_s * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            STREAM_READ_TIMEOUT_MS,
        ]

    def _ask(self, capture: Capture) -> None:
        # The format decides which sizes and rates a UVC camera offers, so it goes first.
        if self._fourcc is not None:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*self._fourcc))
        if self._size_wh is not None:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size_wh[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size_wh[1])
        if self._fps is not None:
            capture.set(cv2.CAP_PROP_FPS, self._fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)


class _OpenCapture:
    """An open capture as a Source."""

    def __init__(self, name: str, capture: Capture, node: Path | None) -> None:
        self._name = name
        self._capture = capture
        self._node = node

    def grab(self) -> Image:
        for _ in range(FAILURES_TO_LOSE):
            try:
                got, picture = self._capture.read()
            except cv2.error:
                got, picture = False, None
            if got and picture is not None:
                return _as_bgr(picture)
            if self._node is None:
                raise CameraLost(f"the stream {self._name} has ended; check the camera and the network")
            if not self._node.exists():
                raise CameraLost(f"{self._name} is unplugged; plug it in again")
            threading.Event().wait(FAILURE_PAUSE_S)
        raise CameraLost(f"{self._name} refuses to give pictures; check its cable and power")

    def close(self) -> None:
        self._capture.release()


def has_gstreamer(build_information: str) -> bool:
    """Whether cv2.getBuildInformation() tells of GStreamer."""
    return re.search(r"GStreamer:\s+YES", build_information) is not None


def _device_node(source: str | int) -> Path:
    return Path(f"/dev/video{source}") if isinstance(source, int) else Path(source)


def _check_openable(source: str | int, backend: Backend, node: Path | None) -> None:
    """Say what OpenCV would only tell by not opening."""
    if node is not None and not node.exists():
        raise CameraNotFound(
            f"no camera at {node}; check its cable, and camera.source against 'v4l2-ctl --list-devices'"
        )
    if node is not None and not node.is_char_device():
        raise CameraNotFound(
            f'{node} is not a camera device; use camera.kind = "replay" for a clip or a folder'
        )
    if backend is Backend.GSTREAMER:
        if "appsink" not in str(source):
            raise CameraNotFound(f"the pipeline {redacted(source)} gives us nothing; end it with '! appsink'")
        if not has_gstreamer(cv2.getBuildInformation()) and not gstreamer.is_installed():
            raise CameraNotFound(
                f"neither this OpenCV nor {gstreamer.PROGRAM} can run the pipeline {redacted(source)}; "
                "apt install gstreamer1.0-tools gstreamer1.0-plugins-good"
            )


def _cure(backend: Backend) -> str:
    match backend:
        case Backend.V4L2:
            return (
                "check with 'v4l2-ctl --list-devices' that it takes pictures, and that nothing else uses it"
            )
        case Backend.STREAM:
            return "check the address, the user and password, and that the camera is reachable"
        case Backend.GSTREAMER:
            return "try the pipeline with gst-launch-1.0"


def _as_bgr(picture: Any) -> Image:
    image = np.ascontiguousarray(picture, np.uint8)
    if image.ndim == 2 or image.shape[2] == 1:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    if image.shape[2] == 4:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGRA2BGR), np.uint8)
    return image
