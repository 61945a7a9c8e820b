"""Which faces a search in groups may find: kept for the next search in the same groups, and followed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.core.person import GroupId
from edge.store import face_rows
from edge.store.database import Database
from edge.store.face_changes import Position, changed_since, position

KEPT = 8
"""Sets of groups remembered; each takes nine bytes for a face."""


class Faces(Protocol):
    @property
    def row_count(self) -> int: ...

    def rows_of(self, numbers: NDArray[np.int64]) -> NDArray[np.intp]: ...

    def count_people(self, allowed: NDArray[np.bool_]) -> int: ...


@dataclass(frozen=True, slots=True, eq=False)
class Allowed:
    """Who may be found in one state of the faces. mask: bool (N,). faces, people: how many."""

    of: Faces
    mask: NDArray[np.bool_]
    faces: int
    people: int


@dataclass(slots=True, eq=False)
class _Known:
    at: Position
    numbers: NDArray[np.int64]
    allowed: Allowed


class GroupFilter:
    """Owned by one index and used under its lock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[frozenset[GroupId], _Known] = {}

    def allowed(self, faces: Faces, at: Position, groups: Collection[GroupId]) -> Allowed:
        """Who in any of the groups may be found in `faces`, which are as of `at`. Raises StoreError."""
        key = frozenset(groups)
        known = self._known.pop(key, None)
        if known is None or known.at != at:
            now, numbers = self._read(key, known)
            known = _Known(now, numbers, _allowed(faces, numbers))
        elif known.allowed.of is not faces:
            known.allowed = _allowed(faces, known.numbers)
        self._known[key] = known  # the newest last
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return known.allowed

    def _read(self, groups: frozenset[GroupId], known: _Known | None) -> tuple[Position, NDArray[np.int64]]:
        changes = None if known is None else changed_since(self._database, known.at)
        if known is None or changes is None:
            now = position(self._database)
            return now, face_rows.in_groups(self._database, groups)
        now, touched = changes
        untouched = known.numbers[~np.isin(known.numbers, touched)]
        return now, np.union1d(untouched, face_rows.in_groups(self._database, groups, touched))


def _allowed(faces: Faces, numbers: NDArray[np.int64]) -> Allowed:
    rows = faces.rows_of(numbers)
    mask = np.zeros(faces.row_count, np.bool_)
    mask[rows] = True
    return Allowed(faces, mask, len(rows), faces.count_people(mask))
