"""Pictures from anybody: read upright, or refused in one line."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import (
    PictureEmpty,
    PictureError,
    PictureIllegal,
    PictureTooHeavy,
    PictureTooLarge,
    PictureTooSmall,
    PictureUnreadable,
)
from edge.vision.header import Kind
from edge.vision.image import REQUEST_KINDS, PictureLimits, load_picture, read_picture

HEIGHT, WIDTH = 40, 60
PICTURE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
PICTURE[:20, :30] = (255, 0, 0)
PICTURE[20:, 30:] = (0, 0, 255)


def encoded(suffix: str) -> bytes:
    done, data = cv2.imencode(suffix, PICTURE)
    assert done
    return data.tobytes()


def tiff(orientation: int) -> bytes:
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + bytes(4)


def oriented(kind: Kind, picture: bytes, orientation: int) -> bytes:
    """The picture with an EXIF block that says how it is turned."""
    match kind:
        case Kind.JPEG:
            return with_orientation(picture, orientation)
        case Kind.PNG:
            return picture[:33] + chunk(b"eXIf", tiff(orientation)) + picture[33:]
    size = (WIDTH - 1).to_bytes(3, "little") + (HEIGHT - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + b"\x08\x00\x00\x00" + size
    exif = b"EXIF" + struct.pack("<I", len(tiff(orientation))) + tiff(orientation)
    body = b"WEBP" + extended + picture[12:] + exif
    return b"RIFF" + struct.pack("<I", len(body)) + body


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """The JPEG with an EXIF block that says how it is turned."""
    body = b"Exif\x00\x00" + tiff(orientation)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def animated_png() -> bytes:
    png = encoded(".png")
    return png[:33] + chunk(b"acTL", struct.pack(">II", 2, 0)) + png[33:]


def animated_webp() -> bytes:
    flags = bytes([0x02, 0, 0, 0]) + (WIDTH - 1).to_bytes(3, "little") + (HEIGHT - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + flags + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp"])
def test_the_four_kinds_are_read(suffix: str) -> None:
    image = load_picture(encoded(suffix))
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image.dtype == np.uint8
    assert image[5, 5, 0] > 200
    assert image[35, 55, 2] > 200


def test_a_file_is_read_like_its_content(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(encoded(".png"))
    assert np.array_equal(load_picture(path), PICTURE)


def test_a_gray_picture_becomes_three_channels() -> None:
    data = cv2.imencode(".png", PICTURE[:, :, 0])[1].tobytes()
    assert load_picture(data).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, lambda p: p),
        (3, lambda p: p[::-1, ::-1]),
        (6, lambda p: np.rot90(p, -1)),
        (8, lambda p: np.rot90(p)),
    ],
)
def test_exif_orientation_is_honored(orientation: int, turned) -> None:
    image = load_picture(with_orientation(encoded(".jpg"), orientation))
    expected = turned(load_picture(encoded(".jpg")))
    assert image.shape == expected.shape
    assert np.abs(image.astype(int) - expected).max() <= 8


DAMAGED = {
    "text": b"this is no picture at all, only text",
    "html": b"<html><body>Not found</body></html>",
    "half a jpeg": encoded(".jpg")[: len(encoded(".jpg")) // 2],
    "a jpeg's first bytes": encoded(".jpg")[:5],
    "half a png": encoded(".png")[:-20],
    "a png's first bytes": encoded(".png")[:12],
    "half a webp": encoded(".webp")[:-10],
    "a webp's first bytes": encoded(".webp")[:14],
    "half a bmp": encoded(".bmp")[:-100],
    "gif": b"GIF89a" + bytes(20),
    "animated png": animated_png(),
    "animated webp": animated_webp(),
    "png of no width": png_header(0, 10) + chunk(b"IEND", b""),
    "png with garbage inside": png_header(4, 4) + chunk(b"IDAT", b"garbage") + chunk(b"IEND", b""),
    "pdf": b"%PDF-1.7\n" + bytes(100),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=list(DAMAGED))
def test_what_is_no_whole_still_picture_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureUnreadable, match=r"picture\.jpg") as caught:
        load_picture(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["animated png", "animated webp", "gif"])
def test_an_animation_is_called_one(kind: str) -> None:
    with pytest.raises(PictureIllegal, match="animated"):
        load_picture(DAMAGED[kind])


@pytest.mark.parametrize("kind", ["text", "html", "pdf", "gif"])
def test_another_kind_of_file_has_a_code_of_its_own(kind: str) -> None:
    with pytest.raises(PictureIllegal) as caught:
        load_picture(DAMAGED[kind])
    assert caught.value.number == -1400


def test_nothing_at_all_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.touch()
    for source in (path, b""):
        with pytest.raises(PictureEmpty, match="empty"):
            load_picture(source)


def test_a_kind_that_requests_may_not_have_is_refused_by_name() -> None:
    limits = PictureLimits(kinds=REQUEST_KINDS)
    with pytest.raises(PictureIllegal, match="WebP picture; use JPEG, PNG, BMP"):
        load_picture(encoded(".webp"), limits)
    assert load_picture(encoded(".bmp"), limits).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(("suffix", "allowed"), [(".jpg", "jpeg_side"), (".png", "other_side")])
def test_the_longer_side_is_limited_by_kind(suffix: str, allowed: str) -> None:
    assert load_picture(encoded(suffix), PictureLimits(**{allowed: WIDTH})).shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(PictureTooLarge, match=f"longer side of a {suffix[1:].upper().replace('PG', 'PEG')}"):
        load_picture(encoded(suffix), PictureLimits(**{allowed: WIDTH - 1}))


def test_the_shorter_side_is_limited() -> None:
    assert load_picture(encoded(".png"), PictureLimits(least_side=HEIGHT)).shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(PictureTooSmall, match="60x40"):
        load_picture(encoded(".png"), PictureLimits(least_side=HEIGHT + 1))


@pytest.mark.parametrize("kind", [Kind.JPEG, Kind.PNG, Kind.WEBP])
def test_a_picture_says_whether_it_knows_its_orientation(kind: Kind) -> None:
    plain = encoded(f".{kind.lower().replace('jpeg', 'jpg')}")
    assert not read_picture(plain).is_oriented
    for orientation in (1, 6):
        made = read_picture(oriented(kind, plain, orientation))
        assert made.is_oriented
        assert made.image.shape[:2] == ((HEIGHT, WIDTH) if orientation == 1 else (WIDTH, HEIGHT))


def test_bytes_between_the_segments_of_a_jpeg_are_passed_over() -> None:
    jpeg = encoded(".jpg")
    assert load_picture(jpeg[:20] + b"\x00\x12\x34" + jpeg[20:]).shape == (HEIGHT, WIDTH, 3)


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded() -> None:
    done, data = cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    jpeg = data.tobytes()
    assert done
    assert load_picture(jpeg).shape == (HEIGHT, WIDTH, 3)
    last = jpeg.rfind(b"\xff\xda")
    with pytest.raises(PictureUnreadable, match="scans"):
        load_picture(jpeg[:last] + 200 * jpeg[last:-2] + jpeg[-2:])


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_data_behind_the_picture_does_no_harm(suffix: str) -> None:
    """Phones append a video to a still picture."""
    assert load_picture(encoded(suffix) + bytes(200_000)).shape == (HEIGHT, WIDTH, 3)


def test_a_truncated_jpeg_with_a_whole_thumbnail_is_refused() -> None:
    picture, thumbnail = encoded(".jpg"), encoded(".jpg")
    comment = b"\xff\xe2" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    with pytest.raises(PictureUnreadable, match="truncated"):
        load_picture((picture[:2] + comment + picture[2:])[:-40])


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureUnreadable, match="No such file"):
        load_picture(tmp_path / "gone.jpg")
    with pytest.raises(PictureUnreadable, match="directory"):
        load_picture(tmp_path)


def test_a_pixel_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = png_header(100_000, 100_000) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    with pytest.raises(PictureTooLarge, match="100000x100000"):
        load_picture(bomb)


def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(PictureTooHeavy, match="100 bytes"):
        load_picture(encoded(".png"), PictureLimits(max_bytes=100))


def test_a_picture_of_just_the_allowed_size_is_read() -> None:
    limits = PictureLimits(max_bytes=len(encoded(".png")), max_pixels=HEIGHT * WIDTH)
    assert load_picture(encoded(".png"), limits).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp"])
def test_no_cut_makes_anything_but_a_picture_or_a_refusal(suffix: str) -> None:
    whole = encoded(suffix)
    for end in range(0, len(whole), 7):
        try:
            image = load_picture(whole[:end])
        except PictureError:
            continue
        assert image.shape == (HEIGHT, WIDTH, 3)
