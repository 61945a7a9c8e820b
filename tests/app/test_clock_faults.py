"""A clock that is wrong by hours, or jumps: of the device, or of whoever commands it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.app.test_lost_time import LateDoor


@pytest.fixture
def door(tmp_path):
    made = LateDoor(tmp_path)
    made.learn_the_time()
    yield made
    made.site.database.close()


def unlock(door, number, **more):
    command = door.command("door.unlock", {"door": "main", "seconds": 1}, exp=25, number=number, **more)
    return door.send(command)[-1]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("days", [1, 100, 4000])
def test_a_clock_that_was_ahead_for_a_while_shuts_no_commands_out(door, days, restarts):
    assert unlock(door, 1)["status"] == "succeeded"
    door.learn_the_time(after=timedelta(days=days))
    door.learn_the_time(after=timedelta(days=-days, minutes=5))
    if restarts:
        door.restart(is_set=True)
    assert unlock(door, 2)["status"] == "succeeded"
    # What was carried out before is not carried out again by that.
    again = unlock(door, 1, at=door.world - timedelta(minutes=5))
    assert again["status"] == "expired" or again["repeated"]
    assert door.desk.moves.count("unlock") == (1 if restarts else 2)


@pytest.mark.parametrize(
    ("hours", "reason"),
    [(2, "expiry_too_far"), (0.01, "expiry_too_far"), (-2, "expired"), (-0.01, "expired")],
)
def test_an_operator_with_a_wrong_clock_opens_nothing_and_is_told_of_the_clock(door, hours, reason):
    answer = unlock(door, 1, at=door.world + timedelta(hours=hours))
    assert answer["reason"] == reason
    assert "clock" in answer["text"]
    assert door.desk.moves == []
