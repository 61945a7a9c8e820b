"""Who is this: the faces of a picture among enrolled people (1:N)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.core.calibration import threshold_for
from edge.core.events import Json
from edge.core.face import Box, Embedding, ModelId, PersonId
from edge.core.person import FaceId, GroupId
from edge.core.score import ScoreScale
from edge.errors import SeveralFaces
from edge.ports import Embedder, FaceIndex, Hit
from edge.refusals import NobodyToSearch, TooManyFacesSearched, TooManyPeopleAsked
from edge.service.comparison import box_json
from edge.service.pictures import ANY, PictureReader, Source, Wanted

SEARCH_FAR = 1e-3
"""That any stranger of a picture is taken for anybody of those searched, unless a request says otherwise."""


class Among(StrEnum):
    """What is ranked: people by all their faces fused, or single faces."""

    PEOPLE = "people"
    FACES = "faces"


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """faces: of a picture. results: for each of them. gallery: faces to search among."""

    faces: int = 10
    results: int = 100
    gallery: int = 3_000_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody enrolled who looks like the face. tag: the remark on the person. score: 0..100 of this one
    comparison. is_match: whether it is as similar as the rate asked for demands of the whole search."""

    person: PersonId
    tag: str
    face: FaceId
    score: float
    similarity: float
    is_match: bool

    def as_json(self) -> dict[str, Json]:
        return {
            "person": self.person,
            "tag": self.tag,
            "face": self.face,
            "score": round(self.score, 2),
            "similarity": round(self.similarity, 5),
            "is_match": self.is_match,
        }


@dataclass(frozen=True, slots=True)
class Searched:
    """One face of the picture, and who looks like it, best first. box: pixels of the picture as given."""

    box: Box
    candidates: tuple[Candidate, ...]

    def as_json(self) -> dict[str, Json]:
        return {"box": box_json(self.box), "candidates": [one.as_json() for one in self.candidates]}


@dataclass(frozen=True, slots=True)
class SearchResult:
    """faces: of the picture, largest first. compared: with how many people or faces each was. far: that
    any of them is taken for somebody enrolled without being so. needed_score: that of a match, which rises
    with `compared` and with the faces of the picture."""

    faces: tuple[Searched, ...]
    among: Among
    compared: int
    far: float
    needed_score: float
    model: ModelId

    def as_json(self) -> dict[str, Json]:
        return {
            "faces": [one.as_json() for one in self.faces],
            "among": self.among.value,
            "compared": self.compared,
            "far": self.far,
            "needed_score": round(self.needed_score, 2),
            "model": self.model,
        }


class FaceSearch:
    """Searches the gallery for faces of pictures. Belongs to one thread.

    require: the groups of a request as they are, or a refusal (GroupListNotFound, GroupBeingDeleted,
    TooManyGroupsAsked). tag: the remark on a person, empty for who is gone.
    """

    def __init__(
        self,
        reader: PictureReader,
        embedder: Embedder,
        index: FaceIndex,
        scale: ScoreScale,
        require: Callable[[Sequence[GroupId]], tuple[GroupId, ...]],
        tag: Callable[[PersonId], str],
        limits: SearchLimits,
    ) -> None:
        self._reader = reader
        self._embedder = embedder
        self._index = index
        self._scale = scale
        self._require = require
        self._tag = tag
        self._limits = limits

    def search(
        self,
        source: Source,
        wanted: Wanted = ANY,
        *,
        groups: Sequence[GroupId] | None = None,
        among: Among = Among.PEOPLE,
        count: int = 5,
        most_faces: int = 1,
        only_matches: bool = False,
        far: float = SEARCH_FAR,
    ) -> SearchResult:
        """Find the `count` most similar people or faces for each of the largest faces of a picture.

        groups: only people in any of these; None is everybody. only_matches: leave out whoever is not
        similar enough. far: of the whole search, all its faces together. Raises TooManyPeopleAsked,
        SeveralFaces when more faces are asked for than allowed, TooManyFacesSearched, NobodyToSearch,
        PictureError, and what `require` raises.
        """
        limits = self._limits
        if not 1 <= count <= limits.results:
            raise TooManyPeopleAsked(f"{count} results are not allowed; ask for 1 to {limits.results}")
        if not 1 <= most_faces <= limits.faces:
            raise SeveralFaces(
                f"{most_faces} faces of a picture are not allowed; ask for 1 to {limits.faces}"
            )
        chosen = self._groups(groups)
        view = self._reader.faces(source, wanted, most=most_faces)
        probes = [self._embedder.embed(view.image, found.landmarks) for found in view.faces]
        compared = self._index.people(chosen) if among is Among.PEOPLE else self._index.size(chosen)
        threshold = threshold_for(self._scale.curve, far, max(1, compared * len(probes)))
        hits = self._hits(probes, count, chosen, among)
        least = threshold if only_matches else -2.0
        return SearchResult(
            faces=tuple(
                Searched(
                    view.box(found),
                    tuple(self._candidate(hit, threshold) for hit in row if hit.similarity >= least),
                )
                for found, row in zip(view.faces, hits, strict=True)
            ),
            among=among,
            compared=compared,
            far=far,
            needed_score=self._scale.score(threshold),
            model=self._index.model,
        )

    def _groups(self, groups: Sequence[GroupId] | None) -> tuple[GroupId, ...] | None:
        chosen = None if groups is None else self._require(groups)
        size = self._index.size(chosen)
        if not size:
            where = "the gallery" if chosen is None else f"group {', '.join(chosen)}"
            raise NobodyToSearch(f"no faces in {where}; enroll somebody with 'ostiary person add'")
        if size > self._limits.gallery:
            raise TooManyFacesSearched(
                f"{size} faces to search among, allowed are {self._limits.gallery}; name fewer groups"
            )
        return chosen

    def _hits(
        self, probes: Sequence[Embedding], count: int, groups: tuple[GroupId, ...] | None, among: Among
    ) -> list[list[Hit]]:
        search = self._index.search_people if among is Among.PEOPLE else self._index.search_faces
        return search(probes, count, groups)

    def _candidate(self, hit: Hit, threshold: float) -> Candidate:
        return Candidate(
            hit.person,
            self._tag(hit.person),
            hit.face,
            self._scale.score(hit.similarity),
            hit.similarity,
            hit.similarity >= threshold,
        )
