"""Keeps the camera giving frames: notices an outage, reports it, and opens the camera again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from edge.core.frame import Frame
from edge.errors import CameraError, CameraStalled, EndOfReplay
from edge.ports import Camera

logger = logging.getLogger(__name__)

FIRST_RETRY_S = 0.25
LONGEST_RETRY_S = 5.0
BEAT_S = 1.0


class FrameSlot(Protocol):
    def put(self, frame: Frame) -> None: ...


def retry_delay_s(attempt: int) -> float:
    """How long to wait before opening again, after `attempt` (from 0) tries in a row failed."""
    return min(FIRST_RETRY_S * 2.0 ** min(attempt, 10), LONGEST_RETRY_S)


def _nothing() -> None:
    pass


class CaptureWorker:
    """Carries frames from the camera to the slot until stopped, across any number of outages.

    on_down(reason) and on_up() are called from this worker's thread, once per outage; on_up also
    for the first frame of all. The reason is one line and free of secrets. on_end is called when
    a replay is over. beat tells that the worker lives; it is called at least every second,
    except during a call of the camera's start or close.

    stall_s: how long a running camera may give nothing; below 2 s, so that an outage is noticed
    within 2 s. first_frame_s: the same for a camera just opened, which may have to settle.
    """

    def __init__(
        self,
        camera: Camera,
        slot: FrameSlot,
        *,
        on_down: Callable[[str], None],
        on_up: Callable[[], None],
        on_end: Callable[[], None] = _nothing,
        beat: Callable[[], None] = _nothing,
        stall_s: float = 1.5,
        first_frame_s: float = 5.0,
    ) -> None:
        self._camera = camera
        self._slot = slot
        self._on_down = on_down
        self._on_up = on_up
        self._on_end = on_end
        self._beat = beat
        self._stall_s = stall_s
        self._first_frame_s = first_frame_s
        self._is_down = False
        self._failures = 0

    def run(self, stop: threading.Event) -> None:
        """Return when `stop` is set or a replay has ended."""
        try:
            while not stop.is_set():
                self._beat()
                try:
                    self._camera.start()
                    self._carry(stop)
                except EndOfReplay:
                    self._on_end()
                    return
                except CameraError as error:
                    self._report_down(error)
                    self._camera.close()
                    self._wait(stop)
        finally:
            self._camera.close()

    def _carry(self, stop: threading.Event) -> None:
        limit_s = self._first_frame_s
        is_first = True
        while not stop.is_set():
            frame = self._read(limit_s, stop)
            if frame is None:
                return
            self._slot.put(frame)
            if is_first:
                is_first, limit_s = False, self._stall_s
                self._report_up()
            self._beat()

    def _read(self, limit_s: float, stop: threading.Event) -> Frame | None:
        """Read with a heartbeat each second; None once stopped."""
        waited_s = 0.0
        while not stop.is_set():
            part_s = min(BEAT_S, limit_s - waited_s)
            try:
                return self._camera.read(part_s)
            except CameraStalled:
                waited_s += part_s
                if waited_s >= limit_s:
                    raise
            self._beat()
        return None

    def _wait(self, stop: threading.Event) -> None:
        left_s = retry_delay_s(self._failures)
        self._failures += 1
        while left_s > 0 and not stop.wait(min(BEAT_S, left_s)):
            self._beat()
            left_s -= BEAT_S

    def _report_down(self, error: CameraError) -> None:
        if self._is_down:
            logger.debug("camera still down: %s", error)
            return
        self._is_down = True
        logger.warning("camera down: %s", error)
        self._on_down(str(error))

    def _report_up(self) -> None:
        self._is_down = False
        self._failures = 0
        logger.info("camera up")
        self._on_up()
