"""Redact files: pictures and clips in, the same without faces out, whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.core.coverage import Method
from edge.core.events import Json
from edge.core.face import Face
from edge.core.frame import Image
from edge.errors import PictureUnreadable, SettingsError
from edge.service.clip_redaction import ClipRedaction
from edge.service.familiar import FamiliarFaces
from edge.service.redaction import FaceRedaction
from edge.vision.clip import CLIPS, clip_frames, clip_info, write_clip
from edge.vision.image import load_picture

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_JPEG = (".jpg", ".jpeg")
_JPEG_QUALITY = 95


@dataclass(frozen=True, slots=True)
class RedactedFile:
    """hidden: heads of a picture, or faces followed through a clip. kept: faces left as they are. left:
    places that the detector still takes for a face. frames: of a clip, 1 for a picture."""

    source: Path
    output: Path
    hidden: int
    kept: int
    left: int
    frames: int = 1

    def as_json(self) -> dict[str, Json]:
        return {
            "source": str(self.source),
            "output": str(self.output),
            "hidden": self.hidden,
            "kept": self.kept,
            "left": self.left,
            "frames": self.frames,
        }


@dataclass(frozen=True, slots=True)
class FileRedaction:
    """familiar: whose faces stay; None hides everybody's. overwrite: replace files that are there, the source
    among them."""

    redaction: FaceRedaction
    method: Method
    familiar: FamiliarFaces | None = None
    rotate: bool = False
    overwrite: bool = False

    def redact(
        self, source: Path, output: Path, progress: Callable[[int, int], None] = lambda done, of: None
    ) -> RedactedFile:
        """Redact one file: nothing but its pixels goes into the output, no EXIF, no thumbnail, no sound.

        Raises SettingsError for an output that may not be written, PictureError for the source.
        """
        check_output(source, output, self.overwrite)
        try:
            with _whole(output) as beside:
                if source.suffix.lower() in CLIPS:
                    return self._clip(source, output, beside, progress)
                return self._picture(source, output, beside)
        except OSError as error:
            raise SettingsError(f"cannot write {output}: {error.strerror}; give another path") from None

    def _picture(self, source: Path, output: Path, beside: Path) -> RedactedFile:
        image = load_picture(source)
        written = _Encoded(output.suffix.lower())
        keep = _nobody if self.familiar is None else self.familiar.knows
        done = self.redaction.redact(image, self.method, keep=keep, rotate=self.rotate, stored=written)
        beside.write_bytes(written.data)
        return RedactedFile(source, output, len(done.covers), len(done.kept), len(done.left))

    def _clip(
        self, source: Path, output: Path, beside: Path, progress: Callable[[int, int], None]
    ) -> RedactedFile:
        info = clip_info(source)
        redaction = ClipRedaction(self.redaction)
        # A file may not know how many pictures it has, or be wrong.
        looked = _counted(clip_frames(source), lambda done: progress(done, 2 * max(info.frames, done)))
        plan = redaction.plan(looked, info.fps, familiar=self.familiar, rotate=self.rotate)
        count = len(plan.hidden)
        if not count:
            raise PictureUnreadable(f"{source} has no pictures that can be read; convert it to MP4")
        again = _counted(clip_frames(source), lambda done: progress(count + done, 2 * count))
        frames = redaction.redact(again, plan, self.method, rotate=self.rotate)
        written = write_clip(beside, frames, info.fps)
        if written != count:
            raise PictureUnreadable(
                f"{source} gave {written} of {count} pictures at the second look; copy it"
            )
        return RedactedFile(source, output, plan.faces - plan.kept, plan.kept, 0, count)


def check_output(source: Path, output: Path, overwrite: bool) -> None:
    """Refuse what cannot be written before anything is looked at. Raises SettingsError."""
    kinds = CLIPS if source.suffix.lower() in CLIPS else PICTURES
    if output.suffix.lower() not in kinds:
        allowed = ", ".join(sorted(kinds))
        raise SettingsError(f"cannot write {source.name} as {output.name}; use {allowed}")
    if output.exists() and not overwrite:
        raise SettingsError(f"{output} exists; choose another name, or say --overwrite")


def _nobody(image: Image, face: Face) -> bool:
    return False


class _Encoded:
    """What becomes of an image in a file, and that file's content."""

    def __init__(self, suffix: str) -> None:
        self.data = b""
        self._suffix = suffix

    def __call__(self, image: Image) -> Image:
        # OpenCV complains on standard error about what the kind of file does not know.
        how = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY] if self._suffix in _JPEG else []
        done, data = cv2.imencode(self._suffix, image, how)
        if not done:
            raise SettingsError(f"cannot write a picture as {self._suffix}; use .jpg or .png")
        self.data = data.tobytes()
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _counted(frames: Iterable[Image], progress: Callable[[int], None]) -> Iterator[Image]:
    for number, image in enumerate(frames):
        yield image
        progress(number + 1)


@contextmanager
def _whole(output: Path) -> Iterator[Path]:
    """A file beside the output, which takes its place once it is complete."""
    # A new name, made here: a file or a link that lies in wait is not written to. OpenCV goes by the suffix.
    beside = output.with_name(f".{secrets.token_hex(8)}{output.suffix}")
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    try:
        yield beside
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)
