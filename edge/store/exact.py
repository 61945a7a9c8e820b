"""A small gallery in memory: every comparison is made, with the templates as they are.

A comparison is one multiply-add over the matrix without BLAS: its thread pool would take cores from
inference for work of a fraction of a millisecond.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.face import PersonId, Vector
from edge.core.fusion import fuse
from edge.core.matching import Match, best
from edge.core.person import FaceId
from edge.ports import Hit
from edge.store.face_rows import FaceRow


@dataclass(frozen=True, slots=True, eq=False)
class ExactFaces:
    """N faces of P people, rows in the order of enrollment.

    numbers: int64 (N,), rising. owners: int32 (N,), index into people. qualities: float32 (N,).
    vectors: float32 (N, D), norm 1. templates: float32 (P, D), each person's faces as one template.
    """

    numbers: NDArray[np.int64]
    faces: tuple[FaceId, ...]
    owners: NDArray[np.int32]
    qualities: NDArray[np.float32]
    vectors: NDArray[np.float32]
    people: tuple[PersonId, ...]
    templates: NDArray[np.float32]

    @classmethod
    def of(cls, rows: Sequence[FaceRow], fused: Mapping[PersonId, Vector] | None = None) -> ExactFaces:
        """rows: by rising number. fused: templates of people whose faces have not changed."""
        numbered: dict[PersonId, int] = {}
        owners = np.fromiter(
            (numbered.setdefault(row.person, len(numbered)) for row in rows), np.int32, len(rows)
        )
        qualities = np.array([row.quality for row in rows], np.float32)
        vectors = np.stack([row.vector for row in rows]) if rows else np.empty((0, 0), np.float32)
        return cls(
            np.array([row.number for row in rows], np.int64),
            tuple(row.face for row in rows),
            owners,
            qualities,
            vectors,
            tuple(numbered),
            _templates(tuple(numbered), owners, qualities, vectors, fused or {}),
        )

    def followed(self, touched: Collection[int], rows: Sequence[FaceRow]) -> ExactFaces:
        """What it is after a change. touched: numbers of faces that may be gone. rows: those still there."""
        is_kept = ~np.isin(self.numbers, list(touched))
        changed = {self.people[owner] for owner in np.unique(self.owners[~is_kept])}
        changed.update(row.person for row in rows)
        merged = [*map(self._row, np.flatnonzero(is_kept).tolist()), *rows]
        merged.sort(key=lambda row: row.number)
        known = {
            person: self.templates[number]
            for number, person in enumerate(self.people)
            if person not in changed
        }
        return ExactFaces.of(merged, known)

    @property
    def dimensions(self) -> int:
        """0 when there is nobody."""
        return int(self.vectors.shape[1])

    @property
    def face_count(self) -> int:
        return len(self.numbers)

    @property
    def people_count(self) -> int:
        return len(self.people)

    @property
    def row_count(self) -> int:
        return len(self.numbers)

    def rows_of(self, numbers: NDArray[np.int64]) -> NDArray[np.intp]:
        """Where these faces are; those that are not here are passed over."""
        return np.flatnonzero(np.isin(self.numbers, numbers))

    def count_people(self, allowed: NDArray[np.bool_]) -> int:
        """How many people have one of the faces. allowed: bool (N,)."""
        return int(np.count_nonzero(self._people_in(allowed)))

    def match(self, probes: Sequence[Vector]) -> list[Match | None]:
        """The most similar person for each probe, None when there is nobody or it is not a number."""
        everybody = np.arange(len(self.people), dtype=np.int32)
        found = [best(similarities(self.templates, probe), everybody) for probe in probes]
        return [None if one is None else Match(self.people[one[0]], *one[1:]) for one in found]

    def search_faces(
        self, probes: Sequence[Vector], count: int, allowed: NDArray[np.bool_] | None
    ) -> list[list[Hit]]:
        """The most similar faces for each probe, best first. allowed: bool (N,), None is all."""
        return [self._nearest_faces(similarities(self.vectors, probe), count, allowed) for probe in probes]

    def search_people(
        self, probes: Sequence[Vector], count: int, allowed: NDArray[np.bool_] | None
    ) -> list[list[Hit]]:
        """The most similar people for each probe, best first. allowed: bool (N,), whose faces count."""
        people = None if allowed is None else self._people_in(allowed)
        return [self._nearest_people(probe, count, people) for probe in probes]

    def _nearest_faces(
        self, found: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None
    ) -> list[Hit]:
        return [
            Hit(self.faces[row], self.people[self.owners[row]], cosine(found[row]))
            for row in largest(found, count, allowed)
        ]

    def _nearest_people(self, probe: Vector, count: int, allowed: NDArray[np.bool_] | None) -> list[Hit]:
        found = similarities(self.templates, probe)
        hits = []
        for owner in largest(found, count, allowed):
            rows = np.flatnonzero(self.owners == owner)
            row = rows[np.argmax(similarities(self.vectors[rows], probe))]
            hits.append(Hit(self.faces[row], self.people[owner], cosine(found[owner])))
        return hits

    def _people_in(self, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        found = np.zeros(len(self.people), np.bool_)
        found[self.owners[allowed]] = True
        return found

    def _row(self, row: int) -> FaceRow:
        return FaceRow(
            int(self.numbers[row]),
            self.faces[row],
            self.people[self.owners[row]],
            float(self.qualities[row]),
            self.vectors[row],
        )


def similarities(vectors: NDArray[np.float32], probe: Vector) -> NDArray[np.float32]:
    """Cosines, float32 (N,), of rows (N, D) to a probe (D,), all of norm 1."""
    if not len(vectors):
        return np.empty(0, np.float32)
    return np.asarray(np.einsum("nd,d->n", vectors, probe), np.float32)


def cosine(similarity: float) -> float:
    """Rounding may lead past the ends of -1..1."""
    return max(-1.0, min(1.0, float(similarity)))


def largest(found: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None) -> list[int]:
    """Where the `count` largest are, largest first, the first of equals first.

    Of what is not a number there is none. allowed: look at these only.
    """
    rows = np.arange(len(found)) if allowed is None else np.flatnonzero(allowed)
    values = found if allowed is None else found[rows]
    if count < 1 or not len(values) or not np.isfinite(values).all():
        return []
    if count < len(values):
        least = np.partition(values, len(values) - count)[len(values) - count]
        kept = np.flatnonzero(values >= least)
        rows, values = rows[kept], values[kept]
    return [int(row) for row in rows[np.argsort(-values, kind="stable")[:count]]]


def _templates(
    people: Sequence[PersonId],
    owners: NDArray[np.int32],
    qualities: NDArray[np.float32],
    vectors: NDArray[np.float32],
    fused: Mapping[PersonId, Vector],
) -> NDArray[np.float32]:
    if len(people) == len(owners):
        return vectors
    order = np.argsort(owners, kind="stable")
    ends = np.cumsum(np.bincount(owners, minlength=len(people)))
    faces: Iterable[NDArray[np.intp]] = np.split(order, ends[:-1])
    return np.stack(
        [
            fused[person] if person in fused else _fused(vectors[rows], qualities[rows])
            for person, rows in zip(people, faces, strict=True)
        ]
    )


def _fused(vectors: NDArray[np.float32], qualities: NDArray[np.float32]) -> Vector:
    return vectors[0] if len(vectors) == 1 else fuse(vectors, qualities)
