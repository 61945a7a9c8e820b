"""Groups of people."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from edge.core.face import PersonId
from edge.core.legality import check_fields, check_group_id, check_group_text
from edge.core.limits import DEFAULT_LIMITS, GalleryLimits
from edge.core.person import Description, Group, GroupId, GroupSize
from edge.refusals import (
    FieldExists,
    FieldNotFound,
    GroupExists,
    GroupNameExists,
    TooManyGroups,
)
from edge.store import faces, group_copy, membership, people
from edge.store.database import Database, Row
from edge.store.erasure import erase
from edge.store.revision import PAUSE_S, change
from edge.store.sync_tables import require_local, require_local_group
from edge.store.times import from_text, to_text

_GROUP = "id, name, created, tag"
_WITH_PEOPLE = 2
_BATCH = 500
"""People taken out of a group, or put into one, in one transaction: the door waits for its end."""


class Groups:
    """The groups of a gallery, who is in them, what they say of them. Every method may raise StoreError.

    pause: waits so many seconds.
    """

    def __init__(
        self,
        database: Database,
        limits: GalleryLimits = DEFAULT_LIMITS,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._limits = limits
        self._pause = pause

    def add(self, group: Group) -> None:
        """Raises GroupExists, GroupBeingDeleted, GroupNameExists, TooManyGroups, and what the checks of an
        id, a name, a tag and fields raise."""
        check_group_id(group.id, self._limits)
        check_group_text(group, self._limits)
        check_fields(group.fields, self._limits)
        with change(self._database):
            self._refuse_name(group)
            count = int(self._database.rows("SELECT count(*) FROM groups")[0][0])
            try:
                self._database.execute(
                    f"INSERT INTO groups ({_GROUP}) VALUES (?, ?, ?, ?)",  # noqa: S608
                    (group.id, group.name, to_text(group.created), group.tag),
                )
            except sqlite3.IntegrityError as error:
                membership.require(self._database, group.id)
                raise GroupExists(f"group {group.id} exists; delete it first or choose another id") from error
            if count >= self._limits.groups:
                raise TooManyGroups(f"there are {count} groups, the most allowed; delete one first")
            membership.set_fields(self._database, group.id, group.fields)

    def update(self, group: Group, renamed: Mapping[str, str] | None = None) -> None:
        """Replace name, tag and fields. renamed: fields of the group by the names they have until now; their
        descriptions stay, those of a field that is left out go.

        Raises GroupNotFound, GroupBeingDeleted, GroupNameExists, FieldNotFound, FieldExists, and what the
        checks of a name, a tag and fields raise.
        """
        with change(self._database):
            known = self.group(group.id)
            if (group.name, group.tag) != (known.name, known.tag):
                check_group_text(group, self._limits)
                self._refuse_name(group)
            for old, new in (renamed or {}).items():
                self._rename(group.id, old, new)
            check_fields(group.fields, self._limits)
            self._database.execute(
                "UPDATE groups SET name = ?, tag = ? WHERE id = ?", (group.name, group.tag, group.id)
            )
            membership.set_fields(self._database, group.id, group.fields)

    def remove(self, group: GroupId, *, with_people: bool = False) -> None:
        """Delete a group, with the people who are in no other one, or without.

        A large one takes several transactions. From the first on the group is not there for anybody; when
        the rest is cut short, removing it again finishes it as it was begun. Raises GroupNotFound, and
        PersonIsManaged when the hub of the fleet put somebody into it.
        """
        with change(self._database):
            require_local_group(self._database, group)
            mark = "UPDATE groups SET deleting = max(deleting, ?) WHERE id = ?"
            if not self._database.execute(mark, (_WITH_PEOPLE if with_people else 1, group)).rowcount:
                membership.require(self._database, group)
        while self.remove_some(group):
            self._pause(PAUSE_S)
        self.erase()

    def unfinished(self) -> list[GroupId]:
        """The groups whose deletion has begun, by somebody who is at it or was cut short."""
        return [GroupId(group) for (group,) in self._database.rows("SELECT id FROM groups WHERE deleting")]

    def remove_some(self, group: GroupId) -> bool:
        """One transaction of a deletion that has begun; whether there is more to do."""
        with change(self._database):
            row = self._database.row("SELECT deleting FROM groups WHERE id = ?", (group,))
            # One of that id may have been made anew since somebody else finished, and the hub keeps a group
            # that it puts people into.
            if row is None or not row[0]:
                return False
            some = self._database.rows(
                'SELECT person FROM members WHERE "group" = ? LIMIT ?', (group, _BATCH)
            )
            for (person,) in some:
                membership.take_out(self._database, group, person)
                if row[0] == _WITH_PEOPLE and not membership.groups_of(self._database, person):
                    self._database.execute("DELETE FROM people WHERE id = ?", (person,))
            if len(some) < _BATCH:
                self._database.execute("DELETE FROM groups WHERE id = ?", (group,))
            return len(some) == _BATCH

    def erase(self) -> None:
        """Leave nothing of who was deleted with a group on the disk; `remove` does so itself."""
        erase(self._database)

    def group(self, group: GroupId) -> Group:
        """Raises GroupNotFound, GroupBeingDeleted."""
        membership.require(self._database, group)
        rows = self._database.rows(f"SELECT {_GROUP} FROM groups WHERE id = ?", (group,))  # noqa: S608
        return self._group(rows[0])

    def all(self, offset: int = 0, limit: int = -1) -> list[Group]:
        """A page of the groups in the order of their ids; a limit of -1 is none."""
        rows = self._database.rows(
            f"SELECT {_GROUP} FROM groups WHERE NOT deleting ORDER BY id LIMIT ? OFFSET ?",  # noqa: S608
            (limit, offset),
        )
        return [self._group(row) for row in rows]

    def count(self) -> int:
        """How many groups there are."""
        return int(self._database.rows("SELECT count(*) FROM groups WHERE NOT deleting")[0][0])

    def size(self, group: GroupId) -> GroupSize:
        """Raises GroupNotFound, GroupBeingDeleted."""
        membership.require(self._database, group)
        return GroupSize(
            membership.people_in(self._database, group), faces.group_faces(self._database, group)
        )

    def join(self, group: GroupId, *newcomers: PersonId) -> int:
        """Put people into a group; harmless for those in it. Returns how many joined.

        Raises GroupNotFound, GroupBeingDeleted, PersonNotFound, TooManyPeopleInGroup,
        TooManyGroupsOfPerson, TooManyFacesInGroup, PersonIsManaged; then nobody joined.
        """
        with change(self._database):
            membership.require(self._database, group)
            for person in newcomers:
                people.person(self._database, person)
            require_local(self._database, newcomers)
            return membership.join(self._database, group, newcomers, self._limits)

    def copy(self, source: GroupId, targets: Sequence[GroupId]) -> int:
        """Put everybody of a group into others; those in them stay. Returns how many memberships that made.

        A large one takes several transactions; when they are cut short, copying again does the rest. Raises
        GroupNotFound, GroupBeingDeleted, TooManyPeopleInGroup, TooManyGroupsOfPerson, TooManyFacesInGroup,
        PersonIsManaged, before anybody joined unless others join meanwhile.
        """
        for group in (source, *targets):
            membership.require(self._database, group)
        require_local_group(self._database, source)
        group_copy.check_room(self._database, source, targets, self._limits)
        joined = 0
        for target in targets:
            everybody = group_copy.newcomers(self._database, source, target)
            for start in range(0, len(everybody), _BATCH):
                if joined:
                    self._pause(PAUSE_S)
                some = everybody[start : start + _BATCH]
                with change(self._database):
                    still = [one for one in some if membership.is_in(self._database, source, one)]
                    joined += membership.join(self._database, target, still, self._limits)
        return joined

    def leave(self, group: GroupId, person: PersonId) -> bool:
        """Take a person out of a group; whether it was in it.

        Raises GroupNotFound, GroupBeingDeleted, PersonIsManaged.
        """
        with change(self._database):
            require_local(self._database, [person])
            return membership.leave(self._database, group, person)

    def members(self, group: GroupId, offset: int = 0, limit: int = -1) -> list[PersonId]:
        """A page of the people in a group, in the order of their ids; a limit of -1 is none.

        Raises GroupNotFound, GroupBeingDeleted.
        """
        membership.require(self._database, group)
        rows = self._database.rows(
            'SELECT person FROM members WHERE "group" = ? ORDER BY person LIMIT ? OFFSET ?',
            (group, limit, offset),
        )
        return [row[0] for row in rows]

    def of(self, person: PersonId) -> list[GroupId]:
        """The groups a person is in, in the order of their ids."""
        return membership.groups_of(self._database, person)

    def describe(self, group: GroupId, person: PersonId, texts: Mapping[str, str]) -> None:
        """Write what fields of the group say of a person in it; an empty text removes what was there.

        Raises GroupNotFound, GroupBeingDeleted, MembershipNotFound, FieldNotFound, ValueIllegal,
        ValueTooLong.
        """
        with change(self._database):
            membership.describe(self._database, group, person, texts, self._limits)

    def descriptions(self, person: PersonId) -> Sequence[Description]:
        """All that groups say of a person, by group and in the order of their fields."""
        return membership.descriptions(self._database, person)

    def _group(self, row: Row) -> Group:
        bare = Group(GroupId(row[0]), row[1], from_text(row[2]), row[3])
        return replace(bare, fields=membership.fields(self._database, bare.id))

    def _refuse_name(self, group: Group) -> None:
        other = self._database.row("SELECT id FROM groups WHERE name = ? AND id != ?", (group.name, group.id))
        if other is not None:
            raise GroupNameExists(f"group {other[0]} has that name already; choose another name")

    def _rename(self, group: GroupId, old: str, new: str) -> None:
        known = membership.fields(self._database, group)
        if old not in known:
            raise FieldNotFound(f"group {group} has no description field {old[:40]!a}")
        if new != old and new in known:
            raise FieldExists(f"group {group} has a description field {new} already; choose another name")
        self._database.execute('UPDATE fields SET name = ? WHERE "group" = ? AND name = ?', (new, group, old))
