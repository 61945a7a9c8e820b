"""What may be stored as an id, a name or a template."""

from __future__ import annotations

import math
import re

import numpy as np

from edge.core.face import Embedding, Vector
from edge.refusals import GalleryError, GroupIdIllegal, PersonIdIllegal

_ID = re.compile(r"[A-Za-z0-9%@#&_-]{1,64}")
_ID_RULE = "use 1 to 64 of the characters A-Z a-z 0-9 - % @ # & _"
_LONGEST_NAME = 200
_NORM_TOLERANCE = 0.01


def check_person_id(identifier: str) -> None:
    """Raises PersonIdIllegal."""
    if _ID.fullmatch(identifier) is None:
        raise PersonIdIllegal(f"person id {identifier[:80]!a} is not allowed; {_ID_RULE}")


def check_group_id(identifier: str) -> None:
    """Raises GroupIdIllegal."""
    if _ID.fullmatch(identifier) is None:
        raise GroupIdIllegal(f"group id {identifier[:80]!a} is not allowed; {_ID_RULE}")


def check_name(name: str) -> None:
    """Raises GalleryError. The message does not repeat the name."""
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise GalleryError(
            f"the name is too long or not printable; use at most {_LONGEST_NAME} printable characters"
        )


def check_embedding(embedding: Embedding) -> Vector:
    """The vector as float32 (D,). Raises GalleryError when it cannot be compared: wrong shape, norm not 1."""
    vector = np.asarray(embedding.vector, np.float32)
    if vector.ndim != 1 or not vector.size or not abs(float(np.linalg.norm(vector)) - 1) < _NORM_TOLERANCE:
        raise GalleryError(
            f"a template of {embedding.model} has shape {vector.shape} or a norm that is not 1; "
            "enroll that face again"
        )
    return vector


def check_quality(quality: float) -> None:
    """Raises GalleryError for what is not a number."""
    if not math.isfinite(quality):
        raise GalleryError(f"the quality of a face is {quality}; it must be 0 to 1")
