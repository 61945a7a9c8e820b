"""Those who manage groups, people and their faces, over the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from edge.app.wiring import Roster, gallery_limits, open_roster
from edge.service.enrollment import Enroller
from edge.service.groups import GroupKeeper
from edge.service.people import PersonKeeper
from edge.service.uploads import FaceUploads
from edge.settings import Settings


@dataclass(frozen=True, slots=True)
class Keepers:
    """Of one store."""

    groups: GroupKeeper
    people: PersonKeeper


@contextmanager
def open_keepers(settings: Settings) -> Iterator[Keepers]:
    """Open the store for those who need no network. Raises StoreError."""
    with open_roster(settings) as roster:
        yield keepers(settings, roster)


def keepers(settings: Settings, roster: Roster) -> Keepers:
    limits = gallery_limits(settings)
    groups = GroupKeeper(roster.gallery, roster.groups, limits, _utc)
    return Keepers(groups, PersonKeeper(roster.gallery, roster.groups, groups, limits))


def uploads(settings: Settings, roster: Roster, enroller: Enroller) -> FaceUploads:
    return FaceUploads(roster.gallery, enroller.examine, gallery_limits(settings), _utc)


def _utc() -> datetime:
    return datetime.now(UTC)
