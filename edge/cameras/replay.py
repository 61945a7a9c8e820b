"""Recorded pictures as a camera: a clip, a folder of pictures, or frames made on the fly."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.cameras.recording import Recorded, recorded
from edge.core.frame import Frame, Image
from edge.errors import CameraLost, CameraNotFound, CameraStalled, EndOfReplay

FOLDER_FPS = 15.0


class FramesCamera:
    """An iterable of pictures as a camera.

    frames is called at every start, and again for each round when `loop` is set; its pictures
    are uint8 (H, W, 3) BGR, alone or with what other sensors saw. realtime: picture n is due
    n / fps seconds after the start, and a late reader skips pictures as it would with a live camera;
    otherwise every picture is given, as fast as it is asked for. clock: monotonic seconds.
    """

    def __init__(
        self,
        frames: Callable[[], Iterable[Image | Recorded]],
        *,
        realtime: bool = True,
        fps: float = FOLDER_FPS,
        loop: bool = False,
        clock: Callable[[], float] = time.monotonic,
        first_sequence: int = 0,
    ) -> None:
        self._frames = frames
        self._period_s = 1.0 / fps
        self._realtime = realtime
        self._loop = loop
        self._clock = clock
        self._closed = threading.Event()
        self._pictures: Iterator[Recorded] | None = None
        self._waiting: Recorded | None = None
        self._due = 0.0
        self._sequence = first_sequence

    def start(self) -> None:
        self.close()
        self._closed.clear()
        self._pictures = self._rounds()
        self._due = self._clock()

    def read(self, timeout_s: float) -> Frame:
        pictures = self._pictures
        if pictures is None:
            raise CameraLost("the replay is not open; start it before reading")
        picture = _next(pictures) if self._waiting is None else self._waiting
        if self._realtime:
            self._waiting = picture
            picture = self._when_due(pictures, picture, timeout_s)
        self._waiting = None
        frame = Frame(
            picture.image, self._clock(), self._sequence, infrared=picture.infrared, depth=picture.depth
        )
        self._sequence += 1
        self._due += self._period_s
        return frame

    def close(self) -> None:
        self._closed.set()
        self._pictures = None
        self._waiting = None

    def _when_due(self, pictures: Iterator[Recorded], picture: Recorded, timeout_s: float) -> Recorded:
        """Wait until the picture is due, or skip to the one that is due now."""
        early_s = self._due - self._clock()
        if early_s > 0 and self._closed.wait(min(early_s, timeout_s)):
            raise CameraLost("the replay was closed")
        if early_s > timeout_s:
            raise CameraStalled(
                f"the replay's next picture is due {early_s - timeout_s:.1f} s after the limit"
            )
        while self._clock() - self._due >= self._period_s:
            picture = _next(pictures)
            self._due += self._period_s
            self._sequence += 1
        return picture

    def _rounds(self) -> Iterator[Recorded]:
        while True:
            empty = True
            for picture in self._frames():
                empty = False
                yield picture if isinstance(picture, Recorded) else Recorded(picture)
            if empty or not self._loop:
                return


class ReplayCamera:
    """A clip that OpenCV can read, or a folder of pictures in natural order (see `recording`), as a camera.

    fps: pictures a second; the clip's own rate, or 15 for a folder, when None. `realtime`,
    `loop` and `clock` as for FramesCamera. Damaged pictures of a folder are skipped.
    """

    def __init__(
        self,
        path: Path,
        *,
        realtime: bool = True,
        fps: float | None = None,
        loop: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._realtime = realtime
        self._fps = fps
        self._loop = loop
        self._clock = clock
        self._camera: FramesCamera | None = None
        self._skipped: set[Path] = set()
        self._sequence = 0

    def start(self) -> None:
        """Raises CameraNotFound when there is nothing at the path that can be shown."""
        self.close()
        try:
            own_fps = self._own_fps()
        except OSError as error:
            raise CameraNotFound(
                f"{self._path} cannot be read: {error.strerror}; check its permissions"
            ) from None
        self._camera = FramesCamera(
            self._pictures,
            realtime=self._realtime,
            fps=self._fps or own_fps,
            loop=self._loop,
            clock=self._clock,
            first_sequence=self._sequence,
        )
        self._camera.start()

    def read(self, timeout_s: float) -> Frame:
        if self._camera is None:
            raise CameraLost(f"the replay of {self._path} is not open; start it before reading")
        try:
            frame = self._camera.read(timeout_s)
        except OSError as error:
            raise CameraLost(f"{self._path} cannot be read any more: {error.strerror}") from None
        self._sequence = frame.sequence + 1
        return frame

    def close(self) -> None:
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _own_fps(self) -> float:
        if self._path.is_dir():
            _first_of(recorded(self._path, self._skipped), self._path)
            return FOLDER_FPS
        if self._path.is_file():
            return _clip_fps(self._path)
        raise CameraNotFound(f"no clip or folder at {self._path}; give the path of an existing one")

    def _pictures(self) -> Iterator[Image] | Iterator[Recorded]:
        if self._path.is_dir():
            return recorded(self._path, self._skipped)
        return _clip_pictures(self._path)


def _next(pictures: Iterator[Recorded]) -> Recorded:
    for picture in pictures:
        return picture
    raise EndOfReplay("the replay has ended")


def _clip_fps(path: Path) -> float:
    _first_of(_clip_pictures(path), path)
    capture = cv2.VideoCapture(str(path))
    try:
        fps = capture.get(cv2.CAP_PROP_FPS)
    finally:
        capture.release()
    return fps if 0 < fps <= 1000 else FOLDER_FPS


def _clip_pictures(path: Path) -> Iterator[Image]:
    capture = cv2.VideoCapture(str(path))
    try:
        while True:
            got, picture = capture.read()
            if not got:
                return
            yield np.asarray(picture, np.uint8)
    finally:
        capture.release()


def _first_of(pictures: Iterator[Image] | Iterator[Recorded], path: Path) -> None:
    if next(pictures, None) is None:
        raise CameraNotFound(
            f"no picture can be read from {path}; give a clip that OpenCV can read, or a folder with "
            "JPEG or PNG pictures"
        )
