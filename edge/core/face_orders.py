"""Orders about the faces of people, and about pictures that a command brings.

Pictures are taken only where the device allows it, and no answer carries a picture, a template or a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from edge.core.events import Json
from edge.core.order_body import LONGEST_LIST, BadOrder, read_order

MOST_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class ListFaces:
    person: str
    offset: int = 0
    limit: int = LONGEST_LIST


@dataclass(frozen=True, slots=True)
class DeleteFaces:
    """Every person keeps at least one."""

    person: str
    faces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddFace:
    """image: the content of a picture of this person alone."""

    person: str
    image: bytes


@dataclass(frozen=True, slots=True)
class VerifyFace:
    """Whether a picture shows a person."""

    person: str
    image: bytes


@dataclass(frozen=True, slots=True)
class SearchFace:
    """Who a picture shows. groups: everybody when there are none. count: of candidates for each face."""

    image: bytes
    groups: tuple[str, ...] = ()
    count: int = 5


PictureOrder: TypeAlias = AddFace | VerifyFace | SearchFace
"""What needs the networks."""
FaceOrder: TypeAlias = ListFaces | DeleteFaces | PictureOrder

FACE_ORDERS: MappingProxyType[str, type[FaceOrder]] = MappingProxyType(
    {
        "face.list": ListFaces,
        "face.delete": DeleteFaces,
        "face.add": AddFace,
        "face.verify": VerifyFace,
        "face.search": SearchFace,
    }
)
"""The types of the commands, and what each is read into."""


def read_face_order(kind: type[FaceOrder], body: dict[str, Json], *, pictures: bool) -> FaceOrder:
    """Read the body of a command. pictures: whether commands may bring them. Raises BadOrder."""
    if kind in (AddFace, VerifyFace, SearchFace) and not pictures:
        raise BadOrder("this device takes no pictures; set fleet.pictures on it to allow it", "privacy")
    order = read_order(kind, body)
    match order:
        case SearchFace(count=count) if not 1 <= count <= MOST_CANDIDATES:
            raise BadOrder(f"count must be 1 to {MOST_CANDIDATES}")
        case ListFaces(limit=limit) if not 1 <= limit <= LONGEST_LIST:
            raise BadOrder(f"limit must be 1 to {LONGEST_LIST}")
    return order
