"""The history of what a search has to look at again, kept by the store itself, whoever changes it.

It holds numbers of faces only, so that nothing of an erased person stays in it. An entry says that this
face, its template, its owner or the groups of its owner may have changed, or that it is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.store.database import Database

KEPT = 200_000
"""Entries; who has followed none of so many has to read all faces anew."""

STEP: tuple[str, ...] = (
    # `mark` tells this history from another that reached the same number, as after a restored backup.
    """CREATE TABLE face_changes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        face INTEGER NOT NULL,
        mark INTEGER NOT NULL DEFAULT (random())
    )""",
    "INSERT INTO face_changes (face) VALUES (0)",
    *(
        f"CREATE TRIGGER {name} AFTER {event} BEGIN INSERT INTO face_changes (face) VALUES ({face}); END"  # noqa: S608
        for name, event, face in (
            ("template_added", "INSERT ON templates", "new.face"),
            ("template_replaced", "UPDATE ON templates", "new.face"),
            ("template_removed", "DELETE ON templates", "old.face"),
            ("face_moved", "UPDATE OF person, quality ON faces", "new.number"),
        )
    ),
    *(
        f"CREATE TRIGGER {name} AFTER {event} ON members BEGIN INSERT INTO face_changes (face) "  # noqa: S608
        f"SELECT number FROM faces WHERE person = {person}; END"
        for name, event, person in (
            ("member_added", "INSERT", "new.person"),
            ("member_removed", "DELETE", "old.person"),
        )
    ),
    f"CREATE TRIGGER face_changes_bounded AFTER INSERT ON face_changes WHEN new.number % 4096 = 0 "  # noqa: S608
    f"BEGIN DELETE FROM face_changes WHERE number < new.number - {KEPT}; END",
)
"""Of the schema; a released step is never changed."""


@dataclass(frozen=True, slots=True)
class Position:
    """An entry of the history."""

    number: int
    mark: int


def position(database: Database) -> Position:
    """The newest entry."""
    return Position(*database.rows("SELECT number, mark FROM face_changes ORDER BY number DESC LIMIT 1")[0])


def changed_since(database: Database, since: Position) -> tuple[Position, list[int]] | None:
    """The newest entry, and the faces of all after `since`, each once, rising.

    None when `since` is no longer, or never was, in this history: then any face may have changed.
    """
    rows = database.rows(
        "SELECT number, mark, face FROM face_changes WHERE number >= ? ORDER BY number", (since.number,)
    )
    if not rows or Position(*rows[0][:2]) != since:
        return None
    return Position(*rows[-1][:2]), sorted({row[2] for row in rows[1:]})
