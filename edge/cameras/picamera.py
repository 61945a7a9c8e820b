"""Raspberry Pi cameras through picamera2."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from edge.cameras.newest import NewestFrame
from edge.core.frame import Frame, Image
from edge.errors import CameraLost, CameraNotFound, CameraStalled

FIRST_PICTURE_S = 5.0
PICTURE_S = 1.0

# libcamera names a format by the order of a pixel in a little-endian word, so the bytes of
# "RGB888" lie in memory as blue, green, red: what OpenCV calls BGR. "BGR888" would swap them.
BGR_IN_MEMORY = "RGB888"


class Device(Protocol):
    """What we use of picamera2.Picamera2."""

    def create_video_configuration(
        self, main: dict[str, Any], *, buffer_count: int, controls: dict[str, Any]
    ) -> dict[str, Any]: ...

    def configure(self, camera_config: dict[str, Any]) -> Any: ...

    def start(self) -> Any: ...

    def capture_array(self, name: str, wait: float) -> Any: ...

    def stop(self) -> Any: ...

    def close(self) -> Any: ...


def open_picamera2(index: int) -> Device:
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise CameraNotFound(
            f"picamera2 cannot be imported ({error}); run 'apt install python3-picamera2' and make the "
            "virtual environment with --system-site-packages"
        ) from None
    device: Device = Picamera2(index)
    return device


class Picamera2Camera:
    """A camera on the CSI connector of a Raspberry Pi.

    index: which of the cameras libcamera finds. size_wh: pixels, both even. fps: pictures a
    second, the camera's own choice when None. clock: monotonic seconds.
    """

    def __init__(
        self,
        index: int = 0,
        *,
        size_wh: tuple[int, int] = (640, 480),
        fps: float | None = 15.0,
        open_timeout_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        open_device: Callable[[int], Device] = open_picamera2,
    ) -> None:
        self._index = index
        self._size_wh = size_wh
        self._fps = fps
        self._open_device = open_device
        self._newest = NewestFrame(
            f"Pi camera {index}", self._open, open_timeout_s=open_timeout_s, clock=clock
        )

    def start(self) -> None:
        self._newest.start()

    def read(self, timeout_s: float) -> Frame:
        return self._newest.read(timeout_s)

    def close(self) -> None:
        self._newest.close()

    def _open(self) -> _OpenDevice:
        try:
            device = self._open_device(self._index)
        except (RuntimeError, IndexError, OSError) as error:
            raise self._not_found(error) from None
        try:
            device.configure(
                device.create_video_configuration(
                    {"size": self._size_wh, "format": BGR_IN_MEMORY},
                    buffer_count=4,
                    controls=self._controls(),
                )
            )
            device.start()
        except (RuntimeError, ValueError, OSError) as error:
            device.close()
            raise self._not_found(error) from None
        return _OpenDevice(f"Pi camera {self._index}", device)

    def _controls(self) -> dict[str, Any]:
        if self._fps is None:
            return {}
        microseconds = round(1_000_000 / self._fps)
        return {"FrameDurationLimits": (microseconds, microseconds)}

    def _not_found(self, error: Exception) -> CameraNotFound:
        return CameraNotFound(
            f"Pi camera {self._index} does not open ({error}); check its ribbon cable and what "
            "'rpicam-hello --list-cameras' finds, and that nothing else uses it"
        )


class _OpenDevice:
    """A started Picamera2 as a Source."""

    def __init__(self, name: str, device: Device) -> None:
        self._name = name
        self._device = device
        self._limit_s = FIRST_PICTURE_S

    def grab(self) -> Image:
        # Without a limit a loose ribbon cable blocks the call for ever, and the device could
        # not be closed and opened again. Releases that know no limit wait for ever.
        try:
            picture = self._device.capture_array("main", wait=self._limit_s)
        except TimeoutError:
            raise CameraStalled(
                f"{self._name} has given no picture for {self._limit_s:g} s; check its ribbon cable"
            ) from None
        except (RuntimeError, OSError) as error:
            raise CameraLost(f"{self._name} has failed ({error}); check its ribbon cable") from None
        self._limit_s = PICTURE_S
        return np.ascontiguousarray(picture[:, :, :3], np.uint8)

    def close(self) -> None:
        try:
            self._device.stop()
        finally:
            self._device.close()
