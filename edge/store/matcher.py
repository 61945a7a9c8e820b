"""The door's question: which person is this, and how far behind is the next one?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from edge.core.face import Embedding, ModelId, Vector
from edge.core.matching import Match
from edge.errors import ModelMismatch, StoreError

logger = logging.getLogger(__name__)


class Faces(Protocol):
    """One state of the enrolled faces."""

    @property
    def dimensions(self) -> int: ...

    @property
    def people_count(self) -> int: ...

    def match(self, probes: Sequence[Vector]) -> list[Match | None]: ...


class PeopleMatcher:
    """Compares with one template for each person, fused from the faces. Safe to use from any thread.

    current: gives the faces as they are known; called for every match, so it must not take long.
    """

    def __init__(self, model: ModelId, current: Callable[[], Faces]) -> None:
        self.model = model
        self._current = current

    @property
    def size(self) -> int:
        """With how many templates a probe is compared: one for each person."""
        return self._current().people_count

    def match(self, embedding: Embedding) -> Match | None:
        """The most similar person, None when nobody is enrolled. Raises ModelMismatch."""
        return self.match_all([embedding])[0]

    def match_all(self, embeddings: Sequence[Embedding]) -> list[Match | None]:
        """Match the faces of one frame against the same state. Raises ModelMismatch.

        Faces of a large gallery are read from the store; while that fails, everybody is a stranger.
        """
        faces = self._current()
        probes = [probe(embedding, self.model, faces.dimensions) for embedding in embeddings]
        try:
            return faces.match(probes)
        except StoreError as error:
            logger.warning("nobody is recognized for now: %s", error)
            return [None] * len(probes)


def probe(embedding: Embedding, model: ModelId, dimensions: int) -> Vector:
    """The vector to compare, float32 (D,). dimensions: of the faces, 0 when there are none.

    Raises ModelMismatch.
    """
    if embedding.model != model:
        raise ModelMismatch(
            f"a template of {embedding.model} cannot be compared with those of {model}; "
            "enroll the faces again with one model"
        )
    vector = np.asarray(embedding.vector, np.float32)
    if vector.ndim != 1 or (dimensions and len(vector) != dimensions):
        raise ModelMismatch(
            f"a template of shape {vector.shape} does not fit the {dimensions} dimensions of {model}; "
            "enroll the faces again with one model"
        )
    return vector
