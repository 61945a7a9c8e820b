"""The tables, as numbered steps: each is applied once, in its own transaction, when a store is opened.

`PRAGMA user_version` counts the steps a file has. A released step is never changed; a new one is added.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from edge.errors import StoreCorrupt, StoreTooNew
from edge.store import face_changes, sync_tables

Step: TypeAlias = tuple[str, ...]

APPLICATION_ID = 0x4F737459
"""`OstY` in the file's header: this SQLite file is ours."""

_GALLERY: Step = (
    """CREATE TABLE people (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        created TEXT NOT NULL,
        valid_from TEXT,
        valid_until TEXT,
        revoked INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
    ) WITHOUT ROWID""",
    """CREATE TABLE groups (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        created TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE members (
        "group" TEXT NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
        person TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
        PRIMARY KEY ("group", person)
    ) WITHOUT ROWID""",
    "CREATE INDEX members_person ON members(person)",
    """CREATE TABLE faces (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        person TEXT NOT NULL REFERENCES people(id) ON DELETE CASCADE,
        added TEXT NOT NULL,
        quality REAL NOT NULL,
        source TEXT NOT NULL
    )""",
    "CREATE INDEX faces_person ON faces(person)",
    """CREATE TABLE templates (
        face INTEGER NOT NULL REFERENCES faces(number) ON DELETE CASCADE,
        model TEXT NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (face, model)
    )""",
    "CREATE INDEX templates_model ON templates(model)",
    "CREATE TABLE revision (only INTEGER PRIMARY KEY CHECK (only = 0), number INTEGER NOT NULL)",
    "INSERT INTO revision VALUES (0, 0)",
)

_JOURNAL: Step = (
    """CREATE TABLE decisions (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        at TEXT NOT NULL,
        door TEXT NOT NULL,
        granted INTEGER NOT NULL CHECK (granted IN (0, 1)),
        reason TEXT NOT NULL,
        person TEXT,
        command TEXT,
        details TEXT NOT NULL
    )""",
    "CREATE INDEX decisions_at ON decisions(at)",
    """CREATE TABLE commands (
        id TEXT PRIMARY KEY NOT NULL,
        at TEXT NOT NULL,
        ack TEXT NOT NULL,
        decision TEXT
    ) WITHOUT ROWID""",
    "CREATE INDEX commands_at ON commands(at)",
    # AUTOINCREMENT remembers the last number ever given, also when all rows are gone, and takes it
    # back when the transaction is: never reused, no gaps.
    """CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        boot TEXT NOT NULL,
        mono_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        type TEXT NOT NULL,
        at TEXT NOT NULL,
        corr TEXT,
        body TEXT NOT NULL,
        sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1))
    )""",
    "CREATE INDEX outbox_waiting ON outbox(seq) WHERE sent = 0",
)

_STATE: Step = ("CREATE TABLE state (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID",)

_PROFILES: Step = (
    "ALTER TABLE people ADD COLUMN gender INTEGER NOT NULL DEFAULT 0 CHECK (gender IN (0, 1, 2))",
    "ALTER TABLE people ADD COLUMN tag TEXT NOT NULL DEFAULT ''",
    # Numbers of the revision, so that a person erased and added again has a version never seen before.
    "ALTER TABLE people ADD COLUMN version INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE groups ADD COLUMN tag TEXT NOT NULL DEFAULT ''",
    # 1: being deleted. 2: and with it the people who are in no other group.
    "ALTER TABLE groups ADD COLUMN deleting INTEGER NOT NULL DEFAULT 0 CHECK (deleting IN (0, 1, 2))",
    # Counted as they come and go: counting all for each newcomer would take longer than all the rest.
    "ALTER TABLE groups ADD COLUMN people INTEGER NOT NULL DEFAULT 0",
    'UPDATE groups SET people = (SELECT count(*) FROM members WHERE "group" = groups.id)',
    """CREATE TRIGGER member_joined AFTER INSERT ON members
    BEGIN UPDATE groups SET people = people + 1 WHERE id = new."group"; END""",
    """CREATE TRIGGER member_left AFTER DELETE ON members
    BEGIN UPDATE groups SET people = people - 1 WHERE id = old."group"; END""",
    """CREATE TABLE fields (
        "group" TEXT NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY ("group", name)
    ) WITHOUT ROWID""",
    """CREATE TABLE descriptions (
        "group" TEXT NOT NULL,
        person TEXT NOT NULL,
        field TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY ("group", person, field),
        FOREIGN KEY ("group", person) REFERENCES members("group", person) ON DELETE CASCADE,
        FOREIGN KEY ("group", field) REFERENCES fields("group", name) ON DELETE CASCADE ON UPDATE CASCADE
    ) WITHOUT ROWID""",
    'CREATE INDEX descriptions_field ON descriptions("group", field)',
)

_CLOCK: Step = ("ALTER TABLE outbox ADD COLUMN clk TEXT",)

STEPS: tuple[Step, ...] = (
    _GALLERY,
    _JOURNAL,
    _STATE,
    _PROFILES,
    face_changes.STEP,
    sync_tables.STEP,
    _CLOCK,
)


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Step] = STEPS) -> None:
    """Bring an open database (driver in autocommit) to the newest schema.

    Raises StoreTooNew when a later version of Ostiary wrote it, StoreCorrupt when it is another
    program's, sqlite3.Error when a step fails; then the file is as it was before that step.
    """
    while check_ours(connection, path, len(steps)) < len(steps):
        # Another process may be doing the same: look again once nobody else can write.
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = check_ours(connection, path, len(steps))
            if version < len(steps):
                for statement in steps[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def check_ours(connection: sqlite3.Connection, path: Path, newest: int = len(STEPS)) -> int:
    """The number of steps the file has; 0 for an empty one. Changes nothing.

    Raises StoreCorrupt when it is another program's, StoreTooNew when a later version wrote it.
    """
    # One statement, so that all three are of the same moment: another process may just be making the store.
    owner: int
    version: int
    tables: int
    owner, version, tables = connection.execute(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)"
        " FROM pragma_application_id, pragma_user_version"
    ).fetchone()
    if owner != APPLICATION_ID and (owner or version or tables):
        raise StoreCorrupt(f"{path} is a database of another program; choose another path for the store")
    if owner == APPLICATION_ID and (version > 0) != (tables > 0):
        raise StoreCorrupt(f"the store {path} has lost its tables; move it away and restore a backup")
    if version > newest:
        raise StoreTooNew(
            f"the store {path} has schema {version}, this version of ostiary knows {newest}; "
            "install the newer version again"
        )
    return version
