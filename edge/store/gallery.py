"""The people a door may know: who they are, their faces and the templates of those."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from edge.core.face import Embedding, ModelId, PersonId
from edge.core.identifiers import RANDOM_BYTES, uuid7
from edge.core.limits import DEFAULT_LIMITS, GalleryLimits
from edge.core.person import EnrolledFace, FaceId, FaceRecord, Group, Person, PersonRecord, Version
from edge.refusals import FaceNotFound, LastFace
from edge.store import faces, membership, other_models, people, revision, sync_revocations
from edge.store.database import Database
from edge.store.erasure import erase
from edge.store.revision import change
from edge.store.sync_tables import require_local
from edge.store.times import unix_ms

_PRUNED = 200
_REMOVED = 500
"""People pruned, and removed, in one transaction: the door waits for its end."""


class Gallery:
    """People, faces, groups and templates. No picture is kept. random: n -> n random bytes, for face ids.
    pause: waits so many seconds.

    People whom the hub of a fleet manages can be revoked here, and nothing else: PersonIsManaged.
    """

    def __init__(
        self,
        database: Database,
        limits: GalleryLimits = DEFAULT_LIMITS,
        *,
        random: Callable[[int], bytes] = os.urandom,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._limits = limits
        self._random = random
        self._pause = pause

    def revision(self) -> int:
        """A number that grows with every change, by whichever process made it."""
        return revision.revision(self._database)

    def version(self, person: PersonId) -> Version:
        """Which version of a person is known; 0 when nobody is known under that id."""
        return revision.version(self._database, person)

    def require_version(self, person: PersonId, seen: Version) -> None:
        """Inside `together`: nobody else has changed the person since. Raises PersonConflict."""
        revision.require_version(self._database, person, seen)

    def together(self) -> AbstractContextManager[None]:
        """Make what is changed inside it durable at once, or not at all."""
        return self._database.transaction()

    def count(self) -> int:
        """How many people there are."""
        return int(self._database.rows("SELECT count(*) FROM people")[0][0])

    def add_person(self, person: Person) -> None:
        """Raises PersonExists, and what the checks of an id, a name, a tag and a gender raise."""
        with change(self._database):
            people.insert_person(self._database, person, self._limits)

    def update_person(self, person: Person) -> None:
        """Replace all but id and creation. Raises PersonNotFound, PersonIsManaged, and as `add_person`."""
        with change(self._database):
            sync_revocations.follow_change(self._database, person)
            people.update_person(self._database, person, self._limits)

    def remove_person(self, person: PersonId) -> None:
        """Erase a person with faces and templates, also from the write-ahead log. Raises PersonNotFound."""
        self.remove_people([person])

    def remove_people(self, wanted: Sequence[PersonId]) -> None:
        """Erase people as `remove_person` does, many in several transactions.

        Raises PersonNotFound, PersonIsManaged before anybody is erased; who is gone by their turn is passed
        over.
        """
        for person in wanted:
            if not self.version(person):
                raise people.no_person(person)
        require_local(self._database, wanted)
        try:
            for start in range(0, len(wanted), _REMOVED):
                if start:
                    self._pause(revision.PAUSE_S)
                with change(self._database):
                    for person in wanted[start : start + _REMOVED]:
                        gone = "DELETE FROM people WHERE id = ? AND NOT managed"
                        self._database.execute(gone, (person,))
        finally:
            erase(self._database)

    def person(self, person: PersonId) -> Person:
        """Raises PersonNotFound."""
        return people.person(self._database, person)

    def people(self, offset: int = 0, limit: int = 100) -> list[Person]:
        """A page of the people in the order of their ids."""
        return people.people(self._database, offset, limit)

    def add_face(
        self, person: PersonId, embedding: Embedding, *, quality: float, source: str, at: datetime
    ) -> FaceRecord:
        """Enroll one more face. at: aware UTC.

        Raises PersonNotFound, PersonIsManaged, TooManyFaces, TooManyFacesInGroup, TooManyFacesInAll.
        """
        face = FaceRecord(FaceId(uuid7(unix_ms(at), self._random(RANDOM_BYTES))), person, at, quality, source)
        with change(self._database):
            people.person(self._database, person)
            require_local(self._database, [person])
            faces.insert_face(self._database, EnrolledFace(face, (embedding,)), self._limits)
        return face

    def add_template(self, face: FaceId, embedding: Embedding) -> None:
        """Give an enrolled face the template of another model; one of the same model is replaced.

        Raises FaceNotFound, PersonIsManaged, ModelMismatch.
        """
        with change(self._database):
            row = self._database.row("SELECT number, person FROM faces WHERE id = ?", (face,))
            if row is None:
                raise faces.no_face(face)
            require_local(self._database, [row[1]])
            faces.insert_template(self._database, row[0], embedding)
            revision.touch(self._database, row[1])

    def remove_faces(self, person: PersonId, wanted: Sequence[FaceId]) -> None:
        """Erase faces of a person and their templates, but not the last one.

        Raises PersonNotFound, PersonIsManaged, FaceNotFound, LastFace; then all faces stay.
        """
        with change(self._database):
            require_local(self._database, [person])
            theirs = {face.id for face in self.faces(person)}
            for face in wanted:
                if face not in theirs:
                    raise FaceNotFound(
                        f"person {person} has no face {face}; see 'ostiary person show {person}'"
                    )
            if not theirs - set(wanted):
                raise LastFace(
                    f"person {person} must keep a face; add another one first, or remove the person"
                )
            for face in wanted:
                self._database.execute("DELETE FROM faces WHERE id = ?", (face,))
            revision.touch(self._database, person)
        erase(self._database)

    def faces(self, person: PersonId) -> list[FaceRecord]:
        """The faces of a person, in the order they were added. Raises PersonNotFound."""
        people.person(self._database, person)
        return [face for _, face in faces.faces(self._database, person)]

    def record(self, person: PersonId) -> PersonRecord:
        """Everything known of a person, with the templates. Raises PersonNotFound."""
        return people.record(self._database, people.person(self._database, person))

    def models(self) -> dict[ModelId, int]:
        """How many templates there are of each model."""
        return dict(self._database.rows("SELECT model, count(*) FROM templates GROUP BY model"))

    def waiting(self, model: ModelId) -> list[PersonId]:
        """Who has faces but no template of a model, and is so compared with nobody; in the order of ids."""
        return other_models.waiting(self._database, model)

    def prune(self, model: ModelId) -> int:
        """Erase the templates of other models of everybody who has one of this, and their faces that have
        none; but for those whom the hub manages. In several transactions; pruning again does what is left.
        Returns how many templates."""
        outdated = other_models.outdated(self._database, model)
        count = 0
        for start in range(0, len(outdated), _PRUNED):
            if start:
                self._pause(revision.PAUSE_S)
            with change(self._database):
                count += other_models.prune(self._database, model, outdated[start : start + _PRUNED])
        erase(self._database)
        return count

    def put(self, records: Sequence[PersonRecord], groups: Sequence[Group] = ()) -> None:
        """Store people with their groups, faces and templates in one transaction.

        A person of the same id is replaced. groups: how to make those that are not there; others are made as
        needed. Raises GalleryError and StoreError; then nothing is stored.
        """
        with change(self._database):
            require_local(self._database, [record.person.id for record in records])
            for group in groups:
                membership.make_group(self._database, group)
            replaced = [people.replace_person(self._database, record, self._limits) for record in records]
        if any(replaced):
            erase(self._database)

    def export(self) -> Iterator[PersonRecord]:
        """Everything known of everybody, in the order of their ids, read page by page."""
        offset = 0
        while page := people.people(self._database, offset, 100):
            for person in page:
                yield people.record(self._database, person)
            offset += len(page)
