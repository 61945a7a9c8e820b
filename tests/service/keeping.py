"""Keepers over a real store, and faces that need no network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from edge.core.face import Embedding, PersonId
from edge.core.frame import Image
from edge.core.limits import GalleryLimits
from edge.core.person import Person
from edge.core.quality import Quality
from edge.errors import NoFace
from edge.service.examination import Examined
from edge.service.groups import GroupKeeper
from edge.service.people import PersonKeeper
from edge.service.uploads import FaceUploads
from edge.store.database import Database
from edge.store.gallery import Gallery
from edge.store.groups import Groups
from tests.factories import NOON, a_face, a_template


@dataclass(frozen=True, slots=True)
class Desk:
    gallery: Gallery
    groups: GroupKeeper
    people: PersonKeeper
    uploads: FaceUploads


def desk(database: Database, **limits: int) -> Desk:
    taken = GalleryLimits(**limits)
    gallery, groups = Gallery(database, taken), Groups(database, taken)
    keeper = GroupKeeper(gallery, groups, taken, utc)
    people = PersonKeeper(gallery, groups, keeper, taken)
    return Desk(gallery, keeper, people, FaceUploads(gallery, examine, taken, utc))


def utc() -> datetime:
    return NOON


def somebody(identifier: str = "ada", name: str = "Ada") -> Person:
    return Person(PersonId(identifier), name, NOON)


def picture(seed: int) -> tuple[str, object]:
    """A picture of one face; equal numbers are equal pictures, 0 shows nobody."""
    return f"{seed}.jpg", lambda: np.full((2, 2, 3), seed, np.uint8)


def examine(image: Image) -> Examined:
    seed = int(image[0, 0, 0])
    if seed == 0:
        raise NoFace("no face found; use another picture")
    return examined(a_template(seed))


def examined(template: Embedding) -> Examined:
    return Examined(a_face(), Quality(0.9, ()), template)
