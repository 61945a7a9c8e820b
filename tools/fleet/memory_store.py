"""The store of a virtual door: the product's tables, in memory."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from pathlib import Path

import sqlite_utils

from edge.store.database import Database
from edge.store.schema import migrate

_NOWHERE = Path(":memory:")


def in_memory() -> Database:
    """An empty one; gone when it is closed, or the process ends."""
    connection = sqlite3.connect(_NOWHERE, isolation_level=None, check_same_thread=False)
    connection.deserialize(_empty())
    connection.execute("PRAGMA foreign_keys = ON")
    return Database(sqlite_utils.Database(connection, execute_plugins=False), _NOWHERE)


@functools.cache
def _empty() -> bytes:
    """Tables take ten milliseconds to make; a thousand doors copy them."""
    with contextlib.closing(sqlite3.connect(_NOWHERE, isolation_level=None)) as connection:
        migrate(connection, _NOWHERE)
        return connection.serialize()
