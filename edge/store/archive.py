"""People and groups in a file that may travel: encrypted, and refused when a single byte of it was changed.

Layout: the magic `OSTIARY2`, a 16-byte salt, a 12-byte nonce, then AES-256-GCM over zlib-compressed
JSON. The key comes from the passphrase through scrypt (N = 2**15, r = 8, p = 1; RFC 7914). Files that begin
with `OSTIARY1` hold people only, without gender, tag and descriptions; they are read too.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from edge.core.face import Embedding, ModelId, PersonId
from edge.core.person import (
    Description,
    EnrolledFace,
    FaceId,
    FaceRecord,
    Group,
    GroupId,
    Person,
    PersonRecord,
    RecordedGender,
)
from edge.errors import StoreCorrupt

MAGIC = b"OSTIARY2"
_FIRST_MAGIC = b"OSTIARY1"
_SALT, _NONCE = 16, 12
_MAX_JSON_BYTES = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Archive:
    """What an export holds. groups: those of its people, and others."""

    people: tuple[PersonRecord, ...]
    groups: tuple[Group, ...] = ()


def seal(archive: Archive, passphrase: str, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Encrypt people and groups under a passphrase. random: gives that many unpredictable bytes."""
    salt, nonce = random(_SALT), random(_NONCE)
    content = {
        "groups": [_group_to_json(group) for group in archive.groups],
        "people": [_to_json(record) for record in archive.people],
    }
    plain = zlib.compress(json.dumps(content).encode(), 6)
    return MAGIC + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, plain, MAGIC)


def unseal(data: bytes, passphrase: str) -> Archive:
    """Decrypt what `seal` made. Raises StoreCorrupt for a wrong passphrase or a damaged file."""
    start = len(MAGIC) + _SALT + _NONCE
    if not is_archive(data) or len(data) < start:
        raise StoreCorrupt("this is not an export of Ostiary; give a file that 'ostiary person export' wrote")
    salt, nonce = data[len(MAGIC) : len(MAGIC) + _SALT], data[start - _NONCE : start]
    try:
        packed = AESGCM(_key(passphrase, salt)).decrypt(nonce, data[start:], data[: len(MAGIC)])
    except InvalidTag:
        raise StoreCorrupt("wrong passphrase, or the export is damaged; try again or export anew") from None
    plain = zlib.decompressobj().decompress(packed, _MAX_JSON_BYTES)
    content = json.loads(plain)
    if data.startswith(_FIRST_MAGIC):
        content = {"people": content, "groups": []}
    return Archive(
        tuple(_from_json(one) for one in content["people"]),
        tuple(_group_from_json(one) for one in content["groups"]),
    )


def is_archive(data: bytes) -> bool:
    """Whether a file that begins so was made by `seal`."""
    return data.startswith((MAGIC, _FIRST_MAGIC))


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())


def _to_json(record: PersonRecord) -> dict[str, Any]:
    person = record.person
    return {
        "id": person.id,
        "name": person.name,
        "created": person.created.isoformat(),
        "valid_from": person.valid_from and person.valid_from.isoformat(),
        "valid_until": person.valid_until and person.valid_until.isoformat(),
        "revoked": person.revoked,
        "gender": int(person.gender),
        "tag": person.tag,
        "groups": list(record.groups),
        "descriptions": [[one.group, one.field, one.text] for one in record.descriptions],
        "faces": [
            {
                "id": face.face.id,
                "added": face.face.added.isoformat(),
                "quality": face.face.quality,
                "source": face.face.source,
                "templates": {
                    template.model: base64.b64encode(template.vector.astype("<f4").tobytes()).decode()
                    for template in face.templates
                },
            }
            for face in record.faces
        ],
    }


def _from_json(one: dict[str, Any]) -> PersonRecord:
    person_id = PersonId(one["id"])
    person = Person(
        id=person_id,
        name=one["name"],
        created=datetime.fromisoformat(one["created"]),
        valid_from=one["valid_from"] and datetime.fromisoformat(one["valid_from"]),
        valid_until=one["valid_until"] and datetime.fromisoformat(one["valid_until"]),
        revoked=one["revoked"],
        gender=RecordedGender(one.get("gender", 0)),
        tag=one.get("tag", ""),
    )
    faces = tuple(
        EnrolledFace(
            FaceRecord(
                FaceId(face["id"]),
                person_id,
                datetime.fromisoformat(face["added"]),
                face["quality"],
                face["source"],
            ),
            tuple(
                Embedding(np.frombuffer(base64.b64decode(vector), "<f4").astype(np.float32), ModelId(model))
                for model, vector in face["templates"].items()
            ),
        )
        for face in one["faces"]
    )
    return PersonRecord(
        person,
        tuple(GroupId(group) for group in one["groups"]),
        faces,
        tuple(Description(GroupId(group), field, text) for group, field, text in one.get("descriptions", ())),
    )


def _group_to_json(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "created": group.created.isoformat(),
        "tag": group.tag,
        "fields": list(group.fields),
    }


def _group_from_json(one: dict[str, Any]) -> Group:
    created = datetime.fromisoformat(one["created"])
    return Group(GroupId(one["id"]), one["name"], created, one["tag"], tuple(one["fields"]))
