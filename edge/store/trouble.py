"""What SQLite says went wrong, in our terms."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.errors import StoreCorrupt, StoreError, StoreFull, StoreLocked, StoreUnwritable

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_UNWRITABLE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the SQLite errors of the block into StoreError; a broken constraint stays what it is."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
        if isinstance(error, sqlite3.ProgrammingError):
            raise
        raise _ours(error, path) from error


def _ours(error: sqlite3.Error, path: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    primary = code & 0xFF
    said = " ".join(str(error).split())
    if primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and not _space_left(path)):
        return StoreFull(f"no space left for the store {path}; free some on that disk")
    if primary in _LOCKED:
        return StoreLocked(f"the store {path} is held by another process ({said}); stop that or try again")
    if primary in _CORRUPT:
        return damaged(path, said)
    if primary in _UNWRITABLE:
        return StoreUnwritable(
            f"cannot write the store {path} ({said}); give the user that runs ostiary "
            f"write access to {path.parent} and the files in it"
        )
    if primary == sqlite3.SQLITE_IOERR:
        return StoreUnwritable(f"the disk under the store {path} fails ({said}); check or replace it")
    return damaged(path, said)


def damaged(path: Path, what: object) -> StoreCorrupt:
    """The error for a file that cannot be trusted; `what` is put on one line."""
    said = " ".join(str(what).split())
    return StoreCorrupt(
        f"the store {path} is damaged ({said}); move it away and restore a backup, or enroll again"
    )


def _space_left(path: Path) -> bool:
    try:
        status = os.statvfs(path.parent)
    except OSError:
        return True
    return status.f_bavail > 0
