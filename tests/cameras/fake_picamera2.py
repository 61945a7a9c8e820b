"""Picamera2 as far as we use it, with a sensor that sees what the test paints.

Follows picamera2's own source: a missing camera raises IndexError, configuring takes the
dictionary of `create_video_configuration`, a format is named by the order in a little-endian
word, and `capture_array` with a number as `wait` raises TimeoutError.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np


class Sensor:
    """What is in front of the camera, red-green-blue, and what is wrong with it."""

    def __init__(self, rgb: tuple[int, int, int] = (0, 0, 0)) -> None:
        self.rgb = rgb
        self.attached = True
        self.running = threading.Event()
        self.running.set()
        self.fails = False
        self.open_devices = 0
        self.requested: dict[str, Any] = {}

    def open(self, index: int) -> FakePicamera2:
        return FakePicamera2(self, index)


class FakePicamera2:
    def __init__(self, sensor: Sensor, index: int) -> None:
        if not sensor.attached or index != 0:
            raise IndexError("list index out of range")
        if sensor.open_devices:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        sensor.open_devices += 1
        self._sensor = sensor
        self._config: dict[str, Any] | None = None
        self._started = False
        self._is_open = True

    def create_video_configuration(
        self, main: dict[str, Any], *, buffer_count: int = 6, controls: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return {"use_case": "video", "main": main, "buffer_count": buffer_count, "controls": controls or {}}

    def configure(self, camera_config: dict[str, Any]) -> None:
        width, height = camera_config["main"]["size"]
        if width % 2 or height % 2:
            raise RuntimeError("width and height should be even")
        if camera_config["main"]["format"] not in ("RGB888", "BGR888"):
            raise RuntimeError("Bad format")
        self._config = camera_config
        self._sensor.requested = camera_config

    def start(self) -> None:
        if self._config is None:
            raise RuntimeError("Camera has not been configured")
        self._started = True

    def capture_array(self, name: str = "main", wait: float | None = None) -> np.ndarray:
        assert self._config is not None
        assert self._started
        if self._sensor.fails:
            raise RuntimeError("Failed to queue request")
        if not self._sensor.running.wait(wait):
            raise TimeoutError
        threading.Event().wait(0.01)
        red, green, blue = self._sensor.rgb
        in_memory = (blue, green, red) if self._config[name]["format"] == "RGB888" else (red, green, blue)
        width, height = self._config[name]["size"]
        return np.full((height, width, 3), in_memory, np.uint8)

    def stop(self) -> None:
        self._started = False

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._sensor.open_devices -= 1
