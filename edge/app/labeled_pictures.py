"""Pictures with known answers: listed pairs, and folders of one person each."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from edge.errors import PictureUnreadable, SettingsError

_COLUMNS = ("a", "b", "same")
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})


@dataclass(frozen=True, slots=True)
class Pair:
    """line: where it stands in its file, for messages."""

    a: Path
    b: Path
    same: bool
    line: int


def read_pairs(file: Path, root: Path) -> list[Pair]:
    """Read a CSV file with the columns a, b (pictures, relative to `root`) and same (0 or 1).

    Raises SettingsError for a wrong file, PictureUnreadable for a picture that is not there.
    """
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            if not set(_COLUMNS) <= set(reader.fieldnames or ()):
                raise SettingsError(f"{file}:1: the columns must be {', '.join(_COLUMNS)}")
            pairs = [_pair(row, f"{file}:{reader.line_num}", root, reader.line_num) for row in reader]
    except OSError as error:
        raise SettingsError(f"cannot read the pairs in {file}: {error.strerror}; give a CSV file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"cannot read the pairs in {file}: {error}; give a CSV file") from None
    known: set[Path] = set()
    for pair in pairs:
        for path in (pair.a, pair.b):
            if path not in known and not _is_there(path):
                raise PictureUnreadable(f"{file}:{pair.line}: no picture at {path}; check the line or --root")
            known.add(path)
    return pairs


def read_people(root: Path) -> dict[str, list[Path]]:
    """The pictures in each folder under `root`, by the folder's name, which is the person; both sorted.

    Folders without a picture, and those whose names begin with a dot, are left out. Raises SettingsError
    when nothing can be learned from what is there.
    """
    try:
        folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
        people = {folder.name: _pictures(folder) for folder in folders}
    except OSError as error:
        raise SettingsError(
            f"cannot read {error.filename or root}: {error.strerror}; --root is a folder with one folder "
            "for each person"
        ) from None
    people = {name: pictures for name, pictures in people.items() if pictures}
    if len(people) < 2:
        raise SettingsError(
            f"{len(people) or 'no'} folders with pictures in {root}; --all-pairs needs one for each person, "
            "<person>/<picture>, of at least two people, JPEG, PNG, WebP or BMP"
        )
    if all(len(pictures) < 2 for pictures in people.values()):
        raise SettingsError(
            f"each of the {len(people)} people in {root} has one picture only; give at least one of them two"
        )
    return people


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _pair(row: dict[str, str], where: str, root: Path, line: int) -> Pair:
    a, b, same = (row[column] for column in _COLUMNS)
    if not a or not b or same not in ("0", "1"):
        raise SettingsError(f"{where}: needs two pictures and 0 or 1, got {a!r}, {b!r}, {same!r}")
    return Pair(root / a, root / b, same == "1", line)
