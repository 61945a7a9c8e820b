"""A number that grows with every change of the gallery, so that others notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edge.core.face import PersonId
from edge.core.person import Version
from edge.refusals import PersonConflict
from edge.store.database import Database

NEXT = "(SELECT number + 1 FROM revision)"
"""SQL for the number this change will have; of a person it is the version."""
PAUSE_S = 0.11
"""Between the transactions of a long work. SQLite looks every 0.1 s whether it can write; without a pause
nobody else could."""


def revision(database: Database) -> int:
    """The number of changes so far, by whichever process made them."""
    return int(database.rows("SELECT number FROM revision")[0][0])


@contextmanager
def change(database: Database) -> Iterator[None]:
    """A transaction that counts as one change of the gallery."""
    with database.transaction():
        yield
        database.execute("UPDATE revision SET number = number + 1")


def touch(database: Database, person: PersonId) -> None:
    """Within a change: what is known of a person becomes another version."""
    database.execute(f"UPDATE people SET version = {NEXT} WHERE id = ?", (person,))  # noqa: S608


def version(database: Database, person: PersonId) -> Version:
    """Which version of a person this is; 0 when nobody is known under that id."""
    row = database.row("SELECT version FROM people WHERE id = ?", (person,))
    return Version(0 if row is None else row[0])


def require_version(database: Database, person: PersonId, seen: Version) -> None:
    """Within a change: nobody else has changed the person since that version. Raises PersonConflict."""
    if version(database, person) != seen:
        raise PersonConflict(
            f"person {person} was changed by somebody else meanwhile; look again and repeat what is missing"
        )
