"""Write down how faces were grouped: pictures copied into folders, and a sheet of the faces."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.core.frame import Image
from edge.errors import SettingsError
from edge.service.grouping import Grouped, GroupedFace
from edge.vision.image import load_picture

MESSY = "messy"
_TILE, _GAP, _LABEL, _ACROSS = 96, 6, 26, 12
_MOST_ROWS = 400
_PAPER, _INK = 247, 45
_AROUND = 0.3
"""What the sheet shows around a face, as a share of its box."""


def folders(grouped: Grouped) -> list[tuple[str, tuple[GroupedFace, ...]]]:
    """The groups with their names, the messy one last."""
    named = [(f"group-{number:03d}", members) for number, members in enumerate(grouped.groups, 1)]
    return [*named, (MESSY, grouped.messy)] if grouped.messy else named


def copy_groups(grouped: Grouped, pictures: Sequence[Path], target: Path) -> None:
    """Copy every picture into the folder of each group that a face of it is in.

    Pictures of one name are numbered apart. Raises SettingsError when the folder holds something already
    or cannot be written.
    """
    try:
        if target.exists() and any(target.iterdir()):
            raise SettingsError(f"{target} is not empty; give a new folder for the copies")
        for name, members in folders(grouped):
            folder = target / name
            folder.mkdir(parents=True)
            for number in dict.fromkeys(face.picture for face in members):
                source = pictures[number]
                copy = folder / source.name
                if copy.exists():
                    copy = folder / f"{source.stem}-{number}{source.suffix}"
                shutil.copyfile(source, copy)
    except OSError as error:
        raise SettingsError(f"cannot copy to {target}: {error.strerror}; give another folder") from None


def draw_sheet(grouped: Grouped, pictures: Sequence[Path], file: Path) -> None:
    """Draw every face, a row or more for each group, into one picture. Raises SettingsError."""
    rows = list(_rows(grouped, pictures))[:_MOST_ROWS]
    width = _ACROSS * (_TILE + _GAP) + _GAP
    blank = np.full((_TILE, width, 3), _PAPER, np.uint8)
    done, data = cv2.imencode(file.suffix or ".jpg", np.vstack(rows or [blank]))
    try:
        file.write_bytes(data.tobytes() if done else b"")
    except OSError as error:
        raise SettingsError(f"cannot write {file}: {error.strerror}; give another path") from None


def _rows(grouped: Grouped, pictures: Sequence[Path]) -> Iterator[Image]:
    for name, members in folders(grouped):
        yield _label(f"{name}: {len(members)} faces")
        for start in range(0, len(members), _ACROSS):
            yield _row([_tile(face, pictures) for face in members[start : start + _ACROSS]])


def _label(text: str) -> Image:
    strip = np.full((_LABEL, _ACROSS * (_TILE + _GAP) + _GAP, 3), _PAPER, np.uint8)
    ink = (_INK, _INK, _INK)
    cv2.putText(strip, text, (_GAP, _LABEL - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, ink, 1, cv2.LINE_AA)
    return strip


def _row(tiles: Sequence[Image]) -> Image:
    row = np.full((_TILE + _GAP, _ACROSS * (_TILE + _GAP) + _GAP, 3), _PAPER, np.uint8)
    for i, tile in enumerate(tiles):
        x = _GAP + i * (_TILE + _GAP)
        row[:_TILE, x : x + _TILE] = tile
    return row


def _tile(face: GroupedFace, pictures: Sequence[Path]) -> Image:
    """A face with a little around it, uint8 (_TILE, _TILE, 3)."""
    image = load_picture(pictures[face.picture])
    height, width = image.shape[:2]
    half = max(face.box.width, face.box.height) * (0.5 + _AROUND)
    x, y = face.box.center
    x0, y0 = max(0, round(x - half)), max(0, round(y - half))
    part = image[y0 : min(height, round(y + half)), x0 : min(width, round(x + half))]
    if not part.size:
        return np.full((_TILE, _TILE, 3), _PAPER, np.uint8)
    return np.asarray(cv2.resize(part, (_TILE, _TILE), interpolation=cv2.INTER_AREA), np.uint8)
