"""How much a device takes: lengths and numbers of what it stores and of what is asked of it.

The defaults are those of comparable services; where two differ, the default is the one for a device and
the other is as far as the configuration goes (`settings.LimitSettings`).
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.refusals import LimitTooLarge, OffsetTooLarge

FIELDS_PER_GROUP = 5


@dataclass(frozen=True, slots=True)
class GalleryLimits:
    """Lengths are in characters, everything else counts.

    name_length: of people and groups. field_length, value_length: of a group's custom description fields,
    and of what is written there of a person. uploads: faces added by one request. page: rows of one list.
    search_people: people or faces that one search may return. search_faces: faces it may look through.
    """

    id_length: int = 64
    name_length: int = 60
    tag_length: int = 40
    field_length: int = 30
    value_length: int = 60
    fields: int = FIELDS_PER_GROUP
    groups: int = 5_000
    groups_per_person: int = 100
    groups_per_request: int = 100
    people_per_group: int = 20_000
    faces_per_person: int = 20
    faces_per_group: int = 3_000_000
    faces: int = 3_000_000
    uploads: int = 4
    page: int = 1_000
    search_people: int = 100
    search_faces: int = 3_000_000


DEFAULT_LIMITS = GalleryLimits()
WIDEST_TEXT = GalleryLimits(name_length=200, tag_length=200, field_length=200, value_length=200)
"""What any configuration may have allowed: what another device, or another day, took is taken."""


def check_page(offset: int, limit: int, total: int, limits: GalleryLimits) -> None:
    """Refuse a page that cannot be asked for. total: rows of the whole list.

    A page that begins right at the end is empty, not refused. Raises LimitTooLarge, OffsetTooLarge.
    """
    if not 1 <= limit <= limits.page:
        raise LimitTooLarge(f"a limit of {limit} is not allowed; ask for 1 to {limits.page} at a time")
    if not 0 <= offset <= total:
        raise OffsetTooLarge(f"an offset of {offset} is not in the list; give one of 0 to {total}")
