"""What a device offers the hub: people enrolled here, as sealed rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from edge.core.face import ModelId
from edge.core.gallery_rows import FaceRow, PersonRow, Secrets, about
from edge.core.gallery_sync import Offer
from edge.core.person import EnrolledFace, PersonRecord
from edge.core.wire_template import pack

Seal: TypeAlias = Callable[[bytes, bytes], bytes]
"""What is to be sealed, and what it is about -> sealed."""


def offer_of(record: PersonRecord, gallery: str, model: ModelId, seal: Seal) -> Offer:
    """The rows of a person with the faces of a model; times are cut to milliseconds."""
    person = record.person
    secrets = Secrets(person.name, person.tag, person.gender).to_bytes()
    row = PersonRow(
        person.id,
        seal(secrets, about(gallery, person.id)),
        tuple(sorted(record.groups)),
        person.revoked,
        _cut(person.valid_from),
        _cut(person.valid_until),
    )
    faces = (_face(face, gallery, model, seal) for face in record.faces)
    return Offer(gallery, (row, *(face for face in faces if face is not None)))


def _face(enrolled: EnrolledFace, gallery: str, model: ModelId, seal: Seal) -> FaceRow | None:
    vector = next((one.vector for one in enrolled.templates if one.model == model), None)
    if vector is None:
        return None
    face = enrolled.face
    sealed = seal(pack(vector), about(gallery, face.person, face.id, model))
    quality = min(1000, max(0, round(face.quality * 1000)))
    return FaceRow(face.person, face.id, model, sealed, quality, _cut(face.added) or face.added)


def _cut(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(microsecond=at.microsecond // 1000 * 1000)
