"""Pipelines in a process: with GStreamer where it is installed, and with a stand-in everywhere."""

from __future__ import annotations

import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.cameras import gstreamer
from edge.cameras.gstreamer import PipelineProcess, open_pipeline
from edge.errors import CameraLost, CameraNotFound, CameraStalled

BLUE = "videotestsrc is-live=true pattern=blue ! video/x-raw, width=64, height=48, framerate=30/1 ! appsink"

needs_gstreamer = pytest.mark.skipif(
    shutil.which(gstreamer.PROGRAM) is None, reason=f"{gstreamer.PROGRAM} is not installed"
)

STAND_IN = """#!{python}
import sys, time
out = sys.stdout.buffer
def header(width=64, height=48):
    out.write(b"YUV4MPEG2 C420 W%d H%d Ip F30:1 A1:1\\n" % (width, height))
def frame():
    out.write(b"FRAME\\n" + bytes(64 * 48) + bytes([128]) * (64 * 48 // 2))
    out.flush()
{script}
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a program of that name first in the path, which does what a script says."""

    def put(script: str) -> None:
        program = tmp_path / gstreamer.PROGRAM
        program.write_text(STAND_IN.format(python=sys.executable, script=script))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return put


def read_to_the_end(pipeline: PipelineProcess) -> None:
    while True:
        pipeline.grab()


@needs_gstreamer
def test_pictures_of_a_real_pipeline_arrive_as_bgr() -> None:
    pipeline = open_pipeline(BLUE, 10.0)
    image = pipeline.grab()
    pipeline.close()
    assert image.shape == (48, 64, 3)
    np.testing.assert_allclose(image.reshape(-1, 3).mean(axis=0), (255, 0, 0), atol=4)


@needs_gstreamer
def test_what_gstreamer_says_is_passed_on() -> None:
    with pytest.raises(CameraNotFound, match="no element"):
        open_pipeline("nosuchsource ! appsink", 10.0)


@needs_gstreamer
def test_a_width_that_would_be_padded_is_refused() -> None:
    with pytest.raises(CameraNotFound, match="multiple of 8"):
        open_pipeline(BLUE.replace("width=64", "width=66"), 10.0)


def test_every_picture_is_whole(stand_in) -> None:
    stand_in("header()\nfor _ in range(3): frame()")
    pipeline = open_pipeline(BLUE, 10.0)
    for _ in range(3):
        image = pipeline.grab()
        assert image.shape == (48, 64, 3)
        assert not image.any()
    with pytest.raises(CameraLost, match="has ended"):
        pipeline.grab()
    pipeline.close()


def test_a_pipeline_without_pictures_is_not_found_and_ended(stand_in) -> None:
    stand_in("time.sleep(60)")
    with pytest.raises(CameraNotFound, match="no pictures"):
        open_pipeline(BLUE, 0.5)


def test_a_pipeline_that_stops_sending_is_stalled_and_can_be_closed(stand_in) -> None:
    stand_in("header()\nframe()\ntime.sleep(60)")
    pipeline = open_pipeline(BLUE, 10.0)
    pipeline.grab()
    with pytest.raises(CameraStalled):
        pipeline.grab()
    pipeline.close()


def test_a_process_that_does_not_listen_is_killed(stand_in) -> None:
    stand_in(
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nheader()\nframe()\ntime.sleep(60)"
    )
    pipeline = open_pipeline(BLUE, 10.0)
    pipeline.grab()
    pipeline.close()
    assert pipeline._process.returncode == -9


def test_an_error_is_told_without_its_password(stand_in) -> None:
    stand_in('sys.exit("ERROR: cannot open rtsp://admin:hunter22@camera/1")')
    with pytest.raises(CameraNotFound) as caught:
        open_pipeline("rtspsrc location=rtsp://admin:hunter22@camera/1 ! decodebin ! appsink", 10.0)
    assert "hunter22" not in str(caught.value)
    assert "cannot open rtsp://camera/1" in str(caught.value)


def test_something_else_than_pictures_is_refused(stand_in) -> None:
    stand_in("print('hello, this is no video at all')")
    with pytest.raises(CameraNotFound, match="something else"):
        open_pipeline(BLUE, 10.0)


def test_a_stream_out_of_step_is_lost(stand_in) -> None:
    stand_in("header()\nframe()\nout.write(bytes(99))")
    pipeline = open_pipeline(BLUE, 10.0)
    with pytest.raises(CameraLost, match="out of step"):
        read_to_the_end(pipeline)
    pipeline.close()
