"""The tables of a device that follows a gallery of the hub, and who of its people the hub manages.

The people themselves are where all people are. Beside them: the digest of every row there is of the hub's,
how far the copy is, who was revoked before the copy could know, and whose erasure the hub has not heard of.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from edge.refusals import PersonIsManaged

if TYPE_CHECKING:
    from edge.store.database import Database

STEP: tuple[str, ...] = (
    "ALTER TABLE people ADD COLUMN managed INTEGER NOT NULL DEFAULT 0 CHECK (managed IN (0, 1))",
    # The order of a snapshot, so that the two can be walked side by side. revoked: what the row itself says.
    """CREATE TABLE synced_rows (
        bucket INTEGER NOT NULL,
        person TEXT NOT NULL,
        face TEXT NOT NULL,
        digest BLOB NOT NULL,
        revoked INTEGER NOT NULL,
        PRIMARY KEY (bucket, person, face)
    ) WITHOUT ROWID""",
    # changing: the snapshot that is being made the copy; until it is, the root is of no state there is.
    """CREATE TABLE synced_gallery (
        "only" INTEGER PRIMARY KEY CHECK ("only" = 0),
        gallery TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        version INTEGER NOT NULL,
        root TEXT NOT NULL,
        people INTEGER NOT NULL,
        changing TEXT
    )""",
    # contained: the version has the revocation; else it is in a later one.
    """CREATE TABLE synced_revocations (
        person TEXT PRIMARY KEY NOT NULL,
        epoch INTEGER NOT NULL,
        version INTEGER NOT NULL,
        contained INTEGER NOT NULL CHECK (contained IN (0, 1))
    ) WITHOUT ROWID""",
    "CREATE TABLE synced_receipts (person_hash TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID",
)
"""Of the schema; a released step is never changed."""


def is_managed(database: Database, person: str) -> bool:
    """Whether the hub manages the person; False for nobody."""
    return database.row("SELECT 1 FROM people WHERE id = ? AND managed", (person,)) is not None


def require_local(database: Database, people: Iterable[str]) -> None:
    """Raises PersonIsManaged for the first one the hub manages."""
    for person in people:
        if is_managed(database, person):
            raise PersonIsManaged(f"person {person} is managed by the hub of the fleet; change it there")


def require_local_group(database: Database, group: str) -> None:
    """Raises PersonIsManaged when the hub put somebody into a group."""
    sql = 'SELECT person FROM members JOIN people ON id = person WHERE "group" = ? AND managed LIMIT 1'
    row = database.row(sql, (group,))
    if row is not None:
        raise PersonIsManaged(
            f"group {group} has people whom the hub of the fleet manages, {row[0]} for one; change it there"
        )


def release(database: Database) -> bool:
    """Forget that there is a hub: its people become the device's own. Whether there was one."""
    with database.transaction():
        if database.row("SELECT 1 FROM synced_gallery") is None:
            return False
        database.execute("UPDATE people SET managed = 0 WHERE managed")
        for table in ("synced_rows", "synced_gallery", "synced_revocations", "synced_receipts"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608
    return True
