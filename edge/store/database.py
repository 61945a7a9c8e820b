"""One SQLite file, opened so that what it says it has stored is stored, and read by one owner only."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import sqlite_utils

from edge.errors import StoreError, StoreFull, StoreUnwritable
from edge.store.database_file import make_private
from edge.store.reserve import Reserve
from edge.store.schema import check_ours, migrate
from edge.store.trouble import damaged, translated

Row: TypeAlias = tuple[Any, ...]

_QUICK_CHECK_LIMIT = 32 * 2**20
"""Bytes up to which opening walks the whole file; beyond it the check would delay the first decision."""
_AGAIN_S = 0.005
"""How long to wait before a file that is just being made is asked again to keep a log."""


class Database:
    """An open connection. Calls from several threads take turns; for work side by side open one each."""

    def __init__(self, tables: sqlite_utils.Database, path: Path) -> None:
        self.path = path
        self._reserve = Reserve(path)
        self._tables = tables
        self._turn = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait_at_most(self, seconds: float) -> None:
        """From now on, how long to wait for another connection's transaction."""
        with self._turn:
            self._tables.conn.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what the block writes; durable at its end. Inside another one it joins that.

        Raises StoreError when it cannot be stored; then nothing of it is.
        """
        with self._turn:
            connection = self._tables.conn
            if connection.in_transaction:
                yield
                return
            with translated(self.path):
                connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                with translated(self.path):
                    connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def execute(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run one statement; outside a transaction it is one by itself. Raises StoreError."""
        with self._turn, translated(self.path):
            return self._tables.conn.execute(sql, tuple(values))

    def insert_all(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run one statement for every row. Raises StoreError."""
        with self._turn, translated(self.path):
            self._tables.conn.executemany(sql, rows)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of a query. Raises StoreError."""
        with self._turn, translated(self.path):
            return self._tables.conn.execute(sql, tuple(values)).fetchall()

    def row(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query, or None. Raises StoreError."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def checkpoint(self) -> bool:
        """Empty the write-ahead log into the file. False when a reader of another connection prevents it."""
        row = self.row("PRAGMA wal_checkpoint(TRUNCATE)")
        return row is not None and row[0] == 0

    def make_room(self) -> bool:
        """Do what can be done on a full disk: give up the reserve, empty the write-ahead log.

        Returns whether a reserve was given up; it is set aside again when the store is next opened.
        """
        was_held = self._reserve.release()
        with contextlib.suppress(StoreError):
            # Emptying the log needs room for what is in it: from now on it is done before there is much.
            self.execute("PRAGMA wal_autocheckpoint = 32")
            self.checkpoint()
        return was_held

    def verify(self) -> None:
        """Walk every page, index and reference. Raises StoreCorrupt with the first thing that is wrong."""
        problems = [row[0] for row in self.rows("PRAGMA integrity_check(1)") if row[0] != "ok"]
        problems += [
            f"{row[0]} refers to a missing {row[2]}" for row in self.rows("PRAGMA foreign_key_check")
        ]
        if problems:
            raise damaged(self.path, problems[0])

    def close(self) -> None:
        """Close the connection; harmless when it is closed."""
        with self._turn:
            self._tables.close()


def open_database(path: Path, *, durable: bool, busy_timeout_s: float = 5.0, check: bool = True) -> Database:
    """Open the store, make it when it is not there, and bring its schema up to date.

    durable: a finished transaction survives a power cut (decisions, commands, events, people); without
    it only a crash of the process. busy_timeout_s: how long to wait for another connection's transaction.
    check: look for damage first; needed once for each process. Returns a context manager that closes.

    Raises StoreUnwritable, StoreCorrupt, StoreLocked, StoreFull or StoreTooNew.
    """
    _prepare(path)
    reserve = Reserve(path)
    try:
        tables = _connect(path, durable, busy_timeout_s, check)
    except StoreFull:
        if not reserve.release():
            raise
        tables = _connect(path, durable, busy_timeout_s, check)
    else:
        reserve.hold()
    return Database(tables, path)


def _connect(path: Path, durable: bool, busy_timeout_s: float, check: bool) -> sqlite_utils.Database:
    with translated(path):
        connection = sqlite3.connect(
            path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
    try:
        with translated(path):
            tables = sqlite_utils.Database(connection, execute_plugins=False)
            check_ours(connection, path)
            keep_log(connection, path, busy_timeout_s)
            _configure(connection, durable)
            if check and path.stat().st_size <= _QUICK_CHECK_LIMIT:
                _quick_check(connection, path)
            migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return tables


def _prepare(path: Path) -> None:
    make_private(path, "the store", "ostiary")
    # In this order: who makes the store at this moment fills the file before its log.
    if _has_content(path.with_name(path.name + "-wal")) and not _has_content(path):
        raise damaged(path, "it is empty but its write-ahead log is not")


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def keep_log(connection: sqlite3.Connection, path: Path, busy_timeout_s: float) -> None:
    """Have the file keep a write-ahead log, which it remembers.

    SQLite does not wait for a connection that is doing the same at this moment: it calls the file locked.
    """
    deadline = time.monotonic() + busy_timeout_s
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() >= deadline:
                raise
            time.sleep(_AGAIN_S)
        else:
            break
    if mode != "wal":
        raise StoreUnwritable(f"the file system of {path} cannot hold a write-ahead log; use a local disk")


def _configure(connection: sqlite3.Connection, durable: bool) -> None:
    # This holds for this connection only.
    # Emptying the log takes several waits for the disk. A durable connection has a relay waiting for it,
    # so it leaves that to the others for as long as they keep up.
    pages_before_checkpoint = 4000 if durable else 500
    for setting in (
        f"synchronous = {'FULL' if durable else 'NORMAL'}",
        f"wal_autocheckpoint = {pages_before_checkpoint}",
        "foreign_keys = ON",
        "secure_delete = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
        "temp_store = MEMORY",
        "journal_size_limit = 4194304",
    ):
        connection.execute(f"PRAGMA {setting}")


def _quick_check(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(path, found)
