"""The people a gallery holds, the groups they are in and the faces they enrolled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from edge.core.face import Embedding, PersonId

GroupId = NewType("GroupId", str)
FaceId = NewType("FaceId", str)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be recognized.

    id: 1 to 64 of the characters A-Z a-z 0-9 - % @ # & _. name: at most 200 printable characters,
    shown to the operator and never published. Times are aware UTC; valid_from is inside the validity,
    valid_until outside, None is open-ended.
    """

    id: PersonId
    name: str
    created: datetime
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A set of people. id: as a person's. created: aware UTC."""

    id: GroupId
    name: str
    created: datetime


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
