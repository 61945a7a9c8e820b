"""Give somebody who is known more faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge.core.face import PersonId
from edge.core.frame import Image
from edge.core.limits import GalleryLimits
from edge.core.person import FaceRecord, Version
from edge.core.same_picture import is_same_picture
from edge.errors import PictureError
from edge.refusals import NearlySameFace, ParameterMissing, TooManyUploads
from edge.roster import Gallery
from edge.service.examination import Examined, Refused


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The faces added, and the pictures refused."""

    added: tuple[FaceRecord, ...]
    refused: tuple[Refused, ...]


class FaceUploads:
    """Adds faces to people. examine: finds and judges the one face of a picture; raises PictureError.
    utc: gives aware UTC."""

    def __init__(
        self,
        gallery: Gallery,
        examine: Callable[[Image], Examined],
        limits: GalleryLimits,
        utc: Callable[[], datetime],
    ) -> None:
        self._gallery = gallery
        self._examine = examine
        self._limits = limits
        self._utc = utc

    def add(self, person: PersonId, pictures: Sequence[tuple[str, Callable[[], Image]]]) -> Uploaded:
        """Give a known person more faces, from pictures: each a name and a function that loads it.

        A picture that cannot be used, or is enrolled already, is refused and the others are added; when none
        can be, the first refusal is raised. Raises PersonNotFound, ParameterMissing, TooManyUploads,
        PersonConflict, TooManyFaces and its kin, and StoreError; then none is added.
        """
        if not pictures:
            raise ParameterMissing("no picture is given; give at least one")
        if len(pictures) > self._limits.uploads:
            raise TooManyUploads(
                f"{len(pictures)} pictures are given; give at most {self._limits.uploads} at a time"
            )
        seen = self._gallery.version(person)
        theirs = [one for face in self._gallery.record(person).faces for one in face.templates]
        accepted: list[tuple[str, Examined]] = []
        refused: list[Refused] = []
        for source, load in pictures:
            try:
                examined = self._examine(load())
                if is_same_picture(examined.embedding, theirs):
                    raise NearlySameFace(f"person {person} has the face of {source}; use another picture")
            except (PictureError, NearlySameFace) as error:
                refused.append(Refused(source, str(error), error))
            else:
                accepted.append((source, examined))
                theirs.append(examined.embedding)
        if not accepted:
            raise refused[0].error
        return Uploaded(self._store(person, seen, accepted), tuple(refused))

    def _store(
        self, person: PersonId, seen: Version, accepted: Sequence[tuple[str, Examined]]
    ) -> tuple[FaceRecord, ...]:
        with self._gallery.together():
            self._gallery.require_version(person, seen)
            return tuple(
                self._gallery.add_face(
                    person,
                    examined.embedding,
                    quality=examined.quality.score,
                    source=source,
                    at=self._utc(),
                )
                for source, examined in accepted
            )
