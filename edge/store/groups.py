"""Groups of people."""

from __future__ import annotations

import sqlite3

from edge.core.face import PersonId
from edge.core.person import Group, GroupId
from edge.refusals import GroupExists, GroupNotFound
from edge.store import people
from edge.store.database import Database
from edge.store.legality import check_group_id, check_name
from edge.store.revision import change
from edge.store.times import from_text, to_text


class Groups:
    """The groups of a gallery and who is in them. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, group: Group) -> None:
        """Raises GroupIdIllegal, GroupExists, GalleryError for a name that cannot be shown."""
        check_group_id(group.id)
        check_name(group.name)
        try:
            with change(self._database):
                self._database.execute(
                    "INSERT INTO groups (id, name, created) VALUES (?, ?, ?)",
                    (group.id, group.name, to_text(group.created)),
                )
        except sqlite3.IntegrityError as error:
            raise GroupExists(f"group {group.id} exists; remove it first or choose another id") from error

    def remove(self, group: GroupId) -> None:
        """Remove a group; its members stay. Raises GroupNotFound."""
        with change(self._database):
            self._require(group)
            self._database.execute("DELETE FROM groups WHERE id = ?", (group,))

    def all(self) -> list[Group]:
        """All groups in the order of their ids."""
        rows = self._database.rows("SELECT id, name, created FROM groups ORDER BY id")
        return [Group(GroupId(row[0]), row[1], from_text(row[2])) for row in rows]

    def join(self, group: GroupId, person: PersonId) -> None:
        """Put a person into a group; harmless when in it. Raises GroupNotFound, PersonNotFound."""
        with change(self._database):
            self._require(group)
            people.person(self._database, person)
            self._database.execute(
                'INSERT OR IGNORE INTO members ("group", person) VALUES (?, ?)', (group, person)
            )

    def leave(self, group: GroupId, person: PersonId) -> None:
        """Take a person out of a group; harmless when not in it. Raises GroupNotFound."""
        with change(self._database):
            self._require(group)
            self._database.execute('DELETE FROM members WHERE "group" = ? AND person = ?', (group, person))

    def members(self, group: GroupId) -> list[PersonId]:
        """The people in a group, in the order of their ids. Raises GroupNotFound."""
        self._require(group)
        rows = self._database.rows('SELECT person FROM members WHERE "group" = ? ORDER BY person', (group,))
        return [row[0] for row in rows]

    def of(self, person: PersonId) -> list[GroupId]:
        """The groups a person is in, in the order of their ids."""
        rows = self._database.rows('SELECT "group" FROM members WHERE person = ? ORDER BY "group"', (person,))
        return [row[0] for row in rows]

    def _require(self, group: GroupId) -> None:
        if self._database.row("SELECT 1 FROM groups WHERE id = ?", (group,)) is None:
            raise GroupNotFound(f"no group {group}; add it first")
