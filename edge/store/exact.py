"""A small gallery in memory: every comparison is made, with the templates as they are.

A comparison is one multiply-add over the matrix without BLAS: its thread pool would take cores from
inference for work of a fraction of a millisecond.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    def of(cls, rows: Sequence[FaceRow]) -> ExactFaces:
        """rows: by rising number."""
        people, owners = _numbered([row.person for row in rows])
        qualities = np.array([row.quality for row in rows], np.float32)
        vectors = np.stack([row.vector for row in rows]) if rows else np.empty((0, 0), np.float32)
        return cls(
            np.array([row.number for row in rows], np.int64),
            tuple(row.face for row in rows),
            owners,
            qualities,
            vectors,
            people,
            _templates(len(people), owners, qualities, vectors),
        )

    def followed(self, touched: Collection[int], rows: Sequence[FaceRow]) -> ExactFaces:
        """What it is after a change. touched: numbers of faces that may be gone. rows: those still there."""
        if not self.face_count:
            return ExactFaces.of(rows)
        is_kept = ~np.isin(self.numbers, list(touched))
        kept = np.flatnonzero(is_kept)
        added = ExactFaces.of(rows)
        numbers = np.concatenate([self.numbers[kept], added.numbers])
        order = np.argsort(numbers, kind="stable")
        names = [self.people[owner] for owner in self.owners[kept].tolist()]
        names += [row.person for row in rows]
        ids = [self.faces[row] for row in kept.tolist()] + list(added.faces)
        people, owners = _numbered([names[at] for at in order.tolist()])
        qualities = np.concatenate([self.qualities[kept], added.qualities])[order]
        vectors = np.concatenate([self.vectors[kept], added.vectors])[order] if rows else self.vectors[kept]
        changed = {self.people[owner] for owner in np.unique(self.owners[~is_kept]).tolist()}
        changed.update(added.people)
        return ExactFaces(
            numbers[order],
            tuple(ids[at] for at in order.tolist()),
            owners,
            qualities,
            vectors,
            people,
            self._templates_after(changed, people, owners, qualities, vectors),
        )

    def _templates_after(
        self,
        changed: Collection[PersonId],
        people: Sequence[PersonId],
        owners: NDArray[np.int32],
        qualities: NDArray[np.float32],
        vectors: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """The templates of people of whom all but `changed` are known as they are."""
        if len(people) == len(owners):
            return vectors
        before = {person: number for number, person in enumerate(self.people)}
        # Whoever is new is among the changed, and what stands here for them is overwritten.
        templates = self.templates[[before.get(person, 0) for person in people]]
        for number, person in enumerate(people):
            if person in changed:
                rows = np.flatnonzero(owners == number)
                templates[number] = _fused(vectors[rows], qualities[rows])
        return templates

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


def similarities(vectors: NDArray[np.float32], probe: Vector) -> NDArray[np.float32]:
    """Similarities, float32 (N,), of templates (N, D) to a probe (D,)."""
    if not len(vectors):
        return np.empty(0, np.float32)
    return np.asarray(np.einsum("nd,d->n", vectors, probe), np.float32)


def cosine(similarity: float) -> float:
    """Rounding may lead past the ends of -1..1; what is not a number is as unlike as can be."""
    return max(-1.0, min(float(similarity), 1.0))


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


def _numbered(names: Sequence[PersonId]) -> tuple[tuple[PersonId, ...], NDArray[np.int32]]:
    """Each name once, and for every name which one it is."""
    numbers: dict[PersonId, int] = {}
    owners = [numbers.setdefault(name, len(numbers)) for name in names]
    return tuple(numbers), np.array(owners, np.int32)


def _templates(
    people: int, owners: NDArray[np.int32], qualities: NDArray[np.float32], vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """float32 (people, D): all faces of each person as one."""
    if people == len(owners):
        return vectors
    order = np.argsort(owners, kind="stable")
    ends = np.cumsum(np.bincount(owners, minlength=people))
    return np.stack([_fused(vectors[rows], qualities[rows]) for rows in np.split(order, ends[:-1])])


def _fused(vectors: NDArray[np.float32], qualities: NDArray[np.float32]) -> Vector:
    return vectors[0] if len(vectors) == 1 else fuse(vectors, qualities)
