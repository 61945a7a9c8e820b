from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edge.cameras.picamera import Picamera2Camera, open_picamera2
from edge.errors import CameraLost, CameraNotFound, CameraStalled
from tests.cameras.fake_picamera2 import Sensor


def read_to_the_end(camera: Picamera2Camera) -> None:
    while True:
        camera.read(5.0)


def test_the_frame_rate_and_size_are_asked_of_the_sensor() -> None:
    sensor = Sensor()
    camera = Picamera2Camera(size_wh=(320, 240), fps=20.0, open_device=sensor.open)
    camera.start()
    assert camera.read(5.0).image.shape == (240, 320, 3)
    camera.close()
    assert sensor.requested["controls"] == {"FrameDurationLimits": (50_000, 50_000)}


def test_a_loose_ribbon_cable_is_noticed_and_the_device_set_free() -> None:
    sensor = Sensor()
    camera = Picamera2Camera(open_device=sensor.open)
    camera.start()
    camera.read(5.0)
    sensor.running.clear()
    with pytest.raises(CameraStalled, match="ribbon"):
        read_to_the_end(camera)
    camera.close()
    assert sensor.open_devices == 0
    sensor.running.set()
    camera.start()
    camera.read(5.0)
    camera.close()


def test_a_device_that_fails_is_lost_and_set_free() -> None:
    sensor = Sensor()
    camera = Picamera2Camera(open_device=sensor.open)
    camera.start()
    camera.read(5.0)
    sensor.fails = True
    with pytest.raises(CameraLost, match="Failed to queue request"):
        read_to_the_end(camera)
    camera.close()
    assert sensor.open_devices == 0


def test_a_camera_in_use_elsewhere_is_reported() -> None:
    sensor = Sensor()
    other = sensor.open(0)
    with pytest.raises(CameraNotFound, match="busy"):
        Picamera2Camera(open_device=sensor.open).start()
    other.close()


def test_an_impossible_size_is_reported_and_the_device_set_free() -> None:
    sensor = Sensor()
    with pytest.raises(CameraNotFound, match="even"):
        Picamera2Camera(size_wh=(321, 240), open_device=sensor.open).start()
    assert sensor.open_devices == 0


def test_a_machine_without_picamera2_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "picamera2.py").write_text("raise ImportError('libcamera is not installed')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(CameraNotFound, match="apt install python3-picamera2"):
        Picamera2Camera().start()


def test_picamera2_is_imported_only_when_the_camera_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "picamera2.py").write_text(
        "from tests.cameras.fake_picamera2 import Sensor\nPicamera2 = Sensor().open\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    device = open_picamera2(0)
    device.close()
