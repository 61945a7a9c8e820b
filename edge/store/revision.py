"""A number that grows with every change of the gallery, so that others notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edge.store.database import Database


def revision(database: Database) -> int:
    """The number of changes so far, by whichever process made them."""
    return int(database.rows("SELECT number FROM revision")[0][0])


@contextmanager
def change(database: Database) -> Iterator[None]:
    """A transaction that counts as one change of the gallery."""
    with database.transaction():
        yield
        database.execute("UPDATE revision SET number = number + 1")
