"""How `ostiary fleet` reads what is typed, and shows what it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from edge.cli.fleet_config import nested
from edge.cli.fleet_events import event_line, told
from edge.cli.fleet_watch import unusual
from edge.cli.moments import ago, ahead
from edge.core.envelope import timestamp
from edge.errors import RequestRefused
from tests.cli.command import ostiary

MINUTE = timedelta(minutes=1)


def test_settings_are_nested_and_fractions_stay_text():
    assert nested(["door.unlock_s=4.5", "door.name=main", "log.level=debug", "a.b.c=[1, 0.5]", "a.d="]) == {
        "door": {"unlock_s": "4.5", "name": "main"},
        "log": {"level": "debug"},
        "a": {"b": {"c": [1, "0.5"]}, "d": None},
    }
    assert nested(['door.name="7"', "door.count=7", "door.on=true"]) == {
        "door": {"name": "7", "count": 7, "on": True}
    }


@pytest.mark.parametrize("word", ["unlock_s=4", "door.unlock_s", "door.=4", ".x=4", "=", ""])
def test_what_names_no_setting_is_refused(word):
    with pytest.raises(RequestRefused, match=r"SECTION\.KEY=VALUE"):
        nested([word])


def test_a_setting_inside_a_value_is_refused():
    with pytest.raises(RequestRefused, match="inside a value"):
        nested(["a.b=1", "a.b.c=2"])


def test_spans_are_counted_from_now():
    now = datetime.now(UTC)
    assert abs(timestamp(ahead("30m"), "") - now - 30 * MINUTE) < MINUTE
    assert abs(timestamp(ago("2h"), "") - now + 120 * MINUTE) < MINUTE


def test_times_are_taken_with_their_zone():
    assert ahead("2026-11-20T18:00:00+02:00") == "2026-11-20T16:00:00.000Z"
    assert ago("2026-11-20T18:00Z") == "2026-11-20T18:00:00.000Z"
    # A day alone begins at midnight here.
    assert timestamp(ahead("2026-11-20"), "") == datetime(2026, 11, 20).astimezone()


@pytest.mark.parametrize("text", ["soon", "", "30", "m", "-5m", "99999d", "٣m", "0001-01-01", "2026-13-01"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(RequestRefused, match="is no time"):
        ahead(text)


def test_of_a_door_only_what_is_unusual_is_shown():
    usual = {"posture": "secure", "strike": "locked", "leaf": "closed", "forced": False, "fire": False}
    assert unusual(usual) == unusual({}) == unusual({"leaf": "unknown"}) == []
    assert unusual({**usual, "leaf": "open", "forced": True}) == ["open", "forced"]
    assert unusual({**usual, "leaf": "held", "held": True}) == ["held"]
    assert unusual({**usual, "posture": "lockdown", "strike": "unlocked"}) == ["lockdown", "unlocked"]


def test_an_event_is_a_line():
    body = {"door": "main", "score": 0.4, "decision_id": "x", "factors": ["face"], "person": None, "n": 1}
    event = {"ts": "2026-11-20T18:00:01.123Z", "dev": "door-1", "type": "access.denied", "body": body}
    assert event_line(event) == "2026-11-20 18:00:01  door-1  access.denied  door=main n=1"
    assert told("no body") == ""


@pytest.mark.parametrize(
    "command",
    [
        "list",
        "watch",
        "unlock",
        "posture",
        "revoke",
        "identify",
        "restart",
        "selftest",
        "sync",
        "snapshot",
        "events",
        "alarms",
        "show",
        "forget",
        "acknowledge",
        "config show",
        "logs",
        "people add",
        "people list",
        "config set",
        "rollout start",
    ],
)
def test_every_command_helps_with_an_example(command):
    done = ostiary("fleet", *command.split(), "--help")
    assert done.code == 0
    assert f"ostiary fleet {command}" in " ".join(done.out.split())
