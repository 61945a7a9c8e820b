"""People nobody ever saw: rows of a gallery as a console seals them, with templates of random numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from edge.core.events import Json
from edge.core.gallery_rows import FaceRow, PersonRow, Secrets, about, written
from edge.core.wire_template import pack
from edge.keys.cipher import seal

MODEL = "virtual@000000000000"
DIMENSIONS = 256
AT_ONCE = 100
"""People of one request; their rows fit into one delta."""
_ADDED = datetime(2026, 1, 1, tzinfo=UTC)


def named(number: int) -> str:
    return f"p-{number:06}"


def batches(gallery: str, key: bytes, first: int, count: int) -> Iterator[list[Json]]:
    """The ops of requests: each a person with one face, 256 int8. key: of the gallery."""
    for start in range(first, first + count, AT_ONCE):
        ops: list[Json] = []
        for number in range(start, min(first + count, start + AT_ONCE)):
            ops += _of(gallery, key, number)
        yield ops


def _of(gallery: str, key: bytes, number: int) -> list[Json]:
    person = named(number)
    face = hashlib.sha256(person.encode()).hexdigest()[:24]
    vector = np.random.default_rng(number).standard_normal(DIMENSIONS).astype(np.float32)
    secrets = Secrets(f"Person {number}", f"tag {number}").to_bytes()
    template = pack(vector / np.linalg.norm(vector))
    return [
        written(PersonRow(person, seal(key, secrets, about(gallery, person)))),
        written(
            FaceRow(
                person, face, MODEL, seal(key, template, about(gallery, person, face, MODEL)), 900, _ADDED
            )
        ),
    ]
