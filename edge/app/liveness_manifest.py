"""Pictures and clips of living people and of attacks, as a CSV file lists them."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from edge.core.face import Box
from edge.errors import SettingsError
from edge.vision.clip import CLIPS

T = TypeVar("T")
_COLUMNS = ("path", "source", "label", "x", "y", "w", "h")
_ATTACK = "attack"
_LABELS = {"live": True, "spoof": False}
_TOLD = 8
"""So many wrong lines are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Presented:
    """Somebody or something before a camera.

    name: the path as listed. source: where the pictures come from. attack: its type, where the file names it.
    box: which face is meant, pixels; None: the largest. line: where it is listed.
    """

    path: Path
    name: str
    source: str
    live: bool
    attack: str | None
    box: Box | None
    line: int

    @property
    def is_clip(self) -> bool:
        return self.path.suffix.lower() in CLIPS


def read_presented(file: Path, root: Path) -> list[Presented]:
    """Read a CSV file with the columns path (relative to `root`), source, label (live or spoof), x, y, w, h,
    and, if it likes, attack (the type of an attack, such as print).

    The box, in pixels, stays empty where the largest face is meant; of a clip it is not looked at. Raises
    SettingsError, which names every wrong line.
    """
    found: list[Presented] = []
    wrong: list[tuple[int, str]] = []
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            if not set(_COLUMNS) <= set(reader.fieldnames or ()):
                raise SettingsError(f"{file}:1: the columns must be {', '.join(_COLUMNS)}")
            for row in reader:
                try:
                    found.append(_presented(row, root, reader.line_num))
                except ValueError as error:
                    wrong.append((reader.line_num, str(error)))
    except OSError as error:
        raise SettingsError(f"cannot read the list in {file}: {error.strerror}; give a CSV file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"cannot read the list in {file}: {error}; give a CSV file") from None
    if wrong:
        raise wrong_lines(file, wrong)
    if not found:
        raise SettingsError(f"{file} lists nothing; give it a line for each picture or clip")
    return found


def readable(
    answers: Iterable[tuple[Presented, T | str]], file: Path, progress: Callable[[int], None]
) -> list[T]:
    """What was made of each, in order, where a text says instead why it cannot be read.

    file: where they are listed. progress: told after each how many are done. Raises SettingsError, which
    names the lines of those that cannot be read.
    """
    made: list[T] = []
    wrong: list[tuple[int, str]] = []
    for one, answer in answers:
        if isinstance(answer, str):
            wrong.append((one.line, answer))
        else:
            made.append(answer)
        progress(len(made) + len(wrong))
    if wrong:
        raise wrong_lines(file, wrong)
    return made


def wrong_lines(file: Path, wrong: list[tuple[int, str]]) -> SettingsError:
    """What to raise for lines of `file`, each with what is wrong with it."""
    told = ", ".join(f"{file}:{line}: {what}" for line, what in wrong[:_TOLD])
    more = len(wrong) - _TOLD
    others = f" and {more} more" if more > 0 else ""
    return SettingsError(f"{told}{others}; correct the line{'s' if len(wrong) > 1 else ''}")


def _presented(row: Mapping[str, str | None], root: Path, line: int) -> Presented:
    """Raises ValueError, which says what is wrong with the line."""
    name, source, label = (row[column] or "" for column in _COLUMNS[:3])
    if not name:
        raise ValueError("the column path is empty")
    if not source:
        raise ValueError("the column source is empty")
    if label not in _LABELS:
        raise ValueError(f"the label {label!r} is neither live nor spoof")
    path = root / name
    if not _is_there(path):
        raise ValueError(f"no file at {path}")
    attack = None if _LABELS[label] else (row.get(_ATTACK) or None)
    box = _box([row[column] or "" for column in _COLUMNS[3:]])
    return Presented(path, name, source, _LABELS[label], attack, box, line)


def _box(values: list[str]) -> Box | None:
    if not any(values):
        return None
    told = f"the box {', '.join(values)}"
    try:
        x, y, width, height = (float(value) for value in values)
    except ValueError:
        raise ValueError(f"{told} is neither four numbers nor empty") from None
    if not all(map(math.isfinite, (x, y, width, height))) or width <= 0 or height <= 0:
        raise ValueError(f"{told} has no area")
    return Box(x, y, x + width, y + height)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
