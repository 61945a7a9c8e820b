"""The people a door may know: who they are, their faces and the templates of those."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Embedding, ModelId, PersonId
from edge.core.identifiers import RANDOM_BYTES, uuid7
from edge.core.person import EnrolledFace, FaceId, FaceRecord, Person, PersonRecord
from edge.errors import StoreError
from edge.refusals import PersonNotFound
from edge.store import people
from edge.store.database import Database
from edge.store.legality import check_name
from edge.store.revision import change, revision
from edge.store.times import to_text, unix_ms
from edge.store.trouble import damaged

logger = logging.getLogger(__name__)


class Gallery:
    """People, faces, groups and templates. No picture is kept.

    max_faces: how many faces a person may have. random: n -> n random bytes, for face ids.
    """

    def __init__(
        self, database: Database, *, max_faces: int = 20, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._database = database
        self._max_faces = max_faces
        self._random = random

    def revision(self) -> int:
        """A number that grows with every change, by whichever process made it."""
        return revision(self._database)

    def together(self) -> AbstractContextManager[None]:
        """Make what is changed inside it durable at once, or not at all."""
        return self._database.transaction()

    def count(self) -> int:
        """How many people there are."""
        return int(self._database.rows("SELECT count(*) FROM people")[0][0])

    def add_person(self, person: Person) -> None:
        """Raises PersonIdIllegal, PersonExists, GalleryError for a name that cannot be shown, StoreError."""
        with change(self._database):
            people.insert_person(self._database, person)

    def update_person(self, person: Person) -> None:
        """Replace name, validity and revocation of a person. Raises PersonNotFound, StoreError."""
        check_name(person.name)
        with change(self._database):
            changed = self._database.execute(
                "UPDATE people SET name = ?, valid_from = ?, valid_until = ?, revoked = ? WHERE id = ?",
                (
                    person.name,
                    None if person.valid_from is None else to_text(person.valid_from),
                    None if person.valid_until is None else to_text(person.valid_until),
                    person.revoked,
                    person.id,
                ),
            )
            if changed.rowcount == 0:
                raise people.no_person(person.id)

    def remove_person(self, person: PersonId) -> None:
        """Erase a person with faces and templates, also from the write-ahead log. Raises PersonNotFound."""
        with change(self._database):
            if self._database.execute("DELETE FROM people WHERE id = ?", (person,)).rowcount == 0:
                raise people.no_person(person)
        self._erase()

    def person(self, person: PersonId) -> Person:
        """Raises PersonNotFound."""
        return people.person(self._database, person)

    def record(self, person: PersonId) -> PersonRecord:
        """Everything known of one person. Raises PersonNotFound."""
        return people.record(self._database, people.person(self._database, person))

    def people(self, offset: int = 0, limit: int = 100) -> list[Person]:
        """A page of the people in the order of their ids."""
        return people.people(self._database, offset, limit)

    def add_face(
        self, person: PersonId, embedding: Embedding, *, quality: float, source: str, at: datetime
    ) -> FaceRecord:
        """Enroll one more face. at: aware UTC. Raises PersonNotFound, TooManyFaces, StoreError."""
        face = FaceRecord(FaceId(uuid7(unix_ms(at), self._random(RANDOM_BYTES))), person, at, quality, source)
        with change(self._database):
            people.insert_face(self._database, EnrolledFace(face, (embedding,)), max_faces=self._max_faces)
        return face

    def add_template(self, face: FaceId, embedding: Embedding) -> None:
        """Give an enrolled face the template of another model; one of the same model is replaced.

        Raises PersonNotFound when there is no such face.
        """
        with change(self._database):
            row = self._database.row("SELECT number FROM faces WHERE id = ?", (face,))
            if row is None:
                raise _no_face(face)
            people.insert_template(self._database, row[0], embedding)

    def remove_face(self, face: FaceId) -> None:
        """Erase one face and its templates. Raises PersonNotFound when there is no such face."""
        with change(self._database):
            if self._database.execute("DELETE FROM faces WHERE id = ?", (face,)).rowcount == 0:
                raise _no_face(face)
        self._erase()

    def faces(self, person: PersonId) -> list[FaceRecord]:
        """The faces of a person, in the order they were added. Raises PersonNotFound."""
        people.person(self._database, person)
        return [face for _, face in people.faces(self._database, person)]

    def templates(self, model: ModelId) -> tuple[list[PersonId], NDArray[np.float32]]:
        """All templates of one model: the owner of each row, and float32 (N, D). Raises StoreCorrupt."""
        rows = self._database.rows(
            "SELECT faces.person, templates.vector FROM templates "
            "JOIN faces ON faces.number = templates.face WHERE templates.model = ? ORDER BY templates.face",
            (model,),
        )
        if not rows:
            return [], np.empty((0, 0), np.float32)
        sizes = {len(row[1]) for row in rows}
        if len(sizes) > 1 or not sizes <= set(range(4, 65537, 4)):
            raise damaged(self._database.path, f"templates of {model} have {sorted(sizes)} bytes")
        vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1)
        return [row[0] for row in rows], vectors.astype(np.float32, copy=False)

    def models(self) -> dict[ModelId, int]:
        """How many templates there are of each model."""
        return dict(self._database.rows("SELECT model, count(*) FROM templates GROUP BY model"))

    def put(self, records: Sequence[PersonRecord]) -> None:
        """Store people with their groups, faces and templates in one transaction; groups are made as needed.

        A person of the same id is replaced. Raises GalleryError and StoreError; then nothing is stored.
        """
        with change(self._database):
            replaced = [
                people.replace_person(self._database, record, max_faces=self._max_faces) for record in records
            ]
        if any(replaced):
            self._erase()

    def export(self) -> Iterator[PersonRecord]:
        """Everything known of everybody, in the order of their ids, read page by page."""
        offset = 0
        while page := people.people(self._database, offset, 100):
            for person in page:
                yield people.record(self._database, person)
            offset += len(page)

    def _erase(self) -> None:
        """What was deleted is zeroed in the file; emptying the log leaves no copy there either."""
        try:
            is_erased = self._database.checkpoint()
        except StoreError as error:
            logger.warning("erased data stays in the write-ahead log until its next checkpoint: %s", error)
            return
        if not is_erased:
            logger.warning("erased data stays in the write-ahead log until no other process reads it")


def _no_face(face: FaceId) -> PersonNotFound:
    return PersonNotFound(f"no face {face}; list those of a person with 'ostiary person show'")
