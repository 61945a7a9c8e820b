"""People in a file that may travel: encrypted, and refused when a single byte of it was changed.

Layout: the magic `OSTIARY1`, a 16-byte salt, a 12-byte nonce, then AES-256-GCM over zlib-compressed
JSON. The key comes from the passphrase through scrypt (N = 2**15, r = 8, p = 1; RFC 7914).
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from edge.core.face import Embedding, ModelId, PersonId
from edge.core.person import EnrolledFace, FaceId, FaceRecord, GroupId, Person, PersonRecord
from edge.errors import StoreCorrupt

MAGIC = b"OSTIARY1"
_SALT, _NONCE = 16, 12
_MAX_JSON_BYTES = 2_000_000_000


def seal(
    records: Iterable[PersonRecord], passphrase: str, random: Callable[[int], bytes] = os.urandom
) -> bytes:
    """Encrypt people under a passphrase. random: gives that many unpredictable bytes."""
    salt, nonce = random(_SALT), random(_NONCE)
    plain = zlib.compress(json.dumps([_to_json(record) for record in records]).encode(), 6)
    return MAGIC + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, plain, MAGIC)


def unseal(data: bytes, passphrase: str) -> list[PersonRecord]:
    """Decrypt what `seal` made. Raises StoreCorrupt for a wrong passphrase or a damaged file."""
    start = len(MAGIC) + _SALT + _NONCE
    if not is_archive(data) or len(data) < start:
        raise StoreCorrupt("this is not an export of Ostiary; give a file that 'ostiary person export' wrote")
    salt, nonce = data[len(MAGIC) : len(MAGIC) + _SALT], data[start - _NONCE : start]
    try:
        packed = AESGCM(_key(passphrase, salt)).decrypt(nonce, data[start:], MAGIC)
    except InvalidTag:
        raise StoreCorrupt("wrong passphrase, or the export is damaged; try again or export anew") from None
    plain = zlib.decompressobj().decompress(packed, _MAX_JSON_BYTES)
    return [_from_json(one) for one in json.loads(plain)]


def is_archive(data: bytes) -> bool:
    """Whether a file that begins so was made by `seal`."""
    return data.startswith(MAGIC)


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
        "groups": list(record.groups),
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
    return PersonRecord(person, tuple(GroupId(group) for group in one["groups"]), faces)
