"""Whether everybody of a group fits into others, and who has to join them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from edge.core.face import PersonId
from edge.core.limits import GalleryLimits
from edge.core.person import GroupId
from edge.refusals import TooManyFacesInGroup, TooManyGroupsOfPerson, TooManyPeopleInGroup
from edge.store.database import Database

_UNITED = 'SELECT DISTINCT person FROM members WHERE "group" IN (?, ?)'


def newcomers(database: Database, source: GroupId, target: GroupId) -> list[PersonId]:
    """Who is in the one group and not in the other, in the order of their ids."""
    rows = database.rows(
        'SELECT person FROM members WHERE "group" = ? AND person NOT IN'
        ' (SELECT person FROM members WHERE "group" = ?) ORDER BY person',
        (source, target),
    )
    return [PersonId(person) for (person,) in rows]


def check_room(
    database: Database, source: GroupId, targets: Sequence[GroupId], limits: GalleryLimits
) -> None:
    """Raises TooManyPeopleInGroup, TooManyFacesInGroup, TooManyGroupsOfPerson unless all fit everywhere."""
    for target in targets:
        both = (source, target)
        (people,) = database.rows(f"SELECT count(*) FROM ({_UNITED})", both)[0]  # noqa: S608
        if people > limits.people_per_group:
            raise TooManyPeopleInGroup(
                f"group {target} would have {people} people; at most {limits.people_per_group} are allowed"
            )
        sql = f"SELECT count(*) FROM faces WHERE person IN ({_UNITED})"  # noqa: S608
        (faces,) = database.rows(sql, both)[0]
        if faces > limits.faces_per_group:
            raise TooManyFacesInGroup(
                f"group {target} would have {faces} faces; at most {limits.faces_per_group} are allowed"
            )
    crowded = database.row(
        'SELECT person, count(*) FROM (SELECT person, "group" FROM members'
        ' JOIN groups ON groups.id = "group" AND NOT deleting'
        ' WHERE person IN (SELECT person FROM members WHERE "group" = ?1)'
        ' UNION SELECT person, value FROM members, json_each(?2) WHERE "group" = ?1)'
        " GROUP BY person HAVING count(*) > ?3 ORDER BY person LIMIT 1",
        (source, json.dumps(list(targets)), limits.groups_per_person),
    )
    if crowded is not None:
        raise TooManyGroupsOfPerson(
            f"person {crowded[0]} would be in {crowded[1]} groups; at most {limits.groups_per_person} are"
            " allowed"
        )
