"""Orders that change or list the people and groups of a device, read from the body of a command.

None of them carries a picture or a template, and no answer carries a name: a broker learns ids only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias

from edge.core.order_body import KEEP, LONGEST_LIST, Keep


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """fields: names of its custom description fields."""

    group: str
    name: str = ""
    tag: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModifyGroup:
    group: str
    name: str | Keep = KEEP
    tag: str | Keep = KEEP


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """with_people: and everybody who is in no other group."""

    group: str
    with_people: bool = False


@dataclass(frozen=True, slots=True)
class ListGroups:
    offset: int = 0
    limit: int = LONGEST_LIST


@dataclass(frozen=True, slots=True)
class ListPeople:
    """group: everybody when it is empty."""

    group: str = ""
    offset: int = 0
    limit: int = LONGEST_LIST


@dataclass(frozen=True, slots=True)
class CreatePerson:
    """Without a face: those are enrolled at the device."""

    person: str
    groups: tuple[str, ...]
    name: str = ""
    gender: int = 0
    tag: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ModifyPerson:
    """version: the one the change is meant for, as `person.show` tells it; any when not mentioned.
    A time that is null removes the limit."""

    person: str
    name: str | Keep = KEEP
    gender: int | Keep = KEEP
    tag: str | Keep = KEEP
    valid_from: datetime | Keep | None = KEEP
    valid_until: datetime | Keep | None = KEEP
    revoked: bool | Keep = KEEP
    version: int | Keep = KEEP


@dataclass(frozen=True, slots=True)
class RevokePerson:
    """The door refuses the person from now on, until `person.modify` says otherwise. epoch, version: of the
    gallery from which on the hub has it that way; 0 where it did not say."""

    person: str
    epoch: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class CopyPerson:
    person: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeaveGroup:
    person: str
    group: str


@dataclass(frozen=True, slots=True)
class DeletePeople:
    """With all their faces, from all groups."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShowPerson:
    person: str


GalleryOrder: TypeAlias = (
    CreateGroup
    | ModifyGroup
    | DeleteGroup
    | ListGroups
    | ListPeople
    | CreatePerson
    | ModifyPerson
    | RevokePerson
    | CopyPerson
    | LeaveGroup
    | DeletePeople
    | ShowPerson
)

GALLERY_ORDERS: MappingProxyType[str, type[GalleryOrder]] = MappingProxyType(
    {
        "group.create": CreateGroup,
        "group.modify": ModifyGroup,
        "group.delete": DeleteGroup,
        "group.list": ListGroups,
        "person.list": ListPeople,
        "person.create": CreatePerson,
        "person.modify": ModifyPerson,
        "person.copy": CopyPerson,
        "person.leave": LeaveGroup,
        "person.delete": DeletePeople,
        "person.show": ShowPerson,
        "gallery.revoke": RevokePerson,
    }
)
"""The types of the commands, and what each is read into."""
