import sqlite3
import threading

import pytest

from edge.store import database
from edge.store.database import open_database
from edge.store.schema import APPLICATION_ID, STEPS, migrate

ROWS = {
    "people": {"id": "ada", "name": "Ada", "created": "2026-11-20T12:00:00.000000+00:00"},
    "groups": {"id": "staff", "name": "Staff", "created": "2026-11-20T12:00:00.000000+00:00"},
    "members": {"group": "staff", "person": "ada"},
    "fields": {"group": "staff", "name": "floor", "position": 0},
    "face_changes": {"number": 1000, "face": 1, "mark": 7},
    "descriptions": {"group": "staff", "person": "ada", "field": "floor", "text": "3"},
    "faces": {
        "number": 1,
        "id": "f1",
        "person": "ada",
        "added": "2026-11-20T12:00:00.000000+00:00",
        "quality": 0.5,
        "source": "camera",
    },
    "templates": {"face": 1, "model": "a@0123456789ab", "vector": bytes(512)},
    "decisions": {
        "number": 1,
        "id": "d1",
        "at": "2026-11-20T12:00:00.000000+00:00",
        "door": "main",
        "granted": 1,
        "reason": "allow_grant",
        "details": "{}",
    },
    "commands": {"id": "c1", "at": "2026-11-20T12:00:00.000000+00:00", "ack": "{}"},
    "outbox": {
        "seq": 7,
        "id": "01a1f8de-3eda-7567-aca9-bf1f36eb1d99",
        "boot": "boot",
        "mono_ms": 1,
        "kind": "access",
        "type": "access.granted",
        "at": "2026-11-20T12:00:00.000000+00:00",
        "body": "{}",
    },
    "state": {"key": "posture", "value": "lockdown"},
    "synced_rows": {"bucket": 7, "person": "ada", "face": "", "digest": bytes(32), "revoked": 0},
    "synced_gallery": {"only": 0, "gallery": "main", "epoch": 1, "version": 2, "root": "00", "people": 1},
    "synced_revocations": {"person": "ada", "epoch": 1, "version": 3, "contained": 1},
    "synced_receipts": {"person_hash": "00"},
}
"""One row of every table there ever was, in an order that references allow."""


def tables(connection):
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return {name for (name,) in names if not name.startswith("sqlite_")}


def contents(connection):
    return {
        table: [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')]
        for table in tables(connection)
    }


def connected(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def insert(connection, table, values):
    columns = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    connection.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', tuple(values.values()))


@pytest.mark.parametrize("version", range(len(STEPS) + 1))
def test_a_store_of_every_version_keeps_its_data(store_path, version):
    old = connected(store_path)
    migrate(old, store_path, STEPS[:version])
    for table, values in ROWS.items():
        if table in tables(old):
            insert(old, table, values)
    before = contents(old)
    old.close()
    with open_database(store_path, durable=True) as database:
        database.verify()
        assert database.row("PRAGMA user_version") == (len(STEPS),)
        assert database.row("PRAGMA application_id") == (APPLICATION_ID,)
    now = connected(store_path)
    after = contents(now)
    now.close()
    for table, rows in before.items():
        for row, kept in zip(rows, after[table], strict=True):
            assert row.items() <= kept.items()


def test_members_from_before_they_were_counted_are_counted(store_path):
    old = connected(store_path)
    migrate(old, store_path, STEPS[:3])
    for table in ("people", "groups", "members"):
        insert(old, table, ROWS[table])
    old.close()
    with open_database(store_path, durable=True) as database:
        assert database.rows("SELECT people FROM groups") == [(1,)]


def test_the_rows_of_this_test_cover_every_table(database):
    names = {name for (name,) in database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert {name for name in names if not name.startswith("sqlite_")} == {*ROWS, "revision"}


def test_a_step_that_fails_leaves_the_store_as_it_was(store_path):
    connection = connected(store_path)
    migrate(connection, store_path)
    insert(connection, "people", ROWS["people"])
    before = contents(connection)
    failing = (
        "CREATE TABLE extra (id TEXT)",
        "UPDATE people SET name = 'changed'",
        "INSERT INTO nowhere VALUES (1)",
    )
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, store_path, (*STEPS, failing))
    assert contents(connection) == before
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(STEPS)
    connection.close()


def test_each_step_is_applied_once(store_path):
    connection = connected(store_path)
    step = ("CREATE TABLE extra (id TEXT)", "INSERT INTO extra VALUES ('once')")
    for _ in range(3):
        migrate(connection, store_path, (*STEPS, step))
    assert len(contents(connection)["extra"]) == 1
    connection.close()


def test_a_store_that_another_process_makes_at_this_moment_is_not_called_damaged(store_path, monkeypatch):
    has_content = database._has_content
    others = []

    def look(path):
        if not others:
            others.append(None)
            others[0] = open_database(store_path, durable=True)
        return has_content(path)

    monkeypatch.setattr(database, "_has_content", look)
    open_database(store_path, durable=True).close()
    others[0].close()


@pytest.mark.parametrize("attempt", range(30))
def test_processes_that_open_a_new_store_at_once_make_it_once(store_path, attempt):
    """Often, for the moment in which two of them switch the file to its log is short."""
    together = threading.Barrier(6)
    failures = []

    def open_it():
        together.wait()
        try:
            open_database(store_path, durable=True).close()
        except Exception as error:  # noqa: BLE001 - reported by the assertion
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with open_database(store_path, durable=True) as database:
        assert database.rows("SELECT number FROM revision") == [(0,)]
        database.verify()
