"""Rows of faces and templates. Writing functions run inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np

from edge.core.face import Embedding, ModelId, PersonId
from edge.core.limits import GalleryLimits
from edge.core.person import EnrolledFace, FaceId, FaceRecord
from edge.errors import ModelMismatch
from edge.refusals import FaceNotFound, GalleryError, TooManyFaces, TooManyFacesInAll, TooManyFacesInGroup
from edge.store.database import Database
from edge.store.legality import check_embedding, check_quality
from edge.store.revision import touch
from edge.store.times import from_text, to_text


def faces(database: Database, person: PersonId) -> list[tuple[int, FaceRecord]]:
    """Row number and record of each face of a person, in the order they were added."""
    rows = database.rows(
        "SELECT number, id, added, quality, source FROM faces WHERE person = ? ORDER BY number", (person,)
    )
    return [
        (number, FaceRecord(FaceId(face), person, from_text(added), quality, source))
        for number, face, added, quality, source in rows
    ]


def enrolled(database: Database, person: PersonId) -> Iterator[EnrolledFace]:
    """The faces of a person with their templates."""
    for number, face in faces(database, person):
        yield EnrolledFace(face, _templates(database, number))


def insert_face(database: Database, new: EnrolledFace, limits: GalleryLimits) -> None:
    """The person is known. Raises TooManyFaces, TooManyFacesInGroup, TooManyFacesInAll, ModelMismatch, and
    GalleryError for an unusable template or id."""
    face = new.face
    check_quality(face.quality)
    (count,) = database.rows("SELECT count(*) FROM faces WHERE person = ?", (face.person,))[0]
    if count >= limits.faces_per_person:
        raise TooManyFaces(f"person {face.person} has {count} faces, the most allowed; remove one first")
    check_room(database, face.person, 1, limits)
    # A file name may hold bytes that are not text.
    source = face.source.encode(errors="backslashreplace").decode()
    try:
        cursor = database.execute(
            "INSERT INTO faces (id, person, added, quality, source) VALUES (?, ?, ?, ?, ?)",
            (face.id, face.person, to_text(face.added), face.quality, source),
        )
    except sqlite3.IntegrityError as error:
        raise GalleryError(f"face {face.id} exists; remove it first") from error
    for embedding in new.templates:
        insert_template(database, cursor.lastrowid, embedding)
    touch(database, face.person)


def check_room(database: Database, person: PersonId, added: int, limits: GalleryLimits) -> None:
    """Raises TooManyFacesInAll, TooManyFacesInGroup when so many faces more of a person are too many."""
    # Numbers of faces are given once and upwards, so there are never more faces than that; counting
    # millions of them for each new one would take longer than all the rest.
    most = newest_number(database)
    if most + added > limits.faces:
        (count,) = database.rows("SELECT count(*) FROM faces")[0]
        if count + added > limits.faces:
            raise TooManyFacesInAll(f"the device has {count} faces; at most {limits.faces} are allowed")
    if most + added > limits.faces_per_group:
        for (group,) in database.rows('SELECT "group" FROM members WHERE person = ?', (person,)):
            check_group_room(database, group, added, limits)


def newest_number(database: Database) -> int:
    """The number of the newest face: never less than there are faces."""
    return int(database.rows("SELECT coalesce(max(number), 0) FROM faces")[0][0])


def check_group_room(database: Database, group: str, added: int, limits: GalleryLimits) -> None:
    """Raises TooManyFacesInGroup."""
    count = group_faces(database, group)
    if count + added > limits.faces_per_group:
        raise TooManyFacesInGroup(
            f"group {group} has {count} faces; at most {limits.faces_per_group} are allowed"
        )


def group_faces(database: Database, group: str) -> int:
    """How many faces the people of a group have."""
    sql = 'SELECT count(*) FROM members JOIN faces USING (person) WHERE members."group" = ?'
    return int(database.rows(sql, (group,))[0][0])


def insert_template(database: Database, face: int | None, embedding: Embedding) -> None:
    """Store the template of a face (its row number), in place of one of the same model.

    Raises ModelMismatch when the other templates of that model have another size, GalleryError for an
    unusable vector.
    """
    vector = check_embedding(embedding).astype("<f4").tobytes()
    other = database.row(
        "SELECT length(vector) FROM templates WHERE model = ? AND face != ? LIMIT 1", (embedding.model, face)
    )
    if other is not None and other[0] != len(vector):
        raise ModelMismatch(
            f"a template of {embedding.model} has {len(vector) // 4} numbers, the others of that model have "
            f"{other[0] // 4}; enroll the faces again with one model"
        )
    database.execute(
        "INSERT OR REPLACE INTO templates (face, model, vector) VALUES (?, ?, ?)",
        (face, embedding.model, vector),
    )


def no_face(face: FaceId) -> FaceNotFound:
    return FaceNotFound(f"no face {face}; list those of a person with 'ostiary person show'")


def _templates(database: Database, face: int) -> tuple[Embedding, ...]:
    rows = database.rows("SELECT model, vector FROM templates WHERE face = ? ORDER BY model", (face,))
    return tuple(
        Embedding(np.frombuffer(blob, "<f4").astype(np.float32), ModelId(model)) for model, blob in rows
    )
