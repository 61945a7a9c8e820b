"""Rows of people. Writing functions run inside the caller's transaction."""

from __future__ import annotations

import sqlite3

from edge.core.face import PersonId
from edge.core.legality import check_person_id, check_person_text
from edge.core.limits import WIDEST_TEXT, GalleryLimits
from edge.core.person import Group, Person, PersonRecord, RecordedGender
from edge.refusals import PersonExists, PersonNotFound
from edge.store import faces, membership
from edge.store.database import Database, Row
from edge.store.revision import NEXT
from edge.store.times import from_text, to_text

_PERSON = "id, name, created, valid_from, valid_until, revoked, gender, tag"


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


def record(database: Database, known: Person) -> PersonRecord:
    """A person with groups, descriptions, faces and templates."""
    return PersonRecord(
        known,
        tuple(membership.groups_of(database, known.id)),
        tuple(faces.enrolled(database, known.id)),
        tuple(membership.descriptions(database, known.id)),
    )


def insert_person(database: Database, new: Person, limits: GalleryLimits) -> None:
    """Raises PersonExists, and what the checks of an id, a name, a tag and a gender raise."""
    check_person_id(new.id, limits)
    check_person_text(new, limits)
    try:
        database.execute(
            f"INSERT INTO people ({_PERSON}, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, {NEXT})",  # noqa: S608
            (new.id, new.name, to_text(new.created), *_changeable(new)[1:]),
        )
    except sqlite3.IntegrityError as error:
        raise PersonExists(f"person {new.id} exists; remove it first or choose another id") from error


def update_person(database: Database, changed: Person, limits: GalleryLimits) -> None:
    """Replace all but the id and when it was created. Raises as `insert_person`, and PersonNotFound.

    A name or tag that stays as it is need not be one that is allowed today.
    """
    known = person(database, changed.id)
    if (changed.name, changed.tag, changed.gender) != (known.name, known.tag, known.gender):
        check_person_text(changed, limits)
    database.execute(
        "UPDATE people SET name = ?, valid_from = ?, valid_until = ?, revoked = ?, gender = ?, tag = ?,"  # noqa: S608
        f" version = {NEXT} WHERE id = ?",
        (*_changeable(changed), changed.id),
    )


def replace_person(database: Database, new: PersonRecord, limits: GalleryLimits) -> bool:
    """Store a record in place of what is known of that person; groups and fields are made as needed.

    Returns whether the person was known. Raises as everything that stores a part of it.
    """
    was_known = database.execute("DELETE FROM people WHERE id = ?", (new.person.id,)).rowcount > 0
    insert_person(database, new.person, WIDEST_TEXT)
    for group in new.groups:
        membership.make_group(database, Group(group, group, new.person.created))
        membership.join(database, group, [new.person.id], limits)
    for described in new.descriptions:
        membership.add_fields(database, described.group, [described.field], limits)
    for group in {described.group: None for described in new.descriptions}:
        texts = {one.field: one.text for one in new.descriptions if one.group == group}
        membership.describe(database, group, new.person.id, texts, WIDEST_TEXT)
    for enrolled in new.faces:
        faces.insert_face(database, enrolled, limits)
    return was_known


def no_person(identifier: PersonId) -> PersonNotFound:
    """Raises ParameterMissing, PersonIdIllegal, PersonIdTooLong for what cannot be an id at all."""
    check_person_id(identifier, WIDEST_TEXT)
    return PersonNotFound(f"no person {identifier}; list those there are with 'ostiary person list'")


def _changeable(one: Person) -> tuple[object, ...]:
    """Name, validity, revocation, gender and tag, as the columns hold them."""
    return (
        one.name,
        None if one.valid_from is None else to_text(one.valid_from),
        None if one.valid_until is None else to_text(one.valid_until),
        one.revoked,
        int(one.gender),
        one.tag,
    )


def _person(row: Row) -> Person:
    identifier, name, created, valid_from, valid_until, revoked, gender, tag = row
    return Person(
        id=PersonId(identifier),
        name=name,
        created=from_text(created),
        valid_from=None if valid_from is None else from_text(valid_from),
        valid_until=None if valid_until is None else from_text(valid_until),
        revoked=bool(revoked),
        gender=RecordedGender(gender),
        tag=tag,
    )
