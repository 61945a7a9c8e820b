"""Whom a face is most like, and whether that is enough to name it.

Open set: a face is nobody until its similarity reaches the threshold *and* leaves every other person
behind by the margin. Outcomes that name nobody carry no name, so that none can leave the device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge.core.face import PersonId

NOBODY_ELSE = -1.0
"""The similarity that the next person counts with when there is no other: the least a cosine can be."""


@dataclass(frozen=True, slots=True)
class Match:
    """The most similar person. similarity: cosine -1..1. margin: similarity minus that of the most
    similar *other* person, 0..2."""

    person: PersonId
    similarity: float
    margin: float


@dataclass(frozen=True, slots=True)
class Matched:
    """The face is this person's."""

    person: PersonId
    similarity: float
    margin: float


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Similar enough to somebody, but to more than one person, or another face has the better claim."""

    similarity: float
    margin: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """Similar enough to nobody. similarity: of the nearest miss, None when the gallery is empty."""

    similarity: float | None


Identity: TypeAlias = Matched | Ambiguous | Unknown


def best(similarities: NDArray[np.float32], owners: NDArray[np.int32]) -> tuple[int, float, float] | None:
    """Find the best owner of one probe.

    similarities: float32 (N,), to every template. owners: int32 (N,), which person each template belongs
    to. Returns (owner, similarity, margin), None when N is 0 or a similarity is not a number.
    """
    if similarities.size == 0:
        return None
    first = int(np.argmax(similarities))
    if not math.isfinite(similarities[first]):
        return None
    similarity = min(1.0, float(similarities[first]))
    owner = int(owners[first])
    next_best = float(np.max(similarities, where=owners != owner, initial=np.float32(NOBODY_ELSE)))
    return owner, similarity, max(0.0, similarity - next_best)


def judge(match: Match | None, *, threshold: float, margin: float) -> Identity:
    """Name a face, or not. Figures that are not numbers name nobody."""
    if match is None:
        return Unknown(None)
    if not match.similarity >= threshold:
        return Unknown(match.similarity)
    if not match.margin >= margin:
        return Ambiguous(match.similarity, match.margin)
    return Matched(match.person, match.similarity, match.margin)


def agrees(own: Match | None, whole: Match | None, *, least: float) -> bool:
    """Whether a frame alone is most like the same person as the template of its track is, and enough."""
    return own is not None and whole is not None and own.person == whole.person and own.similarity >= least


def assign(matches: Sequence[Match | None], *, threshold: float, margin: float) -> list[Identity]:
    """Name all faces of one frame, in the order given; nobody is there twice.

    Where several faces are the same person the most similar one keeps the name and the others become
    Ambiguous; where two are equally similar, all of them do.
    """
    identities = [judge(match, threshold=threshold, margin=margin) for match in matches]
    claims: dict[PersonId, list[float]] = {}
    for identity in identities:
        if isinstance(identity, Matched):
            claims.setdefault(identity.person, []).append(identity.similarity)
    return [_contested(identity, claims) for identity in identities]


def _contested(identity: Identity, claims: dict[PersonId, list[float]]) -> Identity:
    if not isinstance(identity, Matched):
        return identity
    claimed = claims[identity.person]
    strongest = max(claimed)
    if identity.similarity == strongest and claimed.count(strongest) == 1:
        return identity
    return Ambiguous(identity.similarity, identity.margin)
