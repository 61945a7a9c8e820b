"""A folder of pictures, each with what other sensors saw at its moment, as depth cameras record them.

`NAME.png` (or another kind) is the color picture. `NAME.nir.png` beside it is the infrared one, gray;
`NAME.depth.png` the depth, 16 bits, in millimeters, 0 where unknown. Both are aligned to the color picture.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.frame import Depth, Image, Infrared

logger = logging.getLogger(__name__)

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".tif", ".tiff"})
INFRARED, DEPTH = ".nir.png", ".depth.png"
_MM = np.float32(0.001)


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """What the sensors saw at one moment; see `Frame`."""

    image: Image
    infrared: Infrared | None = None
    depth: Depth | None = None


def recorded(folder: Path, skipped: set[Path]) -> Iterator[Recorded]:
    """The readable pictures in natural order; each damaged file is warned of once and put into `skipped`.

    Raises OSError when the folder cannot be listed.
    """
    for path in sorted((path for path in folder.iterdir() if _is_picture(path)), key=_natural):
        image = _decoded(path, cv2.IMREAD_COLOR)
        if image is None:
            _skip(path, skipped)
            continue
        size_wh = (image.shape[1], image.shape[0])
        yield Recorded(
            np.asarray(image, np.uint8),
            _infrared(path.with_name(path.stem + INFRARED), size_wh, skipped),
            _depth(path.with_name(path.stem + DEPTH), size_wh, skipped),
        )


def _is_picture(path: Path) -> bool:
    beside = path.name.lower().endswith((INFRARED, DEPTH))
    return not beside and path.suffix.lower() in PICTURES and path.is_file()


def _infrared(path: Path, size_wh: tuple[int, int], skipped: set[Path]) -> Infrared | None:
    if not path.is_file():
        return None
    picture = _decoded(path, cv2.IMREAD_GRAYSCALE)
    if picture is None:
        _skip(path, skipped)
        return None
    return np.asarray(cv2.resize(picture, size_wh), np.uint8)


def _depth(path: Path, size_wh: tuple[int, int], skipped: set[Path]) -> Depth | None:
    if not path.is_file():
        return None
    picture = _decoded(path, cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype != np.uint16 or picture.ndim != 2:
        _skip(path, skipped)
        return None
    # Between a depth and an unknown one nothing can be interpolated.
    millimeters = cv2.resize(picture, size_wh, interpolation=cv2.INTER_NEAREST)
    return np.asarray(millimeters * _MM, np.float32)


def _decoded(path: Path, how: int) -> NDArray[np.integer[Any]] | None:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        picture = cv2.imdecode(data, how) if data.size else None
    except (OSError, cv2.error):
        return None
    return None if picture is None else np.asarray(picture)


def _skip(path: Path, skipped: set[Path]) -> None:
    if path not in skipped:
        skipped.add(path)
        logger.warning("%s is not a readable picture; the replay skips it", path)


def _natural(path: Path) -> list[tuple[int, str]]:
    """A sort key that puts frame10 behind frame9."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part.lower()) for part in re.split(r"(\d+)", path.name)
    ]
