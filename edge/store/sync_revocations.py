"""Who was revoked before the copy of the hub's gallery could know. Writing runs in the caller's transaction.

A revocation may overtake the version that has it. Until that version is here the person stays revoked,
whatever the rows of older versions say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from edge.core.face import PersonId
from edge.core.gallery_sync import Mark
from edge.core.merkle import bucket_of
from edge.core.person import Person
from edge.store.database import Database
from edge.store.people import person
from edge.store.revision import NEXT
from edge.store.sync_tables import is_managed, require_local

_REVOKE = f"UPDATE people SET revoked = ?, version = {NEXT} WHERE id = ?"  # noqa: S608


def remember(database: Database, revoked: PersonId, mark: Mark, *, contained: bool) -> bool:
    """Revoke somebody, known or not; whether known. contained: the gallery has the revocation at `mark`;
    else at some later version, whose row of the person is revoked, or gone."""
    database.execute(
        "INSERT INTO synced_revocations VALUES (?, ?, ?, ?) ON CONFLICT (person) DO UPDATE SET"
        " epoch = excluded.epoch, version = excluded.version, contained = excluded.contained"
        " WHERE (excluded.epoch, excluded.version, contained) > (epoch, version, excluded.contained)",
        (revoked, mark.epoch, mark.version, contained),
    )
    return database.execute(_REVOKE, (True, revoked)).rowcount > 0


def remembered(database: Database, people: Iterable[str]) -> set[str]:
    """Which of these people are revoked ahead of the copy."""
    rows = database.rows(
        "SELECT person FROM synced_revocations WHERE person IN (SELECT value FROM json_each(?))",
        (json.dumps(list(people)),),
    )
    return {row[0] for row in rows}


def forget_covered(database: Database, reached: Mark) -> None:
    """The copy has all rows of a version: from now on they say who is revoked, where they can know."""
    ahead = database.rows(
        "SELECT person, contained FROM synced_revocations WHERE (epoch, version) < (?1, ?2)"
        " OR contained AND (epoch, version) = (?1, ?2)",
        (reached.epoch, reached.version),
    )
    for revoked, contained in ahead:
        row = database.row(
            "SELECT revoked FROM synced_rows WHERE bucket = ? AND person = ? AND face = ''",
            (bucket_of(revoked), revoked),
        )
        if contained or row is None or row[0]:
            database.execute("DELETE FROM synced_revocations WHERE person = ?", (revoked,))
            if row is not None:
                database.execute(_REVOKE, (row[0], revoked))


def follow_change(database: Database, changed: Person) -> None:
    """What is changed here of a person. Raises PersonNotFound, and PersonIsManaged for anything but revoking
    somebody whom the hub manages."""
    known = person(database, changed.id)
    if not is_managed(database, changed.id):
        if known.revoked and not changed.revoked:
            database.execute("DELETE FROM synced_revocations WHERE person = ?", (changed.id,))
        return
    if changed == known:
        return
    if changed != replace(known, revoked=True):
        require_local(database, [changed.id])
    remember(database, changed.id, reached(database), contained=False)


def reached(database: Database) -> Mark:
    """How far the copy is."""
    row = database.row("SELECT epoch, version FROM synced_gallery")
    return Mark(0, 0) if row is None else Mark(*row)
