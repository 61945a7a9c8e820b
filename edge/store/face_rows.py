"""Enrolled faces of one model, read from the store for comparing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.face import ModelId, PersonId, Vector
from edge.core.person import FaceId, GroupId
from edge.store.database import Database, Row
from edge.store.trouble import damaged

BLOCK = 32_768
"""Faces read at once: the store is free for others in between."""

_FACES = (
    "SELECT faces.number, faces.id, faces.person, faces.quality, templates.vector FROM faces "
    "CROSS JOIN templates ON templates.face = faces.number AND templates.model = ? "
)


@dataclass(frozen=True, slots=True, eq=False)
class FaceRow:
    """number: of the row in the store; rises in the order of enrollment. quality: 0..1.
    vector: float32 (D,), norm 1, or zeros, which match nobody."""

    number: int
    face: FaceId
    person: PersonId
    quality: float
    vector: Vector


def count(database: Database, model: ModelId) -> int:
    """How many faces have a template of the model."""
    return int(database.rows("SELECT count(*) FROM templates WHERE model = ?", (model,))[0][0])


def of_faces(database: Database, model: ModelId, numbers: Sequence[int]) -> list[FaceRow]:
    """Those of these faces that have a template of the model. Raises StoreCorrupt."""
    where = "WHERE faces.number IN (SELECT value FROM json_each(?)) ORDER BY faces.number"
    return _face_rows(database, model, database.rows(_FACES + where, (model, json.dumps(list(numbers)))))


def of_people(database: Database, model: ModelId, people: Iterable[PersonId]) -> list[FaceRow]:
    """All faces of these people. Raises StoreCorrupt."""
    where = "WHERE faces.person IN (SELECT value FROM json_each(?)) ORDER BY faces.number"
    return _face_rows(database, model, database.rows(_FACES + where, (model, json.dumps(list(people)))))


def everyone(database: Database, model: ModelId) -> Iterator[FaceRow]:
    """All faces, in the order of their numbers. Raises StoreCorrupt."""
    last = 0
    while rows := database.rows(
        _FACES + "WHERE faces.number > ? ORDER BY faces.number LIMIT ?", (model, last, BLOCK)
    ):
        last = rows[-1][0]
        yield from _face_rows(database, model, rows)


def blocks(
    database: Database, model: ModelId
) -> Iterator[tuple[NDArray[np.int64], list[PersonId], NDArray[np.float32]]]:
    """All faces, block by block: numbers (N,) rising, the owner of each, and vectors (N, D) of norm 1.

    Raises StoreCorrupt.
    """
    last = 0
    while rows := database.rows(
        "SELECT faces.number, faces.person, templates.vector FROM faces "
        "CROSS JOIN templates ON templates.face = faces.number AND templates.model = ? "
        "WHERE faces.number > ? ORDER BY faces.number LIMIT ?",
        (model, last, BLOCK),
    ):
        last = rows[-1][0]
        yield (
            np.array([row[0] for row in rows], np.int64),
            [row[1] for row in rows],
            _vectors(database, model, [row[2] for row in rows]),
        )


def siblings(database: Database, people: Iterable[PersonId]) -> dict[PersonId, list[int]]:
    """The numbers of all faces of these people."""
    found: dict[PersonId, list[int]] = {}
    for person, number in database.rows(
        "SELECT person, number FROM faces WHERE person IN (SELECT value FROM json_each(?))",
        (json.dumps(list(people)),),
    ):
        found.setdefault(person, []).append(number)
    return found


def in_groups(
    database: Database, groups: Iterable[GroupId], numbers: Sequence[int] | None = None
) -> NDArray[np.int64]:
    """The faces of people in any of the groups, rising. numbers: look at these faces only."""
    sql = (
        "SELECT faces.number FROM faces WHERE EXISTS (SELECT 1 FROM members WHERE person = faces.person "
        'AND "group" IN (SELECT value FROM json_each(?))) '
        "AND faces.number IN (SELECT value FROM json_each(?)) ORDER BY faces.number"
    )
    values = [json.dumps(list(groups)), json.dumps(numbers)]
    if numbers is None:
        sql = (
            "SELECT DISTINCT faces.number FROM members JOIN faces ON faces.person = members.person "
            'WHERE "group" IN (SELECT value FROM json_each(?)) ORDER BY faces.number'
        )
        values = values[:1]
    return np.array([row[0] for row in database.rows(sql, values)], np.int64)


def _face_rows(database: Database, model: ModelId, rows: list[Row]) -> list[FaceRow]:
    vectors = _vectors(database, model, [row[4] for row in rows])
    return [
        FaceRow(number, face, person, quality, vector)
        for (number, face, person, quality, _), vector in zip(rows, vectors, strict=True)
    ]


def _vectors(database: Database, model: ModelId, blobs: list[bytes]) -> NDArray[np.float32]:
    if not blobs:
        return np.empty((0, 0), np.float32)
    sizes = {len(blob) for blob in blobs}
    if len(sizes) > 1 or not sizes <= set(range(4, 65537, 4)):
        raise damaged(database.path, f"templates of {model} have {sorted(sizes)} bytes")
    return normalized(np.frombuffer(b"".join(blobs), "<f4").reshape(len(blobs), -1))


def normalized(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of norm 1, in one piece of memory; a row without direction becomes zero and matches nobody."""
    with np.errstate(invalid="ignore", over="ignore"):
        norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))[:, np.newaxis]
        usable = np.isfinite(norms) & (norms > 0)
        rows = np.where(usable, vectors / np.where(usable, norms, 1), 0)
    return np.ascontiguousarray(rows, np.float32)
