"""Rows of the hub's gallery, put into the tables of people and faces and taken out of them.

`opened` makes rows ready before the transaction; everything else runs inside the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge.core.face import PersonId
from edge.core.gallery_rows import FaceRow, Key, PersonRow, Row, Secrets, about, person_hash
from edge.core.legality import check_person_text
from edge.core.limits import WIDEST_TEXT
from edge.core.merkle import bucket_hash, bucket_of
from edge.core.person import Group, GroupId, Person
from edge.core.wire_template import unpack_all
from edge.errors import MessageMalformed, ModelMismatch
from edge.refusals import GalleryError
from edge.store import membership
from edge.store.database import Database
from edge.store.revision import NEXT
from edge.store.sync_revocations import remembered
from edge.store.times import to_text

Unseal: TypeAlias = Callable[[bytes, bytes], bytes]
"""Sealed bytes and what they are about -> what was sealed. Raises SealBroken."""
SOURCE = "fleet"
"""Where the hub's faces come from, as `FaceRecord.source` has it."""
_PER_MILLE = 1000
_COLUMNS = ("name", "tag", "gender", "valid_from", "valid_until", "revoked")


@dataclass(frozen=True, slots=True)
class OpenedPerson:
    row: PersonRow
    digest: bytes = field(repr=False)
    secrets: Secrets = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class OpenedFace:
    """vector: float32 (D,), norm 1."""

    row: FaceRow
    digest: bytes = field(repr=False)
    vector: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Rows whose sealed parts were opened."""

    people: tuple[OpenedPerson, ...]
    faces: tuple[OpenedFace, ...]


def opened(rows: Sequence[tuple[Row, bytes]], gallery: str, unseal: Unseal) -> Opened:
    """rows: each with its digest. Raises SealBroken, and MessageMalformed for what may not be stored."""
    people = [_person(row, digest, gallery, unseal) for row, digest in rows if isinstance(row, PersonRow)]
    faces = [(row, digest) for row, digest in rows if isinstance(row, FaceRow)]
    templates: dict[str, list[bytes]] = {}
    for row, _ in faces:
        sealed_about = about(gallery, row.person, row.face, row.model)
        templates.setdefault(row.model, []).append(unseal(row.sealed, sealed_about))
    vectors = {model: iter(unpack_all(packed)) for model, packed in templates.items()}
    return Opened(
        tuple(people), tuple(OpenedFace(row, digest, next(vectors[row.model])) for row, digest in faces)
    )


def _person(row: PersonRow, digest: bytes, gallery: str, unseal: Unseal) -> OpenedPerson:
    secrets = Secrets.from_bytes(unseal(row.sealed, about(gallery, row.person)))
    try:
        person = Person(PersonId(row.person), secrets.name, datetime.min, tag=secrets.tag)  # noqa: DTZ901
        check_person_text(person, WIDEST_TEXT)
    except GalleryError as error:
        raise MessageMalformed(f"person {row.person} cannot be stored: {error}") from error
    return OpenedPerson(row, digest, secrets)


def remove(database: Database, gallery: str, keys: Iterable[Key]) -> None:
    """Take rows out, with all that belongs to them; harmless for those that are not there."""
    for person, face in keys:
        place = (bucket_of(person), person)
        if face:
            database.execute(
                "DELETE FROM synced_rows WHERE bucket = ? AND person = ? AND face = ?", (*place, face)
            )
            database.execute("DELETE FROM faces WHERE id = ? AND person = ?", (face, person))
            touch = f"UPDATE people SET version = {NEXT} WHERE id = ?"  # noqa: S608
            database.execute(touch, (person,))
        elif database.execute("DELETE FROM synced_rows WHERE bucket = ? AND person = ?", place).rowcount:
            database.execute("DELETE FROM people WHERE id = ?", (person,))
            receipt = "INSERT OR IGNORE INTO synced_receipts VALUES (?)"
            database.execute(receipt, (person_hash(gallery, person),))


def put(database: Database, rows: Opened, now: datetime) -> None:
    """Store rows in place of what is there under their ids. Raises MessageMalformed, ModelMismatch."""
    _put_people(database, rows.people, now)
    _put_faces(database, rows.faces)
    written = [(one.row.key, one.digest, one.row.revoked) for one in rows.people]
    written += [(one.row.key, one.digest, False) for one in rows.faces]
    database.insert_all(
        "INSERT OR REPLACE INTO synced_rows (bucket, person, face, digest, revoked) VALUES (?, ?, ?, ?, ?)",
        [(bucket_of(key[0]), *key, digest, revoked) for key, digest, revoked in written],
    )


def bucket_hashes(database: Database, buckets: Iterable[int]) -> dict[int, bytes]:
    """The hash of each of these buckets, as its rows are now."""
    sql = "SELECT person, face, digest FROM synced_rows WHERE bucket = ? ORDER BY person, face"
    return {bucket: bucket_hash(database.rows(sql, (bucket,))) for bucket in buckets}


def _put_people(database: Database, people: Sequence[OpenedPerson], now: datetime) -> None:
    ids = _json(one.row.person for one in people)
    known: dict[str, int] = dict(
        database.rows("SELECT id, managed FROM people WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    )
    ahead = remembered(database, (one.row.person for one in people))
    made = to_text(now)
    # What was enrolled here of somebody whom the hub takes over, the hub has, or did not want.
    strangers = [(person,) for person, managed in known.items() if not managed]
    database.insert_all("DELETE FROM faces WHERE person = ?", strangers)
    database.insert_all(
        f"INSERT INTO people ({', '.join(_COLUMNS)}, id, created, managed, version)"  # noqa: S608
        f" VALUES ({', '.join('?' for _ in _COLUMNS)}, ?, ?, 1, {NEXT})",
        [(*_values(one, ahead), one.row.person, made) for one in people if one.row.person not in known],
    )
    database.insert_all(
        f"UPDATE people SET {', '.join(f'{name} = ?' for name in _COLUMNS)}, managed = 1, version = {NEXT}"  # noqa: S608
        " WHERE id = ?",
        [(*_values(one, ahead), one.row.person) for one in people if one.row.person in known],
    )
    _put_members(database, people, _json(known), now)


def _values(one: OpenedPerson, ahead: set[str]) -> tuple[object, ...]:
    """In the order of _COLUMNS."""
    row = one.row
    return (
        one.secrets.name,
        one.secrets.tag,
        int(one.secrets.gender),
        None if row.valid_from is None else to_text(row.valid_from),
        None if row.valid_until is None else to_text(row.valid_until),
        row.revoked or row.person in ahead,
    )


def _put_members(database: Database, people: Sequence[OpenedPerson], known: str, now: datetime) -> None:
    """known: those of the people who were here before, as JSON."""
    wanted = {(group, one.row.person) for one in people for group in one.row.groups}
    groups = {group for group, _ in wanted}
    listed = _json(groups)
    there = {
        row[0]
        for row in database.rows(
            "SELECT id FROM groups WHERE id IN (SELECT value FROM json_each(?))", (listed,)
        )
    }
    for group in sorted(groups - there):
        membership.make_group(database, Group(GroupId(group), group, now))
    # A group that is being deleted here, and which the hub puts people into, stays.
    database.execute(
        "UPDATE groups SET deleting = 0 WHERE deleting AND id IN (SELECT value FROM json_each(?))", (listed,)
    )
    current = set(
        database.rows(
            'SELECT "group", person FROM members WHERE person IN (SELECT value FROM json_each(?))', (known,)
        )
    )
    leave = 'DELETE FROM members WHERE "group" = ? AND person = ?'
    database.insert_all(leave, sorted(current - wanted))
    database.insert_all('INSERT INTO members ("group", person) VALUES (?, ?)', sorted(wanted - current))


def _put_faces(database: Database, faces: Sequence[OpenedFace]) -> None:
    _check_owners(database, faces)
    _check_sizes(database, faces)
    ids = _json(one.row.face for one in faces)
    known: dict[str, int] = dict(
        database.rows("SELECT id, number FROM faces WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    )
    # As SQLite gives them: one more than the largest, upwards.
    newest = database.rows("SELECT coalesce(max(number), 0) FROM faces")[0][0]
    new = [one for one in faces if one.row.face not in known]
    numbers = {**known, **{one.row.face: newest + count for count, one in enumerate(new, 1)}}
    database.insert_all(
        "INSERT INTO faces (added, quality, source, number, id, person) VALUES (?, ?, ?, ?, ?, ?)",
        [(*_about_face(one.row), numbers[one.row.face], one.row.face, one.row.person) for one in new],
    )
    again = [one for one in faces if one.row.face in known]
    database.insert_all(
        "UPDATE faces SET added = ?, quality = ?, source = ? WHERE number = ?",
        [(*_about_face(one.row), known[one.row.face]) for one in again],
    )
    database.insert_all(
        "DELETE FROM templates WHERE face = ? AND model != ?",
        [(known[one.row.face], one.row.model) for one in again],
    )
    database.insert_all(
        "INSERT OR REPLACE INTO templates (face, model, vector) VALUES (?, ?, ?)",
        [(numbers[one.row.face], one.row.model, one.vector.astype("<f4").tobytes()) for one in faces],
    )
    owners = _json({one.row.person for one in faces})
    database.execute(
        f"UPDATE people SET version = {NEXT} WHERE version != {NEXT}"  # noqa: S608
        " AND id IN (SELECT value FROM json_each(?))",
        (owners,),
    )


def _about_face(row: FaceRow) -> tuple[object, ...]:
    return to_text(row.added), row.quality / _PER_MILLE, SOURCE


def _check_owners(database: Database, faces: Sequence[OpenedFace]) -> None:
    """A face belongs to one person, whom the hub manages. One of that id that was enrolled here makes way."""
    owners = {one.row.face: one.row.person for one in faces}
    if len(owners) < len(faces):
        raise MessageMalformed("one face belongs to two people; give each face an id of its own")
    managed = "SELECT id FROM people WHERE managed AND id IN (SELECT value FROM json_each(?))"
    there = {row[0] for row in database.rows(managed, (_json(set(owners.values())),))}
    if missing := sorted(set(owners.values()) - there):
        raise MessageMalformed(
            f"there is a face of person {missing[0]}, who is not there; put the person first"
        )
    for number, face, owner, is_managed in database.rows(
        "SELECT number, faces.id, person, managed FROM faces JOIN people ON people.id = person"
        " WHERE faces.id IN (SELECT value FROM json_each(?))",
        (_json(owners),),
    ):
        if owner == owners[face]:
            continue
        if is_managed:
            raise MessageMalformed(f"face {face} belongs to two people; give each face an id of its own")
        database.execute("DELETE FROM faces WHERE number = ?", (number,))


def _check_sizes(database: Database, faces: Sequence[OpenedFace]) -> None:
    for model, vector in {one.row.model: one.vector for one in faces}.items():
        other = database.row("SELECT length(vector) FROM templates WHERE model = ? LIMIT 1", (model,))
        if other is not None and other[0] != 4 * len(vector):
            raise ModelMismatch(
                f"a template of {model} has {len(vector)} numbers, those there are have {other[0] // 4};"
                " give the hub the faces of one model"
            )


def _json(values: Iterable[str]) -> str:
    return json.dumps(list(values))
