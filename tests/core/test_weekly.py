from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.weekly import DAY_MIN, Day, Weekly, minutes, weekly

MONDAY = datetime(2026, 5, 4, tzinfo=UTC)
WORK = weekly((Day.MONDAY, Day.FRIDAY), "08:00", "18:00")
NIGHT = weekly((Day.FRIDAY,), "22:00", "06:00")


def at(day, clock):
    """day: 0 is a Monday."""
    return MONDAY + timedelta(days=day, minutes=minutes(clock))


@pytest.mark.parametrize(
    ("day", "clock", "is_in"),
    [(0, "08:00", True), (0, "07:59", False), (0, "17:59", True), (0, "18:00", False), (1, "12:00", False)],
)
def test_the_end_is_not_within(day, clock, is_in):
    assert WORK.covers(at(day, clock)) is is_in


@pytest.mark.parametrize(
    ("day", "clock", "is_in"),
    [(4, "21:59", False), (4, "22:00", True), (5, "05:59", True), (5, "06:00", False), (5, "22:00", False)],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(day, clock, is_in):
    assert NIGHT.covers(at(day, clock)) is is_in


def test_a_night_from_sunday_ends_on_monday():
    assert weekly((Day.SUNDAY,), "22:00", "06:00").covers(at(0, "05:00"))


def test_the_whole_day_has_no_hole():
    every = weekly(tuple(Day), "00:00", "24:00")
    assert all(every.covers(MONDAY + timedelta(minutes=step)) for step in range(0, 7 * DAY_MIN, 7))


def test_until_midnight_can_be_written_either_way():
    assert weekly((Day.MONDAY,), "20:00", "00:00") == weekly((Day.MONDAY,), "20:00", "24:00")


def test_the_clock_of_the_wall_decides_when_it_is_set_forward():
    berlin = ZoneInfo("Europe/Berlin")
    before, after = datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    early = weekly((Day.SUNDAY,), "00:00", "03:00")
    assert early.covers(before.astimezone(berlin))
    assert not early.covers(after.astimezone(berlin))


@pytest.mark.parametrize("wrong", ["8:00", "24:01", "12:60", "25:00", "noon", "", "12:00:00", "-1:00"])
def test_what_is_no_time_of_day_is_refused(wrong):
    with pytest.raises(ValueError, match="HH:MM"):
        minutes(wrong)


@pytest.mark.parametrize(
    ("days", "begin", "end"), [((), "08:00", "09:00"), ((Day.MONDAY,), "08:00", "08:00")]
)
def test_a_time_that_never_is_is_refused(days, begin, end):
    with pytest.raises(ValueError, match=r"day|begins"):
        weekly(days, begin, end)


@settings(deadline=None)
@given(st.sets(st.sampled_from(Day), min_size=1), st.integers(0, 1439), st.integers(1, 1440))
def test_a_week_has_as_many_minutes_as_the_days_say(days, begin, end):
    if begin == end:
        return
    when = Weekly(frozenset(days), begin, end)
    length = (end - begin) % DAY_MIN or DAY_MIN
    covered = sum(when.covers(MONDAY + timedelta(minutes=step)) for step in range(0, 7 * DAY_MIN, 5))
    assert abs(covered - len(days) * length / 5) <= 2 * len(days)
