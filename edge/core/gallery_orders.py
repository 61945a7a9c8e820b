"""Orders that change or list the people and groups of a device, read from the body of a command.

None of them carries a picture or a template, and no answer carries a name: a broker learns ids only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from edge.core.events import Json

LONGEST_LIST = 200
"""Ids of one answer: it has to fit into one message."""
_LONGEST_TEXT = 1000


class Keep(Enum):
    """What is not mentioned stays as it is."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


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
    """The door refuses the person from now on, until `person.modify` says otherwise."""

    person: str


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


class BadOrder(ValueError):
    """A body that is not the order its type says; the message is one line for its sender."""


def read_order(kind: type[GalleryOrder], body: dict[str, Json]) -> GalleryOrder:
    """Read the body of a command. Unknown keys, missing ones and values of another type raise BadOrder.

    Whether ids and texts are legal is decided by those who store them.
    """
    known = {field.name: field for field in fields(kind)}
    needed = {name for name, field in known.items() if field.default is MISSING}
    if not needed <= body.keys() <= known.keys():
        keys = ", ".join(name if name in needed else f"[{name}]" for name in known)
        raise BadOrder(f"the body must have the keys {keys}; those in brackets may be left out")
    values = {name: _READERS[str(known[name].type)](name, value) for name, value in body.items()}
    return kind(**values)


def _text(name: str, value: Json) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise BadOrder(f"{name} must be a text of at most {_LONGEST_TEXT} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadOrder(f"{name} has half a character, a lone surrogate; leave it out") from None
    return value


def _texts(name: str, value: Json) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > LONGEST_LIST:
        raise BadOrder(f"{name} must be a list of at most {LONGEST_LIST} texts")
    return tuple(_text(name, one) for one in value)


def _whole(name: str, value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise BadOrder(f"{name} must be a whole number, 0 or more")
    return value


def _truth(name: str, value: Json) -> bool:
    if not isinstance(value, bool):
        raise BadOrder(f"{name} must be true or false")
    return value


def _time(name: str, value: Json) -> datetime | None:
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        told = None if read is None or read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        told = None
    if told is None:
        raise BadOrder(f"{name} must be null or a time with its zone, like 2026-05-01T12:00:00Z")
    return told


_READERS: dict[str, Callable[[str, Json], Any]] = {
    "str": _text,
    "str | Keep": _text,
    "tuple[str, ...]": _texts,
    "int": _whole,
    "int | Keep": _whole,
    "bool": _truth,
    "bool | Keep": _truth,
    "datetime | None": _time,
    "datetime | Keep | None": _time,
}
"""By the annotation of the field."""
