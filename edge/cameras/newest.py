"""The newest picture of a source that blocks: a thread grabs, readers wait with a limit.

A camera driver may block for ever inside one call, and no other thread may touch the device
meanwhile. So the grabbing thread owns its source from opening to closing; when it does not come
back it is left behind (it is a daemon thread) and closes its source if it ever returns.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from edge.core.frame import Frame, Image
from edge.errors import CameraError, CameraLost, CameraNotFound, CameraStalled

logger = logging.getLogger(__name__)

JOIN_S = 0.5
MOST_LEFT_BEHIND = 4


class Source(Protocol):
    """An open device."""

    def grab(self) -> Image:
        """Block for the next picture, uint8 (H, W, 3) BGR. Raises CameraLost."""

    def close(self) -> None: ...


class NewestFrame:
    """Runs one source in a thread of its own and keeps only its newest picture.

    name: how messages call the source, free of secrets. open_source opens the device, raising
    CameraNotFound. clock: monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        open_source: Callable[[], Source],
        *,
        open_timeout_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._name = name
        self._open_source = open_source
        self._open_timeout_s = open_timeout_s
        self._clock = clock
        self._grab: _Grab | None = None
        self._left_behind: list[_Grab] = []
        self._sequence = 0

    def start(self) -> None:
        """Open the source. Raises CameraNotFound, also when opening takes too long."""
        self.close()
        self._left_behind = [grab for grab in self._left_behind if grab.is_alive()]
        if len(self._left_behind) >= MOST_LEFT_BEHIND:
            raise CameraNotFound(
                f"{self._name} is not opened again: {MOST_LEFT_BEHIND} earlier calls into its driver have "
                "not returned; reseat the camera or restart the machine"
            )
        grab = _Grab(self._name, self._open_source, self._clock, self._sequence)
        grab.start()
        self._grab = grab
        try:
            grab.wait_open(self._open_timeout_s)
        except CameraError:
            self.close()
            raise

    def read(self, timeout_s: float) -> Frame:
        if self._grab is None:
            raise CameraLost(f"{self._name} is not open; start it before reading")
        frame = self._grab.take(timeout_s)
        self._sequence = frame.sequence + 1
        return frame

    def close(self) -> None:
        grab, self._grab = self._grab, None
        if grab is None:
            return
        grab.stop()
        grab.join(JOIN_S)
        if grab.is_alive():
            self._left_behind.append(grab)
            logger.warning("%s: its driver does not return; left it behind", self._name)


class _Grab(threading.Thread):
    """One opening of the source, until it fails or is stopped."""

    def __init__(
        self, name: str, open_source: Callable[[], Source], clock: Callable[[], float], first_sequence: int
    ) -> None:
        super().__init__(name=f"grab {name}", daemon=True)
        self._source_name = name
        self._open_source = open_source
        self._clock = clock
        self._changed = threading.Condition()
        self._stopping = False
        self._is_open = False
        self._frame: Frame | None = None
        self._failure: CameraError | None = None
        self._sequence = first_sequence

    def run(self) -> None:
        try:
            source = self._open_source()
        except CameraError as error:
            self._fail(error)
            return
        try:
            with self._changed:
                self._is_open = True
                self._changed.notify_all()
            while not self._stopping:
                image = source.grab()
                self._put(Frame(image, self._clock(), self._sequence))
                self._sequence += 1
        except CameraError as error:
            self._fail(error)
        finally:
            source.close()

    def stop(self) -> None:
        self._stopping = True

    def wait_open(self, timeout_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or self._failure is not None, timeout_s)
            if self._is_open:
                return
            raise self._failure or CameraNotFound(
                f"{self._source_name} did not open within {timeout_s:g} s; check that it is powered and "
                "reachable and that nothing else uses it"
            )

    def take(self, timeout_s: float) -> Frame:
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._failure is not None, timeout_s)
            frame, self._frame = self._frame, None
            if frame is not None:
                return frame
            if self._failure is not None:
                raise self._failure
            raise CameraStalled(
                f"{self._source_name} is open but gives no pictures; check its cable and power"
            )

    def _put(self, frame: Frame) -> None:
        with self._changed:
            self._frame = frame
            self._changed.notify_all()

    def _fail(self, error: CameraError) -> None:
        with self._changed:
            self._failure = error
            self._changed.notify_all()
