"""Give people who are known the templates of another embedding, from pictures of them.

Templates of different models cannot be compared, and none can be turned into another: the pictures that they
were made from are needed again. Nobody keeps them here; they come from where they were enrolled from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge.core.face import Embedding, ModelId, PersonId
from edge.core.frame import Image
from edge.roster import Gallery
from edge.service.examination import Examined, Refused, sort_pictures


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of the pictures of one person, by their names. renewed: faces that were enrolled from a
    picture of that name got its template. added: others, as faces more. known: their template was there."""

    person: PersonId
    renewed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()


class TemplateMigration:
    """examine: finds and judges the one face of a picture, with the new embedding; raises PictureError.
    utc: gives aware UTC."""

    def __init__(
        self,
        gallery: Gallery,
        model: ModelId,
        examine: Callable[[Image], Examined],
        utc: Callable[[], datetime],
    ) -> None:
        self._gallery = gallery
        self._model = model
        self._examine = examine
        self._utc = utc

    def migrate(self, person: PersonId, pictures: Sequence[tuple[str, Callable[[], Image]]]) -> Migrated:
        """Renew the templates of one person: pictures are names and functions that load them.

        May be repeated: what is there already is not made again. Raises PersonNotFound, PersonConflict when
        somebody else changed the person meanwhile, TooManyFaces and its kin; then nothing is stored.
        """
        seen = self._gallery.version(person)
        enrolled = self._gallery.record(person).faces
        theirs = [one for face in enrolled for one in face.templates if one.model == self._model]
        old = {
            face.face.source: face.face
            for face in enrolled
            if all(one.model != self._model for one in face.templates)
        }
        found = sort_pictures(pictures, self._examine, theirs)
        with self._gallery.together():
            self._gallery.require_version(person, seen)
            for source, examined in found.accepted:
                if source in old:
                    self._gallery.add_template(old[source].id, examined.embedding)
                else:
                    self._add(person, source, examined.embedding, examined.quality.score)
        return Migrated(
            person,
            renewed=tuple(source for source, _ in found.accepted if source in old),
            added=tuple(source for source, _ in found.accepted if source not in old),
            known=found.known,
            refused=found.refused,
        )

    def _add(self, person: PersonId, source: str, embedding: Embedding, quality: float) -> None:
        self._gallery.add_face(person, embedding, quality=quality, source=source, at=self._utc())
