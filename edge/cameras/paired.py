"""A color camera and an infrared one that look at the same place, as one camera."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from edge.core.frame import Frame, Infrared
from edge.errors import CameraStalled
from edge.ports import Camera

_WAIT_S = 0.05


class PairedCamera:
    """Gives every color frame the infrared picture that was taken nearest to it, made as large.

    A color frame that has none within apart_s seconds is passed over: a door that was given a second sensor
    must not be opened without it. The cameras should stand side by side, with lenses of about the same angle.
    Both must stamp their frames by one clock, which is also asked how long to wait; monotonic seconds.
    """

    def __init__(
        self,
        color: Camera,
        infrared: Camera,
        *,
        apart_s: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._color = color
        self._infrared = infrared
        self._apart_s = apart_s
        self._clock = clock
        self._latest: tuple[Frame, ...] = ()

    def start(self) -> None:
        """Raises CameraNotFound when either is not there; then neither stays open."""
        self._latest = ()
        self._color.start()
        try:
            self._infrared.start()
        except BaseException:
            self._color.close()
            raise

    def read(self, timeout_s: float) -> Frame:
        """The newest color frame that has an infrared picture; see `ports.Camera`."""
        until = self._clock() + timeout_s
        while True:
            frame = self._color.read(max(0.0, until - self._clock()))
            partner = self._partner(frame.captured_at, until)
            if partner is not None:
                return replace(frame, infrared=_fitted(partner, frame))
            if self._clock() >= until:
                raise CameraStalled(
                    "the infrared camera gives no pictures at the times of the color camera; check its cable"
                )

    def close(self) -> None:
        self._latest = ()
        self._color.close()
        self._infrared.close()

    def _partner(self, at: float, until: float) -> Frame | None:
        """The infrared frame nearest to a time, None when it is too far from it.

        Frames are read until one is as late as that, for the nearest may be the next one.
        """
        while not self._latest or self._latest[-1].captured_at < at:
            left_s = min(until, at + self._apart_s + _WAIT_S) - self._clock()
            try:
                new = self._infrared.read(max(0.0, left_s))
            except CameraStalled:
                break
            self._latest = (*self._latest[-1:], new)
        nearest = min(self._latest, key=lambda frame: abs(frame.captured_at - at), default=None)
        return nearest if nearest is not None and abs(nearest.captured_at - at) <= self._apart_s else None


def _fitted(partner: Frame, frame: Frame) -> Infrared:
    height, width = frame.image.shape[:2]
    # An infrared camera gives the same in all colors.
    gray = np.ascontiguousarray(partner.image[..., 1])
    return np.asarray(cv2.resize(gray, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
