"""The rows of a large gallery: one byte for each number of a template, changed without being copied."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edge.core.face import PersonId
from edge.store.face_rows import FaceRow

T = TypeVar("T", bound=np.generic)

LEVELS = 127
_HEADROOM = 1.1
"""Later templates may have larger numbers than those the scale was chosen by; beyond this they are cut."""
_COPIED = 32_768


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """vectors: int8 (N, D). numbers: int64 (N,), of the faces. owners: int32 (N,), which person's."""

    vectors: NDArray[np.int8]
    numbers: NDArray[np.int64]
    owners: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.numbers)

    def first(self, length: int) -> Columns:
        return Columns(self.vectors[:length], self.numbers[:length], self.owners[:length])


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedRows:
    """N rows, of faces and of some that are gone.

    A state once seen never changes: rows are added behind it, in the buffer's spare room, and `alive` is
    copied. base: by rising number, perhaps of a mapped file. tail_length: how much of the buffer is used.
    alive: bool (N,). dead: the rows that are gone. faces_of: int32, by owner. scale: levels per unit.
    """

    base: Columns
    buffer: Columns
    tail_length: int
    alive: NDArray[np.bool_]
    dead: NDArray[np.intp]
    faces_of: NDArray[np.int32]
    people_count: int
    scale: float

    @classmethod
    def of(cls, base: Columns, scale: float) -> QuantizedRows:
        """base: by rising number, all of them faces that are there."""
        faces_of = np.bincount(base.owners).astype(np.int32)
        return cls(
            base=base,
            buffer=_room(base.vectors.shape[1], 0),
            tail_length=0,
            alive=np.ones(len(base), np.bool_),
            dead=np.empty(0, np.intp),
            faces_of=faces_of,
            people_count=int(np.count_nonzero(faces_of)),
            scale=scale,
        )

    @property
    def dimensions(self) -> int:
        return int(self.base.vectors.shape[1])

    @property
    def tail(self) -> Columns:
        return self.buffer.first(self.tail_length)

    @property
    def face_count(self) -> int:
        return len(self.alive) - len(self.dead)

    @property
    def loose(self) -> int:
        """How many rows are not where a new base would have them."""
        return self.tail_length + len(self.dead)

    def rows_of(self, numbers: NDArray[np.int64]) -> NDArray[np.intp]:
        """Where these faces are; those that are not here are passed over. numbers: rising."""
        at = np.searchsorted(self.base.numbers, numbers)
        inside = at < len(self.base)
        at = at[inside]
        early = at[self.base.numbers[at] == numbers[inside]]
        late = np.flatnonzero(np.isin(self.tail.numbers, numbers)) + len(self.base)
        rows = np.concatenate([early, late])
        return np.asarray(rows[self.alive[rows]], np.intp)

    def numbers_at(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """int64: the faces of these rows."""
        return _picked(self.base.numbers, self.tail.numbers, rows)

    def owners_at(self, rows: NDArray[np.intp]) -> NDArray[np.int32]:
        """int32: whose faces these rows are."""
        return _picked(self.base.owners, self.tail.owners, rows)

    def vectors_at(self, rows: NDArray[np.intp]) -> NDArray[np.int8]:
        """int8 (len(rows), D)."""
        return _picked(self.base.vectors, self.tail.vectors, rows)

    def followed(
        self, touched: Collection[int], rows: Sequence[FaceRow], siblings: Mapping[PersonId, Sequence[int]]
    ) -> QuantizedRows:
        """What it is after a change; only one thread may ask, and only the newest state.

        touched: numbers of faces that may be gone or another's. rows: those of them that are there.
        siblings: the numbers of all faces of the people of `rows`, as far as they are still there.
        """
        gone = self.rows_of(np.array(sorted(touched), np.int64))
        alive = np.concatenate([self.alive, np.ones(len(rows), np.bool_)])
        alive[gone] = False
        owners = self._owners(touched, rows, siblings)
        faces_of = np.zeros(max(len(self.faces_of), int(owners.max(initial=-1)) + 1), np.int32)
        faces_of[: len(self.faces_of)] = self.faces_of
        np.subtract.at(faces_of, self.owners_at(gone), 1)
        np.add.at(faces_of, owners, 1)
        return replace(
            self,
            buffer=self._appended(rows, owners),
            tail_length=self.tail_length + len(rows),
            alive=alive,
            dead=np.concatenate([self.dead, gone]),
            faces_of=faces_of,
            people_count=int(np.count_nonzero(faces_of)),
        )

    def tidied(self) -> Iterator[Columns]:
        """The rows that are alive, by rising number, owners numbered anew; block by block."""
        rows = np.flatnonzero(self.alive)
        rows = rows[np.argsort(self.numbers_at(rows), kind="stable")]
        _, owners = np.unique(self.owners_at(rows), return_inverse=True)
        for start in range(0, len(rows), _COPIED):
            some = rows[start : start + _COPIED]
            yield Columns(
                self.vectors_at(some),
                self.numbers_at(some),
                owners[start : start + _COPIED].astype(np.int32),
            )

    def _owners(
        self, touched: Collection[int], rows: Sequence[FaceRow], siblings: Mapping[PersonId, Sequence[int]]
    ) -> NDArray[np.int32]:
        """The owner of each new row: the one of the person's other faces, or a new number."""
        known: dict[PersonId, int] = {}
        unused = len(self.faces_of)
        for person in dict.fromkeys(row.person for row in rows):
            others = self.rows_of(np.array(sorted(set(siblings.get(person, ())) - set(touched)), np.int64))
            if len(others):
                known[person] = int(self.owners_at(others[:1])[0])
            else:
                known[person] = unused
                unused += 1
        return np.array([known[row.person] for row in rows], np.int32)

    def _appended(self, rows: Sequence[FaceRow], owners: NDArray[np.int32]) -> Columns:
        start, end = self.tail_length, self.tail_length + len(rows)
        buffer = self.buffer
        if end > len(buffer):
            buffer = _room(self.dimensions, 2 * end)
            buffer.vectors[:start] = self.tail.vectors
            buffer.numbers[:start] = self.tail.numbers
            buffer.owners[:start] = self.tail.owners
        if rows:
            buffer.vectors[start:end] = quantized(np.stack([row.vector for row in rows]), self.scale)
            buffer.numbers[start:end] = [row.number for row in rows]
            buffer.owners[start:end] = owners
        return buffer


def quantized(vectors: NDArray[np.float32], scale: float) -> NDArray[np.int8]:
    """Vectors as levels -127..127, cut beyond."""
    return np.asarray(np.clip(np.rint(vectors * np.float32(scale)), -LEVELS, LEVELS), np.int8)


def scale_for(vectors: NDArray[np.float32]) -> float:
    """Levels per unit, so that vectors like these are not cut."""
    return LEVELS / (_HEADROOM * max(float(np.abs(vectors).max(initial=0.0)), 1e-6))


def _room(dimensions: int, length: int) -> Columns:
    return Columns(
        np.empty((length, dimensions), np.int8), np.empty(length, np.int64), np.empty(length, np.int32)
    )


def _picked(base: NDArray[T], tail: NDArray[T], rows: NDArray[np.intp]) -> NDArray[T]:
    is_late = rows >= len(base)
    if not is_late.any():
        return base[rows]
    found = np.empty((len(rows), *base.shape[1:]), base.dtype)
    found[~is_late] = base[rows[~is_late]]
    found[is_late] = tail[rows[is_late] - len(base)]
    return found
