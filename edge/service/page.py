"""Lists in pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from edge.core.limits import GalleryLimits, check_page

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list of `total`, from the one numbered `offset` on."""

    total: int
    offset: int
    rows: tuple[Row, ...]


def page(
    offset: int, limit: int, total: int, limits: GalleryLimits, read: Callable[[int, int], Sequence[Row]]
) -> Page[Row]:
    """Read one page. read: offset, limit -> rows. Raises LimitTooLarge, OffsetTooLarge."""
    check_page(offset, limit, total, limits)
    return Page(total, offset, tuple(read(offset, limit)))
