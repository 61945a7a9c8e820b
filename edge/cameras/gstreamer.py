"""A GStreamer pipeline in a process of its own, for an OpenCV that was built without GStreamer.

That is every OpenCV of the package index; JetPack's own is tied to one version of Python. The
process writes YUV4MPEG2, which says its own size, into a pipe.
"""

from __future__ import annotations

import os
import re
import select
import shlex
import shutil
import subprocess
import tempfile
from typing import IO

import cv2
import numpy as np

from edge.cameras.address import redacted
from edge.core.frame import Image
from edge.errors import CameraLost, CameraNotFound, CameraStalled

PROGRAM = "gst-launch-1.0"
PICTURE_S = 1.2
STOP_S = 1.0
# Only the newest picture waits, so that a slow reader never sees an old one.
_TAIL = (
    "queue leaky=downstream max-size-buffers=1 ! videoconvert ! video/x-raw,format=I420 ! "
    "y4menc ! fdsink fd=1 sync=false"
)
_MARK = b"FRAME\n"


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


def open_pipeline(pipeline: str, first_picture_s: float) -> PipelineProcess:
    """Run a pipeline that ends in `appsink`, and wait for its first picture. Raises CameraNotFound."""
    elements, _, _ = pipeline.rpartition("!")
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
    process = subprocess.Popen(
        [PROGRAM, "-q", *shlex.split(f"{elements} ! {_TAIL}")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        bufsize=0,
    )
    opened = PipelineProcess(redacted(pipeline), process, errors)
    try:
        opened.read_header(first_picture_s)
    except (CameraLost, CameraStalled) as error:
        opened.close()
        raise CameraNotFound(str(error)) from None
    except CameraNotFound:
        opened.close()
        raise
    return opened


class PipelineProcess:
    """A running pipeline as a Source."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self._name = name
        self._process = process
        self._errors = errors
        self._size_wh = (0, 0)

    def read_header(self, timeout_s: float) -> None:
        header = self._read_line(timeout_s)
        found = re.search(rb"W(\d+) H(\d+)", header)
        if not header.startswith(b"YUV4MPEG2") or found is None:
            raise CameraLost(f"the pipeline {self._name} gives something else than pictures; correct it")
        width, height = int(found[1]), int(found[2])
        if width % 8 or height % 2:
            # GStreamer pads other lines, and the padding differs from version to version.
            raise CameraNotFound(
                f"the pipeline {self._name} gives {width}x{height}; ask it for a width that is a multiple "
                "of 8 and an even height"
            )
        self._size_wh = width, height

    def grab(self) -> Image:
        width, height = self._size_wh
        if self._read(len(_MARK)) != _MARK:
            raise CameraLost(f"the pipeline {self._name} is out of step; it is started again")
        planes = np.frombuffer(self._read(width * height * 3 // 2), np.uint8)
        return np.asarray(
            cv2.cvtColor(planes.reshape(height * 3 // 2, width), cv2.COLOR_YUV2BGR_I420), np.uint8
        )

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()

    def _read(self, count: int) -> bytes:
        read = bytearray()
        while len(read) < count:
            read += self._read_some(count - len(read), PICTURE_S)
        return bytes(read)

    def _read_line(self, timeout_s: float) -> bytes:
        line = b""
        while not line.endswith(b"\n") and len(line) < 200:
            line += self._read_some(1, timeout_s)
        return line

    def _read_some(self, most: int, timeout_s: float) -> bytes:
        """Some bytes of the pipe, waiting at most timeout_s so that the process can always be ended."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        ready, _, _ = select.select([pipe], [], [], timeout_s)
        if not ready:
            raise CameraStalled(
                f"the pipeline {self._name} runs and gives no pictures; check the camera's cable"
            )
        read = os.read(pipe, most)
        if not read:
            raise CameraLost(f"the pipeline {self._name} has ended: {self._complaint()}")
        return read

    def _complaint(self) -> str:
        """The first line in which GStreamer says what is wrong."""
        self._errors.seek(0)
        lines = self._errors.read(10_000).decode(errors="replace").splitlines()
        complaints = [line for line in lines if line.startswith(("ERROR", "WARNING"))]
        return (
            f"{redacted(complaints[0])}; try it with {PROGRAM}"
            if complaints
            else "no reason given; see its log"
        )
