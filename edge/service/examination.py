"""Which pictures of a person can be enrolled, which are known, and which are refused and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edge.core.face import Embedding, Face
from edge.core.frame import Image
from edge.core.quality import Quality
from edge.core.same_picture import is_same_picture
from edge.errors import OstiaryError, PictureError


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """One face that is good enough to enroll."""

    face: Face
    quality: Quality
    embedding: Embedding


@dataclass(frozen=True, slots=True)
class Refused:
    """A picture that was not enrolled. reason: one line for a person. error: the refusal itself."""

    source: str
    reason: str
    error: OstiaryError


@dataclass(frozen=True, slots=True, eq=False)
class SortedPictures:
    """By the names of the pictures. known: those that were enrolled before, or come twice."""

    accepted: tuple[tuple[str, Examined], ...]
    known: tuple[str, ...]
    refused: tuple[Refused, ...]


def sort_pictures(
    pictures: Iterable[tuple[str, Callable[[], Image]]],
    examine: Callable[[Image], Examined],
    enrolled: Sequence[Embedding],
) -> SortedPictures:
    """Examine pictures, each a name and a function that loads it, of somebody with these templates.

    examine: raises PictureError for a picture that cannot be used.
    """
    theirs = list(enrolled)
    accepted: list[tuple[str, Examined]] = []
    known: list[str] = []
    refused: list[Refused] = []
    for source, load in pictures:
        try:
            examined = examine(load())
        except PictureError as error:
            refused.append(Refused(source, str(error), error))
            continue
        if is_same_picture(examined.embedding, theirs):
            known.append(source)
        else:
            accepted.append((source, examined))
            theirs.append(examined.embedding)
    return SortedPictures(tuple(accepted), tuple(known), tuple(refused))
