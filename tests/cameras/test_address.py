from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cameras.address import Backend, backend_of, jetson_csi_pipeline, redacted

SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=6, max_size=20)


@pytest.mark.parametrize(
    ("source", "backend"),
    [
        (0, Backend.V4L2),
        ("/dev/video0", Backend.V4L2),
        ("/dev/v4l/by-id/usb-046d_C270-video-index0", Backend.V4L2),
        ("rtsp://10.0.0.7/stream1", Backend.STREAM),
        ("RTSPS://user:pa!ss@camera/1", Backend.STREAM),
        ("http://camera/video.mjpg", Backend.STREAM),
        (jetson_csi_pipeline(), Backend.GSTREAMER),
        ("rtspsrc location=rtsp://camera ! decodebin ! videoconvert ! appsink", Backend.GSTREAMER),
    ],
)
def test_the_source_tells_the_backend(source: str | int, backend: Backend) -> None:
    assert backend_of(source) is backend


@given(user=SECRETS, password=SECRETS)
def test_no_password_is_ever_shown(user: str, password: str) -> None:
    shown = redacted(f"rtsp://{user}:{password}@camera.local/stream1")
    assert shown == "rtsp://camera.local/stream1"


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://camera/stream?user=admin&password=hunter22&channel=1",
        "http://camera/video?channel=1&token=hunter22",
        "rtspsrc location=rtsp://admin:hunter22@camera/1 latency=0 ! decodebin ! appsink",
        "rtspsrc location=rtsp://camera/1 user-id=admin user-pw=hunter22 ! decodebin ! appsink",
        'rtspsrc location=rtsp://camera/1 user-pw="hunter22 x" ! decodebin ! appsink',
    ],
)
def test_no_password_is_shown_wherever_it_is_written(source: str) -> None:
    assert "hunter22" not in redacted(source)
    assert "camera" in redacted(source)
