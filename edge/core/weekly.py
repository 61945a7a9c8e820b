"""Times that come again every week, on the clock of the wall."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

DAY_MIN: Final = 24 * 60
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")


class Day(StrEnum):
    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


_WEEK = tuple(Day)


@dataclass(frozen=True, slots=True)
class Weekly:
    """From one minute to another, on some days. begin, end: minutes since midnight, the end not within.

    An end at or before the begin is that of the next day: a night belongs to the day on which it begins.
    Raises ValueError where it is no time of a week.
    """

    days: frozenset[Day]
    begin: int
    end: int

    def __post_init__(self) -> None:
        if not self.days:
            raise ValueError("a weekly time needs at least one day")
        if not (0 <= self.begin < DAY_MIN and 0 < self.end <= DAY_MIN):
            raise ValueError(f"minutes {self.begin} to {self.end} are not within a day")
        if self.begin == self.end:
            raise ValueError("a weekly time must not end as it begins; a whole day is 00:00 to 24:00")

    def covers(self, local: datetime) -> bool:
        """local: the time on the wall."""
        minute, today = local.hour * 60 + local.minute, local.weekday()
        if self.begin < self.end:
            return _WEEK[today] in self.days and self.begin <= minute < self.end
        began_today = _WEEK[today] in self.days and minute >= self.begin
        return began_today or (_WEEK[today - 1] in self.days and minute < self.end)


def weekly(days: Iterable[Day], begin: str, end: str) -> Weekly:
    """From and to as "HH:MM", 00:00 to 24:00. Raises ValueError."""
    start, stop = minutes(begin), minutes(end)
    return Weekly(frozenset(days), start, stop or DAY_MIN)


def minutes(clock: str) -> int:
    """Minutes since midnight of "HH:MM". Raises ValueError."""
    found = _CLOCK.fullmatch(clock)
    if found is None or (count := int(found[1]) * 60 + int(found[2])) > DAY_MIN:
        raise ValueError(f"{clock!r} is no time of day; write it as HH:MM, 00:00 to 24:00")
    return count
