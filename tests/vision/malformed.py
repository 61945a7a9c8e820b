"""Malformed pictures by the thousand, made from good ones, and a program that reads them all.

Run as a program it is given a number of pictures and a folder of JPEG files, reads every picture it makes,
and prints one JSON line: how many were refused with which code, how many were read, and how the memory
in use grew over the second half. A crash of native code ends it, which whoever started it sees.
"""

from __future__ import annotations

import json
import random
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edge.errors import PictureError
from edge.vision.image import REQUEST_KINDS, PictureLimits, read_picture

LIMITS = PictureLimits(
    max_bytes=5 * 1024 * 1024, jpeg_side=4000, other_side=2000, least_side=64, kinds=REQUEST_KINDS
)
Picture = bytes
Harm = Callable[[random.Random, Picture], Picture]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, color: int, rows: bytes, *before: bytes) -> Picture:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(rows, 1))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(before) + data + chunk(b"IEND", b"")


def encoded(image: np.ndarray, suffix: str, *options: int) -> Picture:
    done, data = cv2.imencode(suffix, image, list(options))
    assert done
    return data.tobytes()


def kinds(image: np.ndarray) -> list[Picture]:
    """One picture in every way it may be stored."""
    height, width = image.shape[:2]
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    rows = b"".join(b"\0" + row.tobytes() for row in gray)
    palette = chunk(b"PLTE", bytes(range(256)) * 3)
    halves = b"".join(b"\0" + (row >> 7).tobytes()[: -(-width // 8)] for row in gray)
    return [
        encoded(image, ".jpg"),
        encoded(image, ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        encoded(image, ".jpg", cv2.IMWRITE_JPEG_RST_INTERVAL, 4),
        encoded(gray, ".jpg"),
        four_channels(encoded(gray, ".jpg")),
        encoded(image, ".png"),
        encoded(gray, ".png"),
        encoded(gray.astype(np.uint16) * 257, ".png"),
        encoded(cv2.cvtColor(image, cv2.COLOR_BGR2BGRA), ".png"),
        png(width, height, 8, 3, rows, palette),
        png(width, height, 1, 0, halves),
        encoded(image, ".bmp"),
        encoded(gray, ".bmp"),
        encoded(image, ".webp"),
    ]


def four_channels(gray_jpeg: Picture) -> Picture:
    """A gray JPEG whose frame claims the four channels of CMYK."""
    at = gray_jpeg.index(b"\xff\xc0")
    length = struct.unpack(">H", gray_jpeg[at + 2 : at + 4])[0]
    frame = gray_jpeg[at + 4 : at + 9] + b"\x04" + b"".join(bytes([i, 0x11, 0]) for i in range(1, 5))
    return gray_jpeg[: at + 2] + struct.pack(">H", len(frame) + 2) + frame + gray_jpeg[at + 2 + length :]


def cut(chance: random.Random, picture: Picture) -> Picture:
    return picture[: chance.randrange(len(picture))]


def flip(chance: random.Random, picture: Picture) -> Picture:
    data = bytearray(picture)
    for _ in range(chance.choice((1, 2, 8, 64))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def flip_header(chance: random.Random, picture: Picture) -> Picture:
    data = bytearray(picture)
    for _ in range(chance.choice((1, 2, 4))):
        data[chance.randrange(min(64, len(data)))] = chance.randrange(256)
    return bytes(data)


def claim_size(chance: random.Random, picture: Picture) -> Picture:
    """A header that promises another size; a PNG's checksum is made to fit."""
    data = bytearray(picture)
    width, height = (chance.choice((0, 1, 63, 64, 999, 2000, 4000, 0xFFFF)) for _ in range(2))
    if picture.startswith(b"\x89PNG"):
        data[16:24] = struct.pack(">II", chance.choice((width, 0x7FFFFFFF)), height)
        data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    elif picture.startswith(b"BM"):
        data[18:26] = struct.pack("<ii", chance.choice((width, -width)), chance.choice((height, -height)))
    elif picture.startswith(b"\xff\xd8"):
        at = max(picture.find(b"\xff\xc0"), picture.find(b"\xff\xc2"))
        data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def swap(chance: random.Random, picture: Picture) -> Picture:
    a, b, c = sorted(chance.randrange(len(picture)) for _ in range(3))
    return picture[:a] + picture[b:c] + picture[a:b] + picture[c:]


def repeat(chance: random.Random, picture: Picture) -> Picture:
    a, b = sorted(chance.randrange(len(picture)) for _ in range(2))
    return picture[:b] + picture[a : min(b, a + 5000)] * chance.choice((1, 3, 50)) + picture[b:]


def blank(chance: random.Random, picture: Picture) -> Picture:
    a = chance.randrange(len(picture))
    return picture[:a] + bytes([chance.choice((0, 255))]) * min(len(picture) - a, 300) + picture[a + 300 :]


def exif(chance: random.Random, picture: Picture) -> Picture:
    """EXIF that is garbage, or points anywhere."""
    order = chance.choice((b"MM\0*", b"II*\0", b"XX\0*"))
    body = order + chance.randbytes(chance.choice((0, 3, 4, 40, 4000)))
    if picture.startswith(b"\x89PNG"):
        return picture[:33] + chunk(b"eXIf", body) + picture[33:]
    segment = b"Exif\0\0" + body
    claimed = chance.choice((len(segment) + 2, 2, 0, 0xFFFF))
    return picture[:2] + b"\xff\xe1" + struct.pack(">H", claimed) + segment + picture[2:]


def nothing(chance: random.Random, picture: Picture) -> Picture:
    return picture[: chance.choice((0, 1, 2, 3, 8, 12, 20, 26, 30))]


def behind(chance: random.Random, picture: Picture) -> Picture:
    return picture + chance.randbytes(chance.choice((1, 100, 10_000)))


def bomb(chance: random.Random, picture: Picture) -> Picture:
    """Little that unpacks to much: rows, or a chunk beside them."""
    side = chance.choice((64, 2000, 2001, 30_000))
    zeros = bytes(min(side * (side + 1), 4_004_000))
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(20_000_000), 9))
    return png(side, side, 8, 0, zeros, *([text] if chance.random() < 0.3 else []))


HARMS: tuple[Harm, ...] = (
    *(cut, flip, flip, flip_header, claim_size, swap, repeat, blank, exif, nothing, behind),
)
_BOMB_SHARE = 0.01


def malformed(seed: int, sources: list[Picture]) -> Picture:
    """The picture of a number, always the same."""
    chance = random.Random(seed)
    if chance.random() < _BOMB_SHARE:
        return bomb(chance, b"")
    picture = chance.choice(sources)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        picture = chance.choice(HARMS)(chance, picture) or b"\xff"
    return picture if chance.random() > 0.01 else b""


def resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4


def read_all(seeds: range, sources: list[Picture]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for seed in seeds:
        picture = malformed(seed, sources)
        outcomes[outcome(picture)] += 1
    return outcomes


def outcome(picture: Picture) -> str:
    try:
        image = read_picture(picture, LIMITS).image
    except PictureError as refusal:
        is_in_order = refusal.code != PictureError.code and "\n" not in str(refusal)
        return refusal.code if is_in_order else f"a refusal without a code or of many lines: {refusal}"
    height, width, channels = image.shape
    is_in_order = image.dtype == np.uint8 and channels == 3 and min(height, width) >= 64
    return "read" if is_in_order and max(height, width) <= 4000 else f"read as {image.dtype} {image.shape}"


def main(count: int, folder: Path) -> None:
    images = [cv2.imread(str(path)) for path in sorted(folder.glob("*.jpg"))]
    sources = [picture for image in images for picture in kinds(image)]
    outcomes = read_all(range(count), sources)
    # The first round fills pools and caches; what the same pictures add to them later is a leak.
    before = resident_kib()
    for _ in range(2):
        read_all(range(count // 2), sources)
    print(json.dumps({"outcomes": outcomes, "grown_kib": resident_kib() - before}))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
