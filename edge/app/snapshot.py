"""A small picture of what the camera sees, with nobody to be recognized in it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edge.core.frame import Image
from edge.core.order_body import LARGEST_PICTURE
from edge.errors import PictureTooHeavy
from edge.service.redaction import FaceRedaction

_QUALITIES = (85, 70, 55, 40, 25)
_SHRINK = 0.8
_LEAST_WIDTH = 16


@dataclass(frozen=True, slots=True)
class Snapshot:
    """jpeg: at most LARGEST_PICTURE bytes. hidden: heads that were covered; left: what still looks like a
    face, in which case the picture must not leave."""

    jpeg: bytes
    width: int
    height: int
    hidden: int
    left: int


def snapshot(image: Image, width: int, redaction: FaceRedaction | None) -> Snapshot:
    """Make a picture small enough to be sent.

    image: uint8 (H, W, 3) BGR. width: of the result in pixels, at most that of the image. redaction: hides
    every face, first in the whole image, then again in what is sent; None leaves them to be seen. Raises
    PictureTooHeavy when even a small one has too many bytes.
    """
    hidden = 0
    if redaction is not None:
        done = redaction.redact(image)
        image, hidden = done.image, len(done.covers)
    wanted = min(width, image.shape[1])
    while wanted >= _LEAST_WIDTH:
        small = _resized(image, wanted)
        for quality in _QUALITIES:
            made = _written(small, quality, redaction)
            if len(made.jpeg) <= LARGEST_PICTURE:
                return Snapshot(made.jpeg, made.width, made.height, hidden + made.hidden, made.left)
        wanted = int(wanted * _SHRINK)
    raise PictureTooHeavy(f"no picture of {LARGEST_PICTURE} bytes can be made; ask for a narrower one")


def _written(image: Image, quality: int, redaction: FaceRedaction | None) -> Snapshot:
    height, width = image.shape[:2]
    jpeg = _jpeg(image, quality)
    if redaction is None or len(jpeg) > LARGEST_PICTURE:
        return Snapshot(jpeg, width, height, 0, 0)
    sent = b""

    def stored(covered: Image) -> Image:
        """Compression may bring a face out again: what is looked at is what is sent."""
        nonlocal sent
        sent = _jpeg(covered, quality)
        return np.asarray(cv2.imdecode(np.frombuffer(sent, np.uint8), cv2.IMREAD_COLOR), np.uint8)

    done = redaction.redact(image, stored=stored)
    return Snapshot(sent, width, height, len(done.covers), len(done.left))


def _resized(image: Image, width: int) -> Image:
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    if (height, width) == image.shape[:2]:
        return image
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _jpeg(image: Image, quality: int) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()
