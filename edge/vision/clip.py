"""Read a clip's pictures, and write a clip, through OpenCV; it knows nothing of sound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.core.frame import Frame, Image
from edge.errors import PictureUnreadable, SettingsError

CODECS = {".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG", ".webm": "VP80"}
"""What this build of OpenCV can write into each kind of file."""
CLIPS = frozenset(CODECS)
"""How the names of clips end, in lower case."""
_USUAL_FPS = 25.0
_HIGHEST_FPS = 240.0


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """frames: how many the file says there are, which need not be right."""

    fps: float
    frames: int
    width: int
    height: int


def clip_info(path: Path) -> ClipInfo:
    """Raises PictureUnreadable when the file is missing or no clip."""
    with _opened(path) as capture:
        fps = capture.get(cv2.CAP_PROP_FPS)
        return ClipInfo(
            fps=fps if math.isfinite(fps) and 0 < fps <= _HIGHEST_FPS else _USUAL_FPS,
            frames=max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))),
            width=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            height=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )


def clip_frames(path: Path) -> Iterator[Image]:
    """Every picture of a clip, uint8 (H, W, 3) BGR, upright. Raises PictureUnreadable."""
    with _opened(path) as capture:
        while True:
            done, image = capture.read()
            if not done:
                return
            yield np.asarray(image, np.uint8)


def timed_frames(path: Path) -> Iterator[Frame]:
    """Every picture of a clip with its own time since the first, which many phones space unevenly.

    Pictures that do not say a later time than those before them are spaced by the clip's usual rate. Raises
    PictureUnreadable, also for a clip without a picture.
    """
    period_s = 1.0 / clip_info(path).fps
    first = last = -math.inf
    with _opened(path) as capture:
        number = 0
        while True:
            done, image = capture.read()
            if not done:
                break
            at = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
            if number == 0:
                first = at if math.isfinite(at) else 0.0
                last = first
            else:
                last = at if last < at < math.inf else last + period_s
            yield Frame(np.asarray(image, np.uint8), last - first, number)
            number += 1
    if not number:
        raise PictureUnreadable(f"{path} has no pictures that can be read; convert it to MP4")


def write_clip(path: Path, frames: Iterator[Image], fps: float) -> int:
    """Write pictures of one size as a clip, and say how many.

    Raises SettingsError, also when the clip cannot be read again as it was written.
    """
    codec = CODECS.get(path.suffix.lower())
    if codec is None:
        raise SettingsError(f"cannot write a clip as {path.suffix or path.name}; use {', '.join(CODECS)}")
    writer: cv2.VideoWriter | None = None
    count = 0
    try:
        for image in frames:
            if writer is None:
                height, width = image.shape[:2]
                writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (width, height))
                if not writer.isOpened():
                    raise SettingsError(f"cannot write {path}; give a path that may be written")
            writer.write(image)
            count += 1
    finally:
        if writer is not None:
            writer.release()
    # OpenCV says nothing of what could not be written, as on a full disk.
    readable = _readable(path) if count else 0
    if readable != count:
        raise SettingsError(
            f"only {readable} of {count} pictures could be written to {path.parent}; make room there"
        )
    return count


def _readable(path: Path) -> int:
    try:
        return sum(1 for _ in clip_frames(path))
    except PictureUnreadable:
        return 0


@contextmanager
def _opened(path: Path) -> Iterator[cv2.VideoCapture]:
    if not path.is_file():
        raise PictureUnreadable(f"no clip at {path}; check the path")
    # Named, for OpenCV would take a name like a%02d.mp4 for a pattern of pictures.
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        if not capture.isOpened():
            raise PictureUnreadable(f"{path} is not a clip that can be read; convert it to MP4")
        yield capture
    finally:
        capture.release()
