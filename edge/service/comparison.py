"""Are these two the same person: a picture against another, and against an enrolled person (1:1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge.core.calibration import threshold_for
from edge.core.events import Json
from edge.core.face import Box, Embedding, ModelId, PersonId, Vector
from edge.core.fusion import fuse
from edge.core.score import ScoreScale
from edge.errors import ModelMismatch
from edge.ports import Embedder
from edge.refusals import NobodyToSearch
from edge.service.pictures import ANY, PictureReader, Source, View, Wanted

SAME_PERSON_FAR = 1e-4
"""A score of 50, above which two faces count as one person's unless a request says otherwise."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two faces are. score: 0..100, see `core.score`. similarity: cosine, -1..1. is_match: whether
    it reaches the similarity at which a stranger passes with probability `far`."""

    score: float
    similarity: float
    is_match: bool
    far: float
    model: ModelId

    def as_json(self) -> dict[str, Json]:
        return {
            "score": round(self.score, 2),
            "similarity": round(self.similarity, 5),
            "is_match": self.is_match,
            "far": self.far,
            "model": self.model,
        }


@dataclass(frozen=True, slots=True)
class Compared:
    """Two pictures: the largest face of each, in pixels of the picture as given."""

    likeness: Likeness
    a: Box
    b: Box

    def as_json(self) -> dict[str, Json]:
        return {**self.likeness.as_json(), "box_a": box_json(self.a), "box_b": box_json(self.b)}


@dataclass(frozen=True, slots=True)
class Verified:
    """A picture and a person. box: of the picture's largest face. faces: how many of the person's count."""

    likeness: Likeness
    person: PersonId
    box: Box
    faces: int

    def as_json(self) -> dict[str, Json]:
        return {
            "person": self.person,
            **self.likeness.as_json(),
            "faces": self.faces,
            "box": box_json(self.box),
        }


class FaceComparison:
    """Compares faces of pictures. Belongs to one thread."""

    def __init__(self, reader: PictureReader, embedder: Embedder, scale: ScoreScale) -> None:
        self._reader = reader
        self._embedder = embedder
        self._scale = scale

    def compare(
        self, a: Source, b: Source, wanted: Wanted = ANY, *, far: float = SAME_PERSON_FAR
    ) -> Compared:
        """Compare the largest face of each picture. Raises PictureError; ValueError for a far beyond 0..1."""
        view_a, face_a = self.largest(a, wanted)
        view_b, face_b = self.largest(b, wanted)
        likeness = self.likeness(face_a.vector, face_b.vector, far)
        return Compared(likeness, view_a.box(view_a.faces[0]), view_b.box(view_b.faces[0]))

    def largest(self, source: Source, wanted: Wanted = ANY) -> tuple[View, Embedding]:
        """The picture with its largest face, and that face's template. Raises PictureError."""
        view = self._reader.faces(source, wanted)
        return view, self._embedder.embed(view.image, view.faces[0].landmarks)

    def likeness(self, a: Vector, b: Vector, far: float, comparisons: int = 1) -> Likeness:
        """Judge two templates of this embedder. comparisons: with how many the probe is compared."""
        similarity = float(np.clip(a @ b, -1.0, 1.0))
        return Likeness(
            score=self._scale.score(similarity),
            similarity=similarity,
            is_match=similarity >= threshold_for(self._scale.curve, far, comparisons),
            far=far,
            model=self._embedder.model,
        )


class FaceVerification:
    """Compares pictures with enrolled people. Belongs to one thread.

    templates: a person's templates of the model, and the quality 0..1 of each; raises PersonNotFound.
    """

    def __init__(
        self,
        comparison: FaceComparison,
        templates: Callable[[PersonId], list[tuple[Embedding, float]]],
        model: ModelId,
    ) -> None:
        self._comparison = comparison
        self._templates = templates
        self._model = model

    def verify(
        self, source: Source, person: PersonId, wanted: Wanted = ANY, *, far: float = SAME_PERSON_FAR
    ) -> Verified:
        """Compare the largest face of a picture with all faces of a person, fused by quality.

        Raises PersonNotFound, NobodyToSearch when the person has no face of this model, PictureError.
        """
        template, count = self.fused(person)
        view, probe = self._comparison.largest(source, wanted)
        likeness = self._comparison.likeness(probe.vector, template, far)
        return Verified(likeness, person, view.box(view.faces[0]), count)

    def fused(self, person: PersonId) -> tuple[Vector, int]:
        """One template of all a person's faces, and how many they are. Raises as `verify` does."""
        found = self._templates(person)
        if not found:
            raise NobodyToSearch(
                f"person {person} has no face for {self._model}; enroll one with 'ostiary person add'"
            )
        if any(embedding.model != self._model for embedding, _ in found):
            raise ModelMismatch(f"templates of {person} are not of {self._model}; enroll the faces again")
        vectors = np.stack([embedding.vector for embedding, _ in found])
        return fuse(vectors, np.array([quality for _, quality in found], np.float32)), len(found)


def box_json(box: Box) -> list[Json]:
    """x0, y0, x1, y1 in pixels, to a tenth."""
    return [round(value, 1) for value in (box.x0, box.y0, box.x1, box.y1)]
