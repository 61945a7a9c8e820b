"""Read a still picture that may come from anybody."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.core.frame import Image
from edge.core.picture import Picture
from edge.errors import (
    PictureEmpty,
    PictureIllegal,
    PictureTooHeavy,
    PictureTooLarge,
    PictureTooSmall,
    PictureUnreadable,
)
from edge.vision.header import Header, Kind, read_header


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What is decoded at all. max_bytes: of the file. max_pixels: width times height. jpeg_side, other_side:
    the longer side of a JPEG and of the other kinds, in pixels. least_side: the shorter side."""

    max_bytes: int = 25_000_000
    max_pixels: int = 50_000_000
    jpeg_side: int = 50_000
    other_side: int = 50_000
    least_side: int = 1
    kinds: frozenset[Kind] = frozenset(Kind)


REQUEST_KINDS = frozenset({Kind.JPEG, Kind.PNG, Kind.BMP})
"""What the pictures of a request may be."""


def load_picture(source: Path | bytes, limits: PictureLimits | None = None) -> Image:
    """Decode one still picture, turned upright as its EXIF orientation says; see `read_picture`."""
    return read_picture(source, limits).image


def read_picture(source: Path | bytes, limits: PictureLimits | None = None) -> Picture:
    """Decode one still picture.

    source: a file or its content. Kind and size are read from the header before anything is decoded. Raises
    PictureEmpty, PictureTooHeavy, PictureTooLarge, PictureTooSmall, PictureIllegal for an animation or a kind
    that the limits leave out, PictureUnreadable for anything missing or damaged.
    """
    limits = limits or PictureLimits()
    name = "the picture" if isinstance(source, bytes) else str(source)
    content = _content(source, name, limits)
    header = read_header(content, name, limits.kinds)
    _check(header, name, limits)
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None:
        raise PictureUnreadable(f"{name} is damaged; export or download it again")
    return Picture(np.asarray(image, np.uint8), header.orientation is not None)


def _content(source: Path | bytes, name: str, limits: PictureLimits) -> bytes:
    if isinstance(source, bytes):
        content = source
    else:
        try:
            with source.open("rb") as stream:
                content = stream.read(limits.max_bytes + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PictureUnreadable(f"cannot read {name}: {reason}") from None
    if len(content) > limits.max_bytes:
        raise PictureTooHeavy(f"{name} is larger than {limits.max_bytes} bytes; make it smaller")
    if not content:
        raise PictureEmpty(f"{name} is empty; copy it again")
    return content


def _check(header: Header, name: str, limits: PictureLimits) -> None:
    if header.kind not in limits.kinds:
        kinds = ", ".join(kind for kind in Kind if kind in limits.kinds)
        raise PictureIllegal(f"{name} is a {header.kind} picture; use {kinds}")
    size = f"{header.width}x{header.height}"
    side = limits.jpeg_side if header.kind is Kind.JPEG else limits.other_side
    if max(header.width, header.height) > side:
        raise PictureTooLarge(
            f"{name} has {size} pixels, the longer side of a {header.kind} may have {side}; make it smaller"
        )
    if header.width * header.height > limits.max_pixels:
        raise PictureTooLarge(f"{name} has {size} pixels, allowed are {limits.max_pixels}; make it smaller")
    if min(header.width, header.height) < limits.least_side:
        raise PictureTooSmall(
            f"{name} has {size} pixels, the shorter side needs {limits.least_side}; use a larger picture"
        )
