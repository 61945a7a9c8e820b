"""The frames of the camera, handed on to the door and shown to whoever else asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from edge.app.capture import FrameSlot
from edge.core.frame import Frame
from edge.errors import CameraStalled


class FrameTap:
    """Stands between the camera's thread and the slot of the door's recognizer. Any thread."""

    def __init__(self, slot: FrameSlot) -> None:
        self._slot = slot
        self._changed = threading.Condition()
        self._latest: Frame | None = None
        self._borrowers = 0

    def put(self, frame: Frame) -> None:
        """A new frame has come."""
        with self._changed:
            self._latest = frame
            self._changed.notify_all()
            is_borrowed = self._borrowers > 0
        if not is_borrowed:
            self._slot.put(frame)

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """While the block runs the door gets no frames: it answers no face."""
        with self._changed:
            self._borrowers += 1
        try:
            yield
        finally:
            with self._changed:
                self._borrowers -= 1

    def next(self, after: Frame | None, timeout_s: float) -> Frame | None:
        """The newest frame that is not `after`; None when none came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._latest is not after, timeout_s)
            return None if self._latest is after else self._latest


class TapCamera:
    """ports.Camera over the frames of a camera that somebody else has open. Gives only what is new."""

    def __init__(self, tap: FrameTap) -> None:
        self._tap = tap
        self._seen: Frame | None = None

    def start(self) -> None:
        self._seen = self._tap.next(None, 0.0)

    def read(self, timeout_s: float) -> Frame:
        """Raises CameraStalled."""
        frame = self._tap.next(self._seen, timeout_s)
        if frame is None:
            raise CameraStalled(f"the camera gave no frame in {timeout_s:g} s; see its alarm")
        self._seen = frame
        return frame

    def close(self) -> None:
        self._seen = None
