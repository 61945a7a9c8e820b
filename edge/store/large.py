"""Searches in a large gallery: candidates by bytes, the answer by the store's own floats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.face import ModelId, PersonId, Vector
from edge.core.fusion import fuse
from edge.core.matching import NOBODY_ELSE, Match
from edge.ports import Hit
from edge.store import face_rows
from edge.store.database import Database
from edge.store.exact import cosine, largest, similarities
from edge.store.face_rows import FaceRow
from edge.store.quantized import QuantizedRows
from edge.store.scan import AT_ONCE, Compared, compare

_SPARE_PEOPLE = 16
_PEOPLE_SHARE = 4
"""So many times as many people as asked for are compared by their fused templates, and some more: who has
the most similar faces is not always who is most similar."""


@dataclass(frozen=True, slots=True, eq=False)
class LargeFaces:
    """One state of the enrolled faces. Every search may raise StoreError."""

    database: Database
    model: ModelId
    rows: QuantizedRows

    @property
    def dimensions(self) -> int:
        return self.rows.dimensions

    @property
    def face_count(self) -> int:
        return self.rows.face_count

    @property
    def people_count(self) -> int:
        return self.rows.people_count

    @property
    def row_count(self) -> int:
        return len(self.rows.alive)

    def rows_of(self, numbers: NDArray[np.int64]) -> NDArray[np.intp]:
        """Where these faces are; those that are not here are passed over. numbers: rising."""
        return self.rows.rows_of(numbers)

    def count_people(self, allowed: NDArray[np.bool_]) -> int:
        """How many people have one of the faces. allowed: bool (N,)."""
        found = np.zeros(len(self.rows.faces_of), np.bool_)
        found[self.rows.owners_at(np.flatnonzero(allowed & self.rows.alive))] = True
        return int(np.count_nonzero(found))

    def match(self, probes: Sequence[Vector]) -> list[Match | None]:
        """The most similar person for each probe, None when there is nobody or it is not a number."""
        return [_match(hits) for hits in self.search_people(probes, 2, None)]

    def search_faces(
        self, probes: Sequence[Vector], count: int, allowed: NDArray[np.bool_] | None
    ) -> list[list[Hit]]:
        """The most similar faces for each probe, best first. allowed: bool (N,), None is all."""
        return self._searched(probes, count, allowed, self._nearest_faces)

    def search_people(
        self, probes: Sequence[Vector], count: int, allowed: NDArray[np.bool_] | None
    ) -> list[list[Hit]]:
        """The most similar people for each probe, best first. allowed: bool (N,), whose faces count."""
        return self._searched(probes, count, allowed, self._nearest_people)

    def _searched(
        self,
        probes: Sequence[Vector],
        count: int,
        allowed: NDArray[np.bool_] | None,
        nearest: Callable[[Vector, Compared, int], list[Hit]],
    ) -> list[list[Hit]]:
        hits: list[list[Hit]] = [[] for _ in probes]
        usable = [number for number, probe in enumerate(probes) if np.isfinite(probe).all()]
        for start in range(0, len(usable), AT_ONCE):
            some = usable[start : start + AT_ONCE]
            compared = compare(self.rows, [probes[number] for number in some], allowed)
            for number, one in zip(some, compared, strict=True):
                hits[number] = nearest(probes[number], one, count)
        return hits

    def _nearest_faces(self, probe: Vector, compared: Compared, count: int) -> list[Hit]:
        numbers = self.rows.numbers_at(compared.candidates(count))
        found = face_rows.of_faces(self.database, self.model, numbers.tolist())
        exact = similarities(_stacked(found), probe)
        return [
            Hit(found[at].face, found[at].person, cosine(exact[at])) for at in largest(exact, count, None)
        ]

    def _nearest_people(self, probe: Vector, compared: Compared, count: int) -> list[Hit]:
        if count < 1:
            return []
        numbers = self.rows.numbers_at(
            self._faces_of_several(compared, _PEOPLE_SHARE * count + _SPARE_PEOPLE)
        )
        owners = {row.person for row in face_rows.of_faces(self.database, self.model, numbers.tolist())}
        candidates = list(_by_person(face_rows.of_people(self.database, self.model, owners)))
        if not candidates:
            return []
        templates = np.stack([_fused(faces) for faces in candidates])
        exact = similarities(templates, probe)
        hits = []
        for at in largest(exact, count, None):
            faces = candidates[at]
            nearest = faces[int(np.argmax(similarities(_stacked(faces), probe)))]
            hits.append(Hit(nearest.face, nearest.person, cosine(exact[at])))
        return hits

    def _faces_of_several(self, compared: Compared, people: int) -> NDArray[np.intp]:
        """Rows of the most similar faces, as many as needed for so many people, or all there are."""
        wanted = people
        while True:
            rows = compared.candidates(wanted)
            is_all = wanted >= len(compared.dots)
            if is_all or len(np.unique(self.rows.owners_at(rows))) >= people:
                return rows
            wanted *= 4


def _match(hits: Sequence[Hit]) -> Match | None:
    if not hits:
        return None
    first = hits[0]
    next_best = hits[1].similarity if len(hits) > 1 else NOBODY_ELSE
    return Match(first.person, first.similarity, max(0.0, first.similarity - next_best))


def _by_person(rows: Sequence[FaceRow]) -> Iterator[list[FaceRow]]:
    """The faces of each person, people in the order of their first face."""
    faces: dict[PersonId, list[FaceRow]] = {}
    for row in rows:
        faces.setdefault(row.person, []).append(row)
    yield from faces.values()


def _stacked(rows: Sequence[FaceRow]) -> NDArray[np.float32]:
    return np.stack([row.vector for row in rows]) if rows else np.empty((0, 0), np.float32)


def _fused(faces: Sequence[FaceRow]) -> Vector:
    if len(faces) == 1:
        return faces[0].vector
    return fuse(_stacked(faces), np.array([face.quality for face in faces], np.float32))
