"""The rows a gallery consists of on the wire, and what a delta does with them.

A row is one person or one face; what tells of a human (name, tag, gender, template) is sealed in it. Each
row has exactly one spelling: its canonical JSON, whose SHA-256 is its digest. See GALLERY_SYNC.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import TypeAlias

from edge.core.canonical import canonical
from edge.core.envelope import to_timestamp
from edge.core.events import Json
from edge.core.legality import check_group_id, check_person_id, gender
from edge.core.limits import WIDEST_TEXT
from edge.core.merkle import bucket_of
from edge.core.person import RecordedGender
from edge.errors import MessageMalformed
from edge.refusals import GalleryError, ParameterMissing

Key: TypeAlias = tuple[str, str]
"""Person and face; the face is "" for the row of the person."""
MOST_SEALED = 24_000
"""Bytes of one sealed part."""
_MOST_GROUPS = 100
_PERSON_KEYS = frozenset(("op", "person", "sealed", "groups", "revoked"))
_TIMES = frozenset(("valid_from", "valid_until"))
_FACE_KEYS = frozenset(("op", "person", "face", "model", "sealed", "quality", "added"))
_PER_MILLE = 1000


@dataclass(frozen=True, slots=True)
class PersonRow:
    """sealed: of `Secrets`. groups: ids, rising, each once. Times: aware UTC, whole milliseconds."""

    person: str
    sealed: bytes = field(repr=False)
    groups: tuple[str, ...] = ()
    revoked: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    @property
    def key(self) -> Key:
        return self.person, ""


@dataclass(frozen=True, slots=True)
class FaceRow:
    """model: id of the model that made the template. sealed: of the packed template. quality: per mille.
    added: aware UTC, whole milliseconds."""

    person: str
    face: str
    model: str
    sealed: bytes = field(repr=False)
    quality: int
    added: datetime

    @property
    def key(self) -> Key:
        return self.person, self.face


@dataclass(frozen=True, slots=True)
class Removal:
    """Of a face; without one, of the person with all faces."""

    person: str
    face: str = ""

    @property
    def key(self) -> Key:
        return self.person, self.face


Row: TypeAlias = PersonRow | FaceRow
Op: TypeAlias = PersonRow | FaceRow | Removal
"""What a delta says of one row: it is now so, or it is gone."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is sealed of a person."""

    name: str = field(repr=False)
    tag: str = field(default="", repr=False)
    gender: RecordedGender = RecordedGender.NOT_SAID

    def to_bytes(self) -> bytes:
        return canonical({"name": self.name, "tag": self.tag, "gender": int(self.gender)})

    @classmethod
    def from_bytes(cls, opened: bytes) -> Secrets:
        """Raises MessageMalformed, and says nothing of what is in it."""
        try:
            read = json.loads(opened)
            name, tag, number = read["name"], read["tag"], read["gender"]
            if len(read) == 3 and isinstance(name, str) and isinstance(tag, str) and type(number) is int:
                return cls(name, tag, gender(number))
        except (ValueError, KeyError, TypeError, RecursionError, GalleryError):
            pass
        raise MessageMalformed("what is sealed of a person cannot be read; put the person again")


def about(gallery: str, person: str, face: str = "", model: str = "") -> bytes:
    """What a sealed part is bound to, so that it opens in no other row."""
    return canonical([gallery, person, face, model])


def person_hash(gallery: str, person: str) -> str:
    """How a receipt names somebody who is no longer known: SHA-256 of both ids, 64 hexadecimal digits."""
    return hashlib.sha256(canonical([gallery, person])).hexdigest()


def order(key: Key) -> tuple[int, str, str]:
    """Rows are sorted by this: by bucket, person and face. The person's own row comes before the faces."""
    return bucket_of(key[0]), *key


def written(op: Op) -> dict[str, Json]:
    """The JSON object of an op; `read_op` reads it back."""
    match op:
        case PersonRow():
            times = {"valid_from": op.valid_from, "valid_until": op.valid_until}
            return {
                "op": "put",
                "person": op.person,
                "sealed": _base64(op.sealed),
                "groups": [*op.groups],
                "revoked": op.revoked,
                **{key: to_timestamp(at) for key, at in times.items() if at is not None},
            }
        case FaceRow():
            return {
                "op": "put",
                "person": op.person,
                "face": op.face,
                "model": op.model,
                "sealed": _base64(op.sealed),
                "quality": op.quality,
                "added": to_timestamp(op.added),
            }
        case Removal():
            face: dict[str, Json] = {"face": op.face} if op.face else {}
            return {"op": "del", "person": op.person, **face}


def line(row: Row) -> bytes:
    """The row's one spelling, as a snapshot has it."""
    return canonical(written(row))


def digest(row: Row) -> bytes:
    """32 bytes; of a row of a snapshot simply the SHA-256 of its line."""
    return hashlib.sha256(line(row)).digest()


def read_op(value: Json) -> Op:
    """Read one op. Raises MessageMalformed for anything but the one spelling of a legal one."""
    if isinstance(value, dict) and value.get("op") == "del" and value.keys() <= {"op", "person", "face"}:
        face = identifier(value["face"], "face") if "face" in value else ""
        return Removal(identifier(value.get("person"), "person"), face)
    return read_row(value)


def read_row(value: Json) -> Row:
    """Read an op that puts a row. Raises MessageMalformed."""
    if not isinstance(value, dict) or value.get("op") != "put":
        raise MessageMalformed("an op of a gallery is neither a put nor a del; correct it")
    keys = value.keys()
    if _PERSON_KEYS <= keys <= _PERSON_KEYS | _TIMES:
        return _person(value)
    if keys == _FACE_KEYS:
        return _face(value)
    raise MessageMalformed("a put has the keys neither of a person nor of a face; correct it")


def identifier(value: Json, what: str) -> str:
    """The id of a person, a face or a group. Raises MessageMalformed."""
    try:
        if isinstance(value, str):
            check_person_id(value, WIDEST_TEXT)
            return value
    except (GalleryError, ParameterMissing):
        pass
    raise MessageMalformed(f"the id of a {what} is not 1 to 64 of A-Z a-z 0-9 - % @ # & _; correct it")


def _person(value: dict[str, Json]) -> PersonRow:
    revoked = value["revoked"]
    if not isinstance(revoked, bool):
        raise MessageMalformed("'revoked' of a person is not true or false; correct it")
    return PersonRow(
        identifier(value["person"], "person"),
        _sealed(value["sealed"]),
        _groups(value["groups"]),
        revoked,
        _time(value["valid_from"]) if "valid_from" in value else None,
        _time(value["valid_until"]) if "valid_until" in value else None,
    )


def _face(value: dict[str, Json]) -> FaceRow:
    quality = value["quality"]
    if type(quality) is not int or not 0 <= quality <= _PER_MILLE:
        raise MessageMalformed("the quality of a face is not a whole number of 0 to 1000; correct it")
    return FaceRow(
        identifier(value["person"], "person"),
        identifier(value["face"], "face"),
        model_id(value["model"]),
        _sealed(value["sealed"]),
        quality,
        _time(value["added"]),
    )


def model_id(value: Json) -> str:
    """Raises MessageMalformed."""
    if isinstance(value, str) and 0 < len(value) <= 128 and value.isascii() and value.isprintable():
        return value
    raise MessageMalformed("the id of a model is not 1 to 128 printable ASCII characters; correct it")


def _groups(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MOST_GROUPS:
        raise MessageMalformed(f"the groups of a person are not a list of at most {_MOST_GROUPS}; correct it")
    groups = tuple(_group(one) for one in value)
    if any(first >= second for first, second in pairwise(groups)):
        raise MessageMalformed("the groups of a person are not sorted, or one is there twice; sort them")
    return groups


def _group(value: Json) -> str:
    try:
        if isinstance(value, str):
            check_group_id(value, WIDEST_TEXT)
            return value
    except (GalleryError, ParameterMissing):
        pass
    raise MessageMalformed("the id of a group is not 1 to 64 of A-Z a-z 0-9 - % @ # & _; correct it")


def _time(value: Json) -> datetime:
    if isinstance(value, str) and len(value) == len("2026-11-20T12:00:00.123Z"):
        try:
            at = datetime.fromisoformat(value).astimezone(UTC)
            if to_timestamp(at) == value:
                return at
        except (ValueError, OverflowError):
            pass
    raise MessageMalformed("a time in a row is not spelled as 2026-11-20T12:00:00.123Z; correct it")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _sealed(value: Json) -> bytes:
    if isinstance(value, str) and 0 < len(value) <= MOST_SEALED * 4 // 3 + 4:
        try:
            data = base64.b64decode(value, validate=True)
            if _base64(data) == value:
                return data
        except (binascii.Error, ValueError):
            pass
    raise MessageMalformed("a sealed part of a row is not base64 of a fitting length; put the row again")
