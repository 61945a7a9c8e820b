"""Sealed rows of people, as an operator's console sends them."""

from __future__ import annotations

import hashlib

from edge.core.gallery_rows import FaceRow, PersonRow
from tests.hub.builders import NOON

MODEL = "faces@0123456789ab"


def _sealed(*what: object, count: int) -> bytes:
    return hashlib.shake_128(repr(what).encode()).digest(count)


def person(
    name: str, *, revoked: bool = False, groups: tuple[str, ...] = ("staff",), mark: int = 0
) -> PersonRow:
    """mark: another one is another row of the same person."""
    return PersonRow(name, _sealed(name, mark, count=70), ("staff",), revoked)


def face(name: str, number: int = 1, *, mark: int = 0, model: str = MODEL) -> FaceRow:
    return FaceRow(name, f"{name}-{number}", model, _sealed(name, number, mark, count=288), 900, NOON)


def people(count: int, start: int = 0) -> list[PersonRow | FaceRow]:
    return [row for i in range(start, start + count) for row in (person(f"p{i}"), face(f"p{i}"))]
