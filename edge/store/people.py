"""Rows of people, faces and templates. Writing functions run inside the caller's transaction."""

from __future__ import annotations

import sqlite3

import numpy as np

from edge.core.face import Embedding, ModelId, PersonId
from edge.core.person import EnrolledFace, FaceId, FaceRecord, GroupId, Person, PersonRecord
from edge.errors import ModelMismatch
from edge.refusals import GalleryError, PersonExists, PersonNotFound, TooManyFaces
from edge.store.database import Database, Row
from edge.store.legality import check_embedding, check_group_id, check_name, check_person_id, check_quality
from edge.store.times import from_text, to_text

_PERSON = "id, name, created, valid_from, valid_until, revoked"


def person(database: Database, identifier: PersonId) -> Person:
    """Raises PersonNotFound."""
    row = database.row(f"SELECT {_PERSON} FROM people WHERE id = ?", (identifier,))  # noqa: S608
    if row is None:
        raise no_person(identifier)
    return _person(row)


def people(database: Database, offset: int, limit: int) -> list[Person]:
    """A page of the people in the order of their ids."""
    sql = f"SELECT {_PERSON} FROM people ORDER BY id LIMIT ? OFFSET ?"  # noqa: S608
    return [_person(row) for row in database.rows(sql, (limit, offset))]


def faces(database: Database, identifier: PersonId) -> list[tuple[int, FaceRecord]]:
    """Row number and record of each face of a person, in the order they were added."""
    rows = database.rows(
        "SELECT number, id, added, quality, source FROM faces WHERE person = ? ORDER BY number", (identifier,)
    )
    return [
        (number, FaceRecord(FaceId(face), identifier, from_text(added), quality, source))
        for number, face, added, quality, source in rows
    ]


def record(database: Database, known: Person) -> PersonRecord:
    """A person with groups, faces and templates."""
    groups = database.rows('SELECT "group" FROM members WHERE person = ? ORDER BY "group"', (known.id,))
    return PersonRecord(
        known,
        tuple(GroupId(row[0]) for row in groups),
        tuple(EnrolledFace(face, _templates(database, number)) for number, face in faces(database, known.id)),
    )


def insert_person(database: Database, new: Person) -> None:
    """Raises PersonIdIllegal, GalleryError for an illegal name, PersonExists."""
    check_person_id(new.id)
    check_name(new.name)
    try:
        database.execute(
            f"INSERT INTO people ({_PERSON}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                new.id,
                new.name,
                to_text(new.created),
                None if new.valid_from is None else to_text(new.valid_from),
                None if new.valid_until is None else to_text(new.valid_until),
                new.revoked,
            ),
        )
    except sqlite3.IntegrityError as error:
        raise PersonExists(f"person {new.id} exists; remove it first or choose another id") from error


def replace_person(database: Database, new: PersonRecord, *, max_faces: int) -> bool:
    """Store a record in place of what is known of that person; groups are made as needed.

    Returns whether the person was known. Raises PersonIdIllegal, GroupIdIllegal, TooManyFaces,
    ModelMismatch, GalleryError.
    """
    was_known = database.execute("DELETE FROM people WHERE id = ?", (new.person.id,)).rowcount > 0
    insert_person(database, new.person)
    for group in new.groups:
        check_group_id(group)
        database.execute(
            "INSERT OR IGNORE INTO groups (id, name, created) VALUES (?, ?, ?)",
            (group, group, to_text(new.person.created)),
        )
        database.execute(
            'INSERT OR IGNORE INTO members ("group", person) VALUES (?, ?)', (group, new.person.id)
        )
    for enrolled in new.faces:
        insert_face(database, enrolled, max_faces=max_faces)
    return was_known


def insert_face(database: Database, enrolled: EnrolledFace, *, max_faces: int) -> None:
    """Raises PersonNotFound, TooManyFaces, ModelMismatch, GalleryError for an unusable template or id."""
    face = enrolled.face
    check_quality(face.quality)
    person(database, face.person)
    (count,) = database.rows("SELECT count(*) FROM faces WHERE person = ?", (face.person,))[0]
    if count >= max_faces:
        raise TooManyFaces(f"person {face.person} has {count} faces, the most allowed; remove one first")
    # A file name may hold bytes that are not text.
    source = face.source.encode(errors="backslashreplace").decode()
    try:
        cursor = database.execute(
            "INSERT INTO faces (id, person, added, quality, source) VALUES (?, ?, ?, ?, ?)",
            (face.id, face.person, to_text(face.added), face.quality, source),
        )
    except sqlite3.IntegrityError as error:
        raise GalleryError(f"face {face.id} exists; remove it first") from error
    for embedding in enrolled.templates:
        insert_template(database, cursor.lastrowid, embedding)


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


def no_person(identifier: PersonId) -> PersonNotFound:
    return PersonNotFound(f"no person {identifier}; list those there are with 'ostiary person list'")


def _templates(database: Database, face: int) -> tuple[Embedding, ...]:
    rows = database.rows("SELECT model, vector FROM templates WHERE face = ? ORDER BY model", (face,))
    return tuple(
        Embedding(np.frombuffer(blob, "<f4").astype(np.float32), ModelId(model)) for model, blob in rows
    )


def _person(row: Row) -> Person:
    identifier, name, created, valid_from, valid_until, revoked = row
    return Person(
        id=PersonId(identifier),
        name=name,
        created=from_text(created),
        valid_from=None if valid_from is None else from_text(valid_from),
        valid_until=None if valid_until is None else from_text(valid_until),
        revoked=bool(revoked),
    )
