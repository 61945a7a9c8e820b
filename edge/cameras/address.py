"""What a camera is called: which backend a source needs, and what of it may be shown."""

from __future__ import annotations

import re
from enum import Enum, auto

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SECRET = re.compile(
    r"([\w-]*(?:user|pass|pwd|pw|token|key|secret|auth)[\w-]*=)(?:\"[^\"]*\"|[^&\s]+)", re.IGNORECASE
)


class Backend(Enum):
    V4L2 = auto()
    STREAM = auto()
    GSTREAMER = auto()


def backend_of(source: str | int) -> Backend:
    """A number or a path is a V4L2 device, "scheme://" a stream, and a "!" makes a pipeline."""
    if isinstance(source, int):
        return Backend.V4L2
    if _URL.match(source):
        return Backend.STREAM
    return Backend.GSTREAMER if "!" in source else Backend.V4L2


def redacted(source: str | int) -> str:
    """The source as it may be logged: without users, passwords and keys."""
    if isinstance(source, int) or source.isdecimal():
        return f"/dev/video{int(source)}"
    # A password may hold any character, also another "@", so the last one counts.
    credentials = r"(?<=://).*@" if _URL.match(source) else r"(?<=://)\S*@"
    return _SECRET.sub(r"\1***", re.sub(credentials, "", source, flags=re.DOTALL))


def jetson_csi_pipeline(sensor_id: int = 0, size_wh: tuple[int, int] = (1280, 720), fps: int = 30) -> str:
    """The source for a CSI camera of a Jetson."""
    width, height = size_wh
    return (
        f"nvarguscamerasrc sensor-id={sensor_id} ! "
        f"video/x-raw(memory:NVMM), width={width}, height={height}, framerate={fps}/1 ! "
        "nvvidconv ! video/x-raw, format=BGRx ! videoconvert ! video/x-raw, format=BGR ! "
        "appsink drop=true max-buffers=1 sync=false"
    )
