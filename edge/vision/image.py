"""Read a still picture that may come from anybody."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.core.frame import Image
from edge.errors import PictureTooLarge, PictureUnreadable

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_GIF = (b"GIF87a", b"GIF89a")
_BMP = b"BM"
_KINDS = "JPEG, PNG, WebP or BMP"
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers; the others in that range are tables."""
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
_JPEG_DATA = 0xDA
_JPEG_END = b"\xff\xd9"
_PNG_END = b"IEND\xaeB`\x82"


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """max_bytes of the file; max_pixels, width times height, before decoding."""

    max_bytes: int = 25_000_000
    max_pixels: int = 50_000_000


def load_picture(source: Path | bytes, limits: PictureLimits | None = None) -> Image:
    """Decode one still picture, turned upright as its EXIF orientation says.

    source: a file or its content; JPEG, PNG, WebP or BMP. Returns uint8 (H, W, 3), BGR.
    Size is read from the header before anything is decoded. Raises PictureUnreadable for
    anything missing, empty, damaged, animated or of another kind; PictureTooLarge.
    """
    limits = limits or PictureLimits()
    name = "the picture" if isinstance(source, bytes) else str(source)
    content = _content(source, name, limits)
    width, height = _still_size(content, name)
    if width * height > limits.max_pixels:
        raise PictureTooLarge(
            f"{name} has {width}x{height} pixels, allowed are {limits.max_pixels}; make it smaller"
        )
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None:
        raise PictureUnreadable(f"{name} is damaged; export or download it again")
    return np.asarray(image, np.uint8)


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
        raise PictureTooLarge(f"{name} is larger than {limits.max_bytes} bytes; make it smaller")
    if not content:
        raise PictureUnreadable(f"{name} is empty; copy it again")
    return content


def _still_size(content: bytes, name: str) -> tuple[int, int]:
    """Width and height as the header says. Raises PictureUnreadable for what is no whole still picture."""
    try:
        if content.startswith(_JPEG):
            size, at = _jpeg_size(content)
            whole = content.find(_JPEG_END, at) > 0
        elif content.startswith(_PNG):
            if _png_is_animated(content):
                raise PictureUnreadable(f"{name} is animated; use a single picture ({_KINDS})")
            size = struct.unpack(">II", content[16:24])
            whole = _PNG_END in content
        elif content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            size, animated = _webp_size(content)
            if animated:
                raise PictureUnreadable(f"{name} is animated; use a single picture ({_KINDS})")
            whole = len(content) >= struct.unpack("<I", content[4:8])[0] + 8
        elif content.startswith(_BMP):
            width, height = struct.unpack("<ii", content[18:26])
            size = (abs(width), abs(height))
            whole = len(content) >= struct.unpack("<I", content[2:6])[0]
        elif content.startswith(_GIF):
            raise PictureUnreadable(f"{name} is a GIF, which may be animated; use {_KINDS}")
        else:
            raise PictureUnreadable(f"{name} is not a picture; use {_KINDS}")
    except (struct.error, IndexError):
        size, whole = (0, 0), False
    if not whole or size[0] == 0 or size[1] == 0:
        raise PictureUnreadable(f"{name} is truncated or damaged; copy or export it again")
    return int(size[0]), int(size[1])


def _jpeg_size(content: bytes) -> tuple[tuple[int, int], int]:
    """Size, and where its segment is: past any thumbnail, before the picture's own data."""
    at = 2
    while at < len(content):
        if content[at] != 0xFF:
            return (0, 0), at
        marker = content[at + 1]
        if marker == 0xFF or marker in _JPEG_BARE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == _JPEG_DATA:
            return (0, 0), at
        length = struct.unpack(">H", content[at + 2 : at + 4])[0]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return (width, height), at
        at += 2 + length
    return (0, 0), at


def _png_is_animated(content: bytes) -> bool:
    """An animation announces itself in front of the first picture data."""
    match = re.search(rb"IDAT", content)
    return b"acTL" in content[: match.start() if match else len(content)]


def _webp_size(content: bytes) -> tuple[tuple[int, int], bool]:
    """Size, and whether it is animated, from the first chunk."""
    kind = content[12:16]
    if kind == b"VP8X":
        flags = content[20]
        width = 1 + int.from_bytes(content[24:27], "little")
        height = 1 + int.from_bytes(content[27:30], "little")
        return (width, height), bool(flags & 0x02)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return (width & 0x3FFF, height & 0x3FFF), False
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return ((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1), False
    return (0, 0), False
