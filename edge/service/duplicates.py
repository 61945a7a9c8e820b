"""Is this person enrolled already, perhaps under another id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.core.calibration import threshold_for
from edge.core.events import Json
from edge.core.face import Embedding, PersonId
from edge.core.person import GroupId
from edge.core.score import ScoreScale
from edge.ports import Embedder, FaceIndex
from edge.refusals import NobodyToSearch
from edge.service.pictures import ANY, PictureReader, Source, Wanted

UNIQUE_PERSON_FARS: dict[int, float | None] = {0: None, 1: 1e-2, 2: 1e-3, 3: 1e-4, 4: 1e-5}
"""How sure a duplicate must be, by the unique-person control of Tencent Cloud's CreatePerson; 0 is off."""
DUPLICATE_FAR = 1e-4
_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Somebody enrolled who looks the same. similarity: of the most similar pair of faces. score: 0..100."""

    person: PersonId
    similarity: float
    score: float

    def as_json(self) -> dict[str, Json]:
        return {
            "person": self.person,
            "similarity": round(self.similarity, 5),
            "score": round(self.score, 2),
        }


class LookAlikes:
    """Finds who of the people enrolled looks the same.

    require: the groups of a request as they are, or a refusal. A false accept rate is that of the whole
    check: that somebody new is taken for anybody enrolled.
    """

    def __init__(
        self,
        index: FaceIndex,
        scale: ScoreScale,
        require: Callable[[Sequence[GroupId]], tuple[GroupId, ...]],
    ) -> None:
        self._index = index
        self._scale = scale
        self._require = require

    def of_embeddings(
        self,
        embeddings: Sequence[Embedding],
        *,
        far: float,
        groups: Sequence[GroupId] | None = None,
        but: PersonId | None = None,
    ) -> tuple[Duplicate, ...]:
        """Up to ten people who are as similar to any of these faces as `far` demands, most similar first."""
        chosen = None if groups is None else self._require(groups)
        threshold = threshold_for(self._scale.curve, far, max(1, self._index.size(chosen)))
        found: dict[PersonId, float] = {}
        # Two ways to be alike, and a duplicate is either: one face to one face, or to the person as a whole.
        for search in (self._index.search_people, self._index.search_faces):
            # A person's own faces may fill the first places: at most 248 of them.
            count = _CANDIDATES + (1 if but is None or search is self._index.search_people else 248)
            for hits in search(embeddings, count, chosen):
                for hit in hits:
                    if hit.similarity >= threshold and hit.person != but:
                        found[hit.person] = max(hit.similarity, found.get(hit.person, -1.0))
        ranked = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:_CANDIDATES]
        return tuple(
            Duplicate(person, similarity, self._scale.score(similarity)) for person, similarity in ranked
        )

    def person_like(
        self,
        embeddings: Sequence[Embedding],
        level: int,
        groups: Sequence[GroupId] | None = None,
        but: PersonId | None = None,
    ) -> PersonId | None:
        """Who a person to be created is already, at a unique-person control level 0..4; None is nobody.

        but: the person's own id, when only faces are added.

        Raises ValueError for another level.
        """
        if level not in UNIQUE_PERSON_FARS:
            raise ValueError(f"there is no unique-person control level {level}; use 0 to 4")
        far = UNIQUE_PERSON_FARS[level]
        if far is None or not embeddings:
            return None
        found = self.of_embeddings(embeddings, far=far, groups=groups, but=but)
        return found[0].person if found else None


class DuplicateCheck(LookAlikes):
    """Finds people who seem to be enrolled under another id.

    templates: a person's templates of the index's model; raises PersonNotFound.
    """

    def __init__(
        self,
        reader: PictureReader,
        embedder: Embedder,
        index: FaceIndex,
        scale: ScoreScale,
        templates: Callable[[PersonId], list[tuple[Embedding, float]]],
        require: Callable[[Sequence[GroupId]], tuple[GroupId, ...]],
    ) -> None:
        super().__init__(index, scale, require)
        self._reader = reader
        self._embedder = embedder
        self._templates = templates

    def of_picture(
        self,
        source: Source,
        wanted: Wanted = ANY,
        *,
        far: float = DUPLICATE_FAR,
        groups: Sequence[GroupId] | None = None,
    ) -> tuple[Duplicate, ...]:
        """Who the largest face of a picture may be. Raises PictureError, and what `require` raises."""
        view = self._reader.faces(source, wanted)
        return self.of_embeddings(
            [self._embedder.embed(view.image, view.faces[0].landmarks)], far=far, groups=groups
        )

    def of_person(
        self, person: PersonId, *, far: float = DUPLICATE_FAR, groups: Sequence[GroupId] | None = None
    ) -> tuple[Duplicate, ...]:
        """Who else an enrolled person may be. Raises PersonNotFound, NobodyToSearch without a face."""
        embeddings = [embedding for embedding, _ in self._templates(person)]
        if not embeddings:
            raise NobodyToSearch(
                f"person {person} has no face for {self._index.model}; enroll one with 'ostiary person add'"
            )
        return self.of_embeddings(embeddings, far=far, groups=groups, but=person)
