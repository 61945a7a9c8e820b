"""Who is in which group, and what is written there of them. Writing functions run inside the caller's
transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge.core.face import PersonId
from edge.core.legality import check_description, check_fields, check_group_id
from edge.core.limits import WIDEST_TEXT, GalleryLimits
from edge.core.person import Description, Group, GroupId
from edge.refusals import (
    FieldNotFound,
    GroupBeingDeleted,
    GroupNotFound,
    MembershipNotFound,
    TooManyFields,
    TooManyGroupsOfPerson,
    TooManyPeopleInGroup,
)
from edge.store import faces
from edge.store.database import Database
from edge.store.revision import touch
from edge.store.times import to_text


def require(database: Database, group: GroupId) -> None:
    """Raises GroupNotFound, GroupBeingDeleted; for what cannot be an id at all, as `check_group_id`."""
    row = database.row("SELECT deleting FROM groups WHERE id = ?", (group,))
    if row is None:
        check_group_id(group, WIDEST_TEXT)
        raise GroupNotFound(f"no group {group}; list those there are with 'ostiary group list'")
    if row[0]:
        raise GroupBeingDeleted(f"group {group} is being deleted; delete it again to finish, or wait")


def make_group(database: Database, group: Group) -> None:
    """Add a group with its fields unless there is one of that id; of two groups of one name the new one is
    called by its id. Raises as the checks of ids and fields."""
    check_group_id(group.id, WIDEST_TEXT)
    check_fields(group.fields, WIDEST_TEXT)
    taken = database.row("SELECT 1 FROM groups WHERE name = ?", (group.name,)) is not None
    added = database.execute(
        "INSERT OR IGNORE INTO groups (id, name, created, tag) VALUES (?, ?, ?, ?)",
        (group.id, group.id if taken else group.name, to_text(group.created), group.tag),
    )
    if added.rowcount:
        set_fields(database, group.id, group.fields)


def join(database: Database, group: GroupId, people: Sequence[PersonId], limits: GalleryLimits) -> int:
    """Put known people into a group; those in it stay. Returns how many joined.

    Raises GroupNotFound, GroupBeingDeleted, TooManyPeopleInGroup, TooManyGroupsOfPerson,
    TooManyFacesInGroup.
    """
    require(database, group)
    before = now = people_in(database, group)
    for person in people:
        if is_in(database, group, person):
            continue
        if now >= limits.people_per_group:
            raise TooManyPeopleInGroup(f"group {group} has {now} people, the most allowed; choose another")
        count = len(groups_of(database, person))
        if count >= limits.groups_per_person:
            raise TooManyGroupsOfPerson(f"person {person} is in {count} groups, the most allowed")
        database.execute('INSERT INTO members ("group", person) VALUES (?, ?)', (group, person))
        touch(database, person)
        now += 1
    if now > before and faces.newest_number(database) > limits.faces_per_group:
        faces.check_group_room(database, group, 0, limits)
    return now - before


def leave(database: Database, group: GroupId, person: PersonId) -> bool:
    """Take a person out of a group; whether it was in it. Raises GroupNotFound, GroupBeingDeleted."""
    require(database, group)
    return take_out(database, group, person)


def take_out(database: Database, group: GroupId, person: PersonId) -> bool:
    """Remove a membership, of whatever group; whether there was one."""
    removed = database.execute('DELETE FROM members WHERE "group" = ? AND person = ?', (group, person))
    if removed.rowcount:
        touch(database, person)
    return removed.rowcount > 0


def is_in(database: Database, group: GroupId, person: PersonId) -> bool:
    sql = 'SELECT 1 FROM members WHERE "group" = ? AND person = ?'
    return database.row(sql, (group, person)) is not None


def people_in(database: Database, group: GroupId) -> int:
    """How many people are in a group that is there."""
    return int(database.rows("SELECT people FROM groups WHERE id = ?", (group,))[0][0])


def groups_of(database: Database, person: PersonId) -> list[GroupId]:
    """The groups a person is in, in the order of their ids; those being deleted do not count."""
    rows = database.rows(
        'SELECT "group" FROM members JOIN groups ON groups.id = members."group"'
        ' WHERE person = ? AND NOT deleting ORDER BY "group"',
        (person,),
    )
    return [row[0] for row in rows]


def fields(database: Database, group: GroupId) -> tuple[str, ...]:
    """The custom description fields of a group, in their order."""
    rows = database.rows('SELECT name FROM fields WHERE "group" = ? ORDER BY position', (group,))
    return tuple(row[0] for row in rows)


def set_fields(database: Database, group: GroupId, names: Sequence[str]) -> None:
    """Give a group these fields; of one that is left out all descriptions go."""
    for gone in set(fields(database, group)) - set(names):
        database.execute('DELETE FROM fields WHERE "group" = ? AND name = ?', (group, gone))
    for position, name in enumerate(names):
        database.execute(
            'INSERT INTO fields ("group", name, position) VALUES (?, ?, ?)'
            ' ON CONFLICT ("group", name) DO UPDATE SET position = excluded.position',
            (group, name, position),
        )


def add_fields(database: Database, group: GroupId, names: Sequence[str], limits: GalleryLimits) -> None:
    """Add the fields the group does not have yet. Raises TooManyFields."""
    known = fields(database, group)
    wanted = (*known, *(name for name in names if name not in known))
    if len(wanted) > limits.fields:
        raise TooManyFields(f"group {group} would have {len(wanted)} description fields, of {limits.fields}")
    set_fields(database, group, wanted)


def describe(
    database: Database, group: GroupId, person: PersonId, texts: Mapping[str, str], limits: GalleryLimits
) -> None:
    """Write what fields of a group say of a person in it; an empty text removes what was there.

    Raises GroupNotFound, GroupBeingDeleted, MembershipNotFound, FieldNotFound, ValueIllegal, ValueTooLong.
    """
    require(database, group)
    if not is_in(database, group, person):
        raise not_in(group, person)
    known = fields(database, group)
    for field, text in texts.items():
        if field not in known:
            shown = ", ".join(known) or "none"
            raise FieldNotFound(f"group {group} has no description field {field[:40]!a}; it has: {shown}")
        check_description(text, limits)
        place = (group, person, field)
        if text:
            database.execute("INSERT OR REPLACE INTO descriptions VALUES (?, ?, ?, ?)", (*place, text))
        else:
            sql = 'DELETE FROM descriptions WHERE "group" = ? AND person = ? AND field = ?'
            database.execute(sql, place)
    touch(database, person)


def descriptions(database: Database, person: PersonId) -> list[Description]:
    """All that is written of a person, by group and in the order of its fields."""
    rows = database.rows(
        'SELECT descriptions."group", field, text FROM descriptions'
        ' JOIN fields ON fields."group" = descriptions."group" AND fields.name = field'
        ' JOIN groups ON groups.id = descriptions."group"'
        ' WHERE person = ? AND NOT deleting ORDER BY descriptions."group", position',
        (person,),
    )
    return [Description(GroupId(group), field, text) for group, field, text in rows]


def not_in(group: GroupId, person: PersonId) -> MembershipNotFound:
    return MembershipNotFound(f"person {person} is not in group {group}; add it with 'ostiary group join'")
