"""Which of these faces look like that one: in the pictures of a request, or in a group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.core.calibration import threshold_for
from edge.core.events import Json
from edge.core.face import Box, Embedding, ModelId
from edge.core.score import ScoreScale
from edge.errors import NoFace, PictureError, SeveralFaces
from edge.ports import Embedder
from edge.refusals import ParameterMissing
from edge.service.comparison import SAME_PERSON_FAR, box_json
from edge.service.pictures import ANY, PictureReader, Source, Wanted


class Mode(StrEnum):
    """PERSON: only faces that count as the same person's. FACE: the most similar ones, whoever they are."""

    PERSON = "person"
    FACE = "face"


@dataclass(frozen=True, slots=True)
class SimilarFace:
    """A candidate. picture, face: its place in the request's pictures, and among the faces of its picture,
    largest first. box: pixels of the picture as given. is_match: whether it counts as the same person's."""

    picture: int
    face: int
    box: Box
    score: float
    similarity: float
    is_match: bool

    def as_json(self) -> dict[str, Json]:
        return {
            "picture": self.picture,
            "face": self.face,
            "box": box_json(self.box),
            "score": round(self.score, 2),
            "similarity": round(self.similarity, 5),
            "is_match": self.is_match,
        }


@dataclass(frozen=True, slots=True)
class Unusable:
    """A picture that could not be used. reason: one line for a person, code: as `errors` gives it."""

    picture: int
    reason: str
    code: str

    def as_json(self) -> dict[str, Json]:
        return {"picture": self.picture, "reason": self.reason, "code": self.code}


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """A face of one of many pictures, with its template."""

    picture: int
    face: int
    box: Box
    embedding: Embedding


@dataclass(frozen=True, slots=True)
class Similar:
    """faces: most similar first. compared: how many candidates there were."""

    faces: tuple[SimilarFace, ...]
    unusable: tuple[Unusable, ...]
    compared: int
    mode: Mode
    far: float
    model: ModelId

    def as_json(self) -> dict[str, Json]:
        return {
            "faces": [one.as_json() for one in self.faces],
            "unusable": [one.as_json() for one in self.unusable],
            "compared": self.compared,
            "mode": self.mode.value,
            "far": self.far,
            "model": self.model,
        }


class FaceGatherer:
    """Describes all faces of many pictures. Belongs to one thread. most: how many faces it takes together."""

    def __init__(self, reader: PictureReader, embedder: Embedder, most: int) -> None:
        self._reader = reader
        self._embedder = embedder
        self._most = most

    @property
    def model(self) -> ModelId:
        return self._embedder.model

    def gather(
        self,
        sources: Sequence[Source],
        wanted: Wanted = ANY,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> tuple[list[Described], tuple[Unusable, ...]]:
        """All faces of all pictures that are large and good enough; a picture without any is unusable.

        progress: told pictures done, of how many. Raises SeveralFaces for more faces than allowed.
        """
        described: list[Described] = []
        unusable: list[Unusable] = []
        for number, source in enumerate(sources):
            try:
                described += self._faces(number, source, wanted)
            except PictureError as error:
                unusable.append(Unusable(number, str(error), error.code))
            if len(described) > self._most:
                raise SeveralFaces(f"more than {self._most} faces; use fewer pictures at a time")
            progress(number + 1, len(sources))
        return described, tuple(unusable)

    def largest(self, source: Source, wanted: Wanted = ANY) -> Embedding:
        """The template of a picture's largest face. Raises PictureError."""
        view = self._reader.faces(source, wanted)
        return self._embedder.embed(view.image, view.faces[0].landmarks)

    def _faces(self, number: int, source: Source, wanted: Wanted) -> list[Described]:
        view = self._reader.faces(source, wanted, most=self._most + 1)
        made = []
        for position, found in enumerate(view.faces):
            try:
                embedding = self._embedder.embed(view.image, found.landmarks)
            except NoFace:
                continue
            made.append(Described(number, position, view.box(found), embedding))
        return made


class FaceSimilarity:
    """Ranks candidates by their likeness to one face."""

    def __init__(self, gatherer: FaceGatherer, scale: ScoreScale) -> None:
        self._gatherer = gatherer
        self._scale = scale

    def find(
        self,
        source: Source,
        candidates: Sequence[Source],
        wanted: Wanted = ANY,
        *,
        mode: Mode = Mode.PERSON,
        count: int = 20,
        far: float = SAME_PERSON_FAR,
        progress: Callable[[int, int], None] = lambda done, of: None,
    ) -> Similar:
        """The `count` faces of the candidate pictures most similar to the largest face of a picture.

        far: of one comparison, decides what counts as the same person. Raises ParameterMissing without
        candidates, PictureError for the picture itself; SeveralFaces for more candidate faces than allowed.
        """
        if not candidates:
            raise ParameterMissing("no pictures to compare with; give at least one")
        probe = self._gatherer.largest(source, wanted)
        described, unusable = self._gatherer.gather(candidates, wanted, progress)
        threshold = threshold_for(self._scale.curve, far)
        judged = [self._judge(one, probe, threshold) for one in described]
        ranked = sorted(judged, key=lambda one: (-one.similarity, one.picture, one.face))
        kept = [one for one in ranked if one.is_match or mode is Mode.FACE][:count]
        return Similar(tuple(kept), unusable, len(described), mode, far, self._gatherer.model)

    def _judge(self, one: Described, probe: Embedding, threshold: float) -> SimilarFace:
        # In this order: what is not a number comes out as unlike, not as the same.
        similarity = max(-1.0, min(float(one.embedding.vector @ probe.vector), 1.0))
        score = self._scale.score(similarity)
        return SimilarFace(one.picture, one.face, one.box, score, similarity, similarity >= threshold)
