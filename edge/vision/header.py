"""What the first bytes of a still picture promise, read before anything is decoded."""

from __future__ import annotations

import re
import struct
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from edge.errors import PictureIllegal, PictureUnreadable
from edge.vision.exif import orientation

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_GIF = (b"GIF87a", b"GIF89a")
_BMP = b"BM"
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers; the others in that range are tables."""
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length."""
_JPEG_EXIF = 0xE1
_JPEG_DATA = 0xDA
_JPEG_END = 0xD9
_JPEG_NEXT = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""The next marker behind picture data, in which FF is followed by 00 or a restart."""
_MOST_SCANS = 100
"""An encoder makes about ten. Each costs a pass over all pixels: thousands of tiny ones would take hours."""
_PNG_END = b"IEND\xaeB`\x82"


class Kind(StrEnum):
    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    BMP = "BMP"


@dataclass(frozen=True, slots=True)
class Header:
    """Size in pixels as stored. orientation: EXIF's 1..8, None where the picture has none."""

    kind: Kind
    width: int
    height: int
    orientation: int | None = None


def read_header(content: bytes, name: str, taken: Collection[Kind] = tuple(Kind)) -> Header:
    """Kind, size and orientation of one whole still picture. taken: the kinds that advice may name.

    Raises PictureIllegal for another kind of file or an animation, PictureUnreadable for what is cut off or
    has no size.
    """
    try:
        header = _header(content, name, ", ".join(kind for kind in Kind if kind in taken))
    except (struct.error, IndexError):
        header = None
    if header is None or not (header.width and header.height):
        raise PictureUnreadable(f"{name} is truncated or damaged; copy or export it again")
    return header


def _header(content: bytes, name: str, better: str) -> Header | None:
    """None for a file that is not whole. better: what to use instead of another kind of file."""
    if content.startswith(_JPEG):
        return _jpeg(content, name)
    if content.startswith(_PNG):
        return _png(content, name)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _webp(content, name)
    if content.startswith(_BMP):
        width, height = struct.unpack("<ii", content[18:26])
        is_whole = len(content) >= struct.unpack("<I", content[2:6])[0]
        return Header(Kind.BMP, abs(width), abs(height)) if is_whole else None
    if content.startswith(_GIF):
        raise PictureIllegal(f"{name} is a GIF, which may be animated; use {better}")
    raise PictureIllegal(f"{name} is not a picture; use {better}")


def _jpeg(content: bytes, name: str) -> Header | None:
    """Walks from marker to marker up to the end of the picture; a thumbnail lies inside a segment."""
    size, turned, scans, at = None, None, 0, 2
    while at < len(content):
        if content[at] != 0xFF:
            # Some encoders leave bytes between segments, which decoders pass over.
            at = _next_marker(content, at)
            continue
        marker = content[at + 1]
        if marker == _JPEG_END:
            return Header(Kind.JPEG, *size, turned) if size and scans else None
        if marker == 0xFF or marker in _JPEG_BARE:
            at += 1 if marker == 0xFF else 2
            continue
        start, at = at + 4, at + 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", content[start + 1 : start + 5])
            size = (width, height)
        elif marker == _JPEG_EXIF and content[start : start + 6] == b"Exif\0\0" and turned is None:
            turned = orientation(content[start + 6 : at])
        elif marker == _JPEG_DATA:
            scans += 1
            if scans > _MOST_SCANS:
                raise PictureUnreadable(f"{name} has more than {_MOST_SCANS} scans; export it again")
            at = _next_marker(content, at)
    return None


def _next_marker(content: bytes, at: int) -> int:
    found = _JPEG_NEXT.search(content, at)
    return len(content) if found is None else found.start()


def _png(content: bytes, name: str) -> Header | None:
    """An animation announces itself in front of the first picture data."""
    first = re.search(rb"IDAT", content)
    before = content[: first.start() if first else len(content)]
    if b"acTL" in before:
        raise PictureIllegal(f"{name} is animated; use a single picture")
    width, height = struct.unpack(">II", content[16:24])
    exif = content.find(b"eXIf")
    turned = None if exif < 0 else orientation(content[exif + 4 : exif + 4 + 65_536])
    return Header(Kind.PNG, width, height, turned) if _PNG_END in content else None


def _webp(content: bytes, name: str) -> Header | None:
    """From the first chunk; only the extended kind may be animated or hold an orientation."""
    if len(content) < struct.unpack("<I", content[4:8])[0] + 8:
        return None
    kind = content[12:16]
    if kind == b"VP8X":
        if content[20] & 0x02:
            raise PictureIllegal(f"{name} is animated; use a single picture")
        width = 1 + int.from_bytes(content[24:27], "little")
        height = 1 + int.from_bytes(content[27:30], "little")
        exif = content.find(b"EXIF", 30)
        body = b"" if exif < 0 else content[exif + 8 : exif + 8 + 65_536].removeprefix(b"Exif\0\0")
        return Header(Kind.WEBP, width, height, orientation(body))
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return Header(Kind.WEBP, width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return Header(Kind.WEBP, (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
    return None
