"""Labels of the pictures: made by eye, and ages from published years of birth."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from edge.core.appearance import Expression, Gender, Glasses, Hair

FILE = Path(__file__).with_name("labels.csv")
RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Label:
    """Of one picture; None is not labelled or not clear. random: the picture was drawn by lot, one a
    person, and not because a network found it doubtful or rare. age: years, at most two off."""

    random: bool
    glasses: Glasses | None
    hair: Hair | None
    gender: Gender | None
    expression: Expression | None
    age: int | None


def read(file: Path = FILE) -> dict[str, Label]:
    """By the first 16 hex digits of the picture's SHA-256. Raises ValueError for a word that is no label."""
    with file.open() as stream:
        return {row["picture"]: _label(row) for row in csv.DictReader(stream)}


def _label(row: dict[str, str]) -> Label:
    return Label(
        random=row["drawn"] == RANDOM,
        glasses=Glasses(row["glasses"]) if row["glasses"] else None,
        hair=Hair(row["hair"]) if row["hair"] else None,
        gender=Gender(row["gender"]) if row["gender"] else None,
        expression=Expression(row["expression"]) if row["expression"] else None,
        age=int(row["age"]) if row["age"] else None,
    )
