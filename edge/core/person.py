"""The people a gallery holds, the groups they are in and the faces they enrolled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import NewType

from edge.core.face import Embedding, PersonId

GroupId = NewType("GroupId", str)
FaceId = NewType("FaceId", str)
Version = NewType("Version", int)
"""Of what is known of a person: another one after every change, never the same twice. 0: nothing is known."""


class RecordedGender(IntEnum):
    """What an operator recorded; no network has a say in it."""

    NOT_SAID = 0
    MALE = 1
    FEMALE = 2


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be recognized.

    id: 1 to 64 of the characters A-Z a-z 0-9 - % @ # & _. name, tag: printable characters, shown to the
    operator and never published. Times are aware UTC; valid_from is inside the validity, valid_until
    outside, None is open-ended.
    """

    id: PersonId
    name: str
    created: datetime
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: bool = False
    gender: RecordedGender = RecordedGender.NOT_SAID
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A set of people. id: as a person's. name: of this group alone. created: aware UTC. fields: names of
    up to 5 custom description fields, in their order."""

    id: GroupId
    name: str
    created: datetime
    tag: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """What a field of a group says of a person in it."""

    group: GroupId
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class GroupSize:
    """How many people are in a group, and how many faces they have."""

    people: int
    faces: int


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """One enrolled face. added: aware UTC. quality: 0..1. source: camera, or a file."""

    id: FaceId
    person: PersonId
    added: datetime
    quality: float
    source: str


@dataclass(frozen=True, slots=True)
class EnrolledFace:
    """A face with its templates, at most one for each model."""

    face: FaceRecord
    templates: tuple[Embedding, ...]


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """Everything the gallery knows of one person; what an export writes and an import reads."""

    person: Person
    groups: tuple[GroupId, ...] = ()
    faces: tuple[EnrolledFace, ...] = ()
    descriptions: tuple[Description, ...] = ()
