"""Make, change, copy, list and delete groups, and say who is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from edge.core.face import PersonId
from edge.core.limits import GalleryLimits
from edge.core.person import Group, GroupId, GroupSize, Person
from edge.refusals import (
    FieldExists,
    FieldNotFound,
    FieldRepeated,
    GroupListNotFound,
    GroupNotFound,
    MembershipNotFound,
    ParameterMissing,
    TooManyGroupsAsked,
)
from edge.roster import Gallery, Groups
from edge.service.page import Page, page

DEFAULT_PAGE = 100


@dataclass(frozen=True, slots=True)
class FieldChanges:
    """What becomes of a group's description fields. renamed: old to new names; the descriptions stay.
    dropped: their descriptions go with them. added: behind the others."""

    renamed: Mapping[str, str]
    dropped: Sequence[str] = ()
    added: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """A group, and how many are in it."""

    group: Group
    size: GroupSize


class GroupKeeper:
    """Every operation is done whole or not at all, and may raise StoreError. utc: gives aware UTC.

    Those that name a group raise GroupNotFound, and GroupBeingDeleted once its deletion has begun.
    """

    def __init__(
        self, gallery: Gallery, groups: Groups, limits: GalleryLimits, utc: Callable[[], datetime]
    ) -> None:
        self._gallery = gallery
        self._groups = groups
        self._limits = limits
        self._utc = utc

    def create(self, group: GroupId, name: str = "", *, tag: str = "", fields: Sequence[str] = ()) -> Group:
        """Make an empty group; without a name it is called by its id.

        Raises ParameterMissing, GroupExists, GroupNameExists, TooManyGroups, and the refusals of ids, names,
        tags and fields.
        """
        made = Group(group, name or group, self._utc(), tag, tuple(fields))
        self._groups.add(made)
        return self._groups.group(group)

    def modify(
        self,
        group: GroupId,
        *,
        name: str | None = None,
        tag: str | None = None,
        fields: FieldChanges | None = None,
    ) -> Group:
        """Change what is given; None stays as it is.

        Raises GroupNameExists, FieldNotFound, FieldExists, FieldRepeated, TooManyFields, and the refusals of
        names, tags and fields.
        """
        with self._gallery.together():
            known = self._groups.group(group)
            changed = replace(
                known,
                name=known.name if name is None else name,
                tag=known.tag if tag is None else tag,
                fields=known.fields if fields is None else _changed(known, fields),
            )
            self._groups.update(changed, {} if fields is None else fields.renamed)
        return self._groups.group(group)

    def delete(self, group: GroupId, *, with_people: bool = False) -> None:
        """Delete a group. with_people: and everybody who is in no other group, with all their faces.

        A deletion that was cut short is finished by deleting the group again.
        """
        self._groups.remove(group, with_people=with_people)

    def list(self, offset: int = 0, limit: int = DEFAULT_PAGE) -> Page[Group]:
        """The groups in the order of their ids. Raises LimitTooLarge, OffsetTooLarge."""
        return page(offset, limit, self._groups.count(), self._limits, self._groups.all)

    def show(self, group: GroupId) -> GroupInfo:
        return GroupInfo(self._groups.group(group), self._groups.size(group))

    def members(self, group: GroupId, offset: int = 0, limit: int = DEFAULT_PAGE) -> Page[Person]:
        """The people of a group in the order of their ids. Raises LimitTooLarge, OffsetTooLarge."""

        def read(first: int, most: int) -> Sequence[Person]:
            return [self._gallery.person(person) for person in self._groups.members(group, first, most)]

        return page(offset, limit, self._groups.size(group).people, self._limits, read)

    def join(self, group: GroupId, people: Sequence[PersonId]) -> int:
        """Put known people into a group; those in it stay. Returns how many joined.

        Raises PersonNotFound, TooManyPeopleInGroup, TooManyGroupsOfPerson, TooManyFacesInGroup.
        """
        return self._groups.join(group, *people)

    def leave(self, group: GroupId, people: Sequence[PersonId]) -> None:
        """Take people out of a group, with what it says of them. Raises MembershipNotFound."""
        with self._gallery.together():
            for person in people:
                if not self._groups.leave(group, person):
                    raise MembershipNotFound(f"person {person} is not in group {group}; see who is")

    def copy(self, source: GroupId, targets: Sequence[GroupId]) -> int:
        """Put everybody of a group into other groups too. Returns how many memberships that made.

        Descriptions are not copied: other groups have other fields. The copy of a large group that was cut
        short is finished by copying it again. Raises what `require` and `join` raise.
        """
        return self._groups.copy(source, self.require(targets))

    def require(self, groups: Sequence[GroupId]) -> tuple[GroupId, ...]:
        """The groups of a request, each once.

        Raises ParameterMissing, TooManyGroupsAsked, GroupIdIllegal, GroupIdTooLong, GroupListNotFound,
        GroupBeingDeleted.
        """
        wanted = tuple(dict.fromkeys(groups))
        if not wanted:
            raise ParameterMissing("no group is named; name at least one")
        if len(wanted) > self._limits.groups_per_request:
            raise TooManyGroupsAsked(
                f"{len(wanted)} groups are named; name at most {self._limits.groups_per_request} at a time"
            )
        absent = [group for group in wanted if not self._is_there(group)]
        if absent:
            raise GroupListNotFound(
                f"no group {', '.join(absent)}; list those there are with 'ostiary group list'"
            )
        return wanted

    def _is_there(self, group: GroupId) -> bool:
        try:
            self._groups.group(group)
        except GroupNotFound:
            return False
        return True


def _changed(group: Group, changes: FieldChanges) -> tuple[str, ...]:
    """The fields a group will have. Raises FieldNotFound, FieldExists, FieldRepeated."""
    for field in changes.dropped:
        if field not in group.fields or field in changes.renamed:
            raise FieldNotFound(f"group {group.id} has no description field {field[:40]!a} to drop")
    kept = [changes.renamed.get(one, one) for one in group.fields if one not in changes.dropped]
    for field in changes.added:
        if field in kept:
            raise FieldExists(f"group {group.id} has a description field {field}; choose another name")
        if changes.added.count(field) > 1:
            raise FieldRepeated(f"description field {field} is named twice; name each once")
    return (*kept, *changes.added)
