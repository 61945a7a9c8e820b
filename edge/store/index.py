"""All templates of one model in memory, compared with a probe in one pass.

The comparison is one multiply-add over the matrix without BLAS: its thread pool would take cores from
inference for work of a fraction of a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Embedding, ModelId, PersonId, Vector
from edge.core.matching import Match, best
from edge.errors import ModelMismatch
from edge.roster import Gallery


@dataclass(frozen=True, slots=True, eq=False)
class _Snapshot:
    """people: every person once. owners: int32 (N,), index into people. vectors: float32 (N, D), norm 1."""

    people: tuple[PersonId, ...]
    owners: NDArray[np.int32]
    vectors: NDArray[np.float32]


_EMPTY = _Snapshot((), np.empty(0, np.int32), np.empty((0, 0), np.float32))


class TemplateIndex:
    """Templates of one model. One thread changes it; any thread matches, on the state before or after."""

    def __init__(self, model: ModelId) -> None:
        self.model = model
        self._snapshot = _EMPTY
        self._revision: int | None = None

    @property
    def size(self) -> int:
        """How many templates are in it."""
        return len(self._snapshot.owners)

    def match(self, embedding: Embedding) -> Match | None:
        """The most similar person, None when the index is empty. Raises ModelMismatch."""
        return self.match_all([embedding])[0]

    def match_all(self, embeddings: Sequence[Embedding]) -> list[Match | None]:
        """Match several faces against the same state. Raises ModelMismatch."""
        snapshot = self._snapshot
        return [self._match(snapshot, self._probe(embedding, snapshot)) for embedding in embeddings]

    def replace(self, people: Sequence[PersonId], vectors: NDArray[np.float32]) -> None:
        """Hold these templates and no others. people: the owner of each row. vectors: float32 (N, D)."""
        if len(people) != len(vectors):
            raise ValueError(f"{len(people)} owners for {len(vectors)} templates; give one for each")
        numbers: dict[PersonId, int] = {}
        owners = np.fromiter((numbers.setdefault(person, len(numbers)) for person in people), np.int32)
        self._snapshot = _Snapshot(tuple(numbers), owners, _normalized(vectors))

    def add(self, person: PersonId, embedding: Embedding) -> None:
        """Add one template. Raises ModelMismatch."""
        snapshot = self._snapshot
        row = _normalized(self._probe(embedding, snapshot)[np.newaxis])
        people = snapshot.people if person in snapshot.people else (*snapshot.people, person)
        owners = np.append(snapshot.owners, np.int32(people.index(person)))
        vectors = np.concatenate([snapshot.vectors, row]) if self.size else row
        self._snapshot = _Snapshot(people, owners, vectors)

    def remove(self, person: PersonId) -> None:
        """Forget all templates of a person; harmless when there are none."""
        snapshot = self._snapshot
        if person not in snapshot.people:
            return
        kept = snapshot.owners != snapshot.people.index(person)
        owners = [snapshot.people[owner] for owner in snapshot.owners[kept]]
        self.replace(owners, snapshot.vectors[kept])

    def refresh(self, gallery: Gallery) -> bool:
        """Load the gallery again if it has changed since the last call; True when it had."""
        revision = gallery.revision()
        if revision == self._revision:
            return False
        people, vectors = gallery.templates(self.model)
        self.replace(people, vectors)
        self._revision = revision
        return True

    def _probe(self, embedding: Embedding, snapshot: _Snapshot) -> Vector:
        if embedding.model != self.model:
            raise ModelMismatch(
                f"a template of {embedding.model} cannot be compared with those of {self.model}; "
                "enroll the faces again with one model"
            )
        vector = np.asarray(embedding.vector, np.float32)
        if vector.ndim != 1 or (len(snapshot.owners) and len(vector) != snapshot.vectors.shape[1]):
            raise ModelMismatch(
                f"a template of shape {vector.shape} does not fit the {snapshot.vectors.shape[1]} "
                f"dimensions of {self.model}; enroll the faces again with one model"
            )
        return vector

    @staticmethod
    def _match(snapshot: _Snapshot, probe: Vector) -> Match | None:
        if not len(snapshot.owners):
            return None
        similarities = np.einsum("nd,d->n", snapshot.vectors, probe)
        found = best(similarities, snapshot.owners)
        if found is None:
            return None
        owner, similarity, margin = found
        return Match(snapshot.people[owner], similarity, margin)


def _normalized(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of norm 1, in one piece of memory; a row without direction becomes zero and matches nobody."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    usable = np.isfinite(norms) & (norms > 0)
    with np.errstate(invalid="ignore"):
        rows = np.where(usable, vectors / np.where(usable, norms, 1), 0)
    return np.ascontiguousarray(rows, np.float32)
