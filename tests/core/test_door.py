import math

import pytest

from edge.core.decision import Reason
from edge.core.door import Door, durable_postures, level_state, may_grant, restore
from edge.core.effects import Relock, Report, Unlock
from edge.core.events import EventClass
from edge.core.posture import Posture, Source
from edge.core.stimuli import (
    ClearPosture,
    ContactReading,
    Grant,
    SelfTestFailed,
    SelfTestPassed,
    SetPosture,
    Stopped,
    TamperReading,
    Tick,
)
from edge.core.strike import StrikeState
from tests.core.doors import CONFIG, HOLD, LOCKDOWN, OTHER, RECEIPT, moves, run, types, working


@pytest.mark.parametrize("events", [(), ((0.0, SelfTestFailed("lock")),)], ids=["init", "fault"])
def test_a_door_that_has_not_passed_its_self_test_refuses(events):
    door, effects = run(*events, (1.0, Grant(RECEIPT)))
    assert not door.is_unlocked
    assert effects == (Report("door.refused", {"decision": "d1", "reason": "deny_fault"}),)


def test_the_self_test_moves_nothing():
    assert moves(run((0.0, SelfTestPassed()))[1]) == []


def test_a_grant_unlocks_with_its_receipt_and_locks_at_its_deadline():
    door, effects = run((1.0, Grant(RECEIPT)), door=working())
    assert effects[0] == Unlock(RECEIPT)
    assert types(effects) == ["door.unlocked"]
    assert run((5.999, Tick()), door=door)[0].is_unlocked
    locked, effects = run((6.0, Tick()), door=door)
    assert effects == (Relock(), Report("door.locked", {"cause": "timeout"}))
    assert not locked.is_unlocked


def test_a_late_message_locks_before_it_is_taken():
    door, _ = run((1.0, Grant(RECEIPT)), door=working())
    _, effects = run((9.0, Grant(OTHER)), door=door)
    assert moves(effects) == [Relock(), Unlock(OTHER)]


def test_a_second_grant_extends_without_an_edge():
    door, effects = run((1.0, Grant(RECEIPT)), (3.0, Grant(OTHER)), door=working())
    assert moves(effects) == []
    assert door.strike.deadline == 8.0


def test_a_shorter_second_grant_does_not_shorten():
    door, _ = run((1.0, Grant(RECEIPT, seconds=20.0)), (3.0, Grant(OTHER)), door=working())
    assert door.strike.deadline == 21.0


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan])
def test_a_grant_for_no_time_cannot_be_made(seconds):
    with pytest.raises(ValueError, match="more than 0 seconds"):
        Grant(RECEIPT, seconds)


def test_an_endless_grant_is_limited():
    door, _ = run((1.0, Grant(RECEIPT, seconds=math.inf)), door=working())
    assert door.strike.deadline == 601.0


@pytest.mark.parametrize(
    ("posture", "reason"),
    [(Posture.LOCKDOWN, Reason.DENY_LOCKDOWN), (Posture.DISABLED, Reason.DENY_DISABLED)],
)
def test_lockdown_and_disabled_beat_a_valid_grant(posture, reason):
    door, _ = run((1.0, SetPosture(Source.OPERATOR, posture)), door=working())
    assert may_grant(door, CONFIG, 1.0) is reason
    door, effects = run((2.0, Grant(RECEIPT)), door=door)
    assert not door.is_unlocked
    assert types(effects) == ["door.refused"]


def test_a_lockdown_locks_a_running_grant_at_once():
    _, effects = run((1.0, Grant(RECEIPT)), (2.0, LOCKDOWN), door=working())
    assert moves(effects) == [Relock()]


def test_a_lockdown_that_ends_by_itself_lets_people_in_again():
    timed = SetPosture(Source.OPERATOR, Posture.LOCKDOWN, until=10.0)
    door, _ = run((1.0, timed), door=working())
    assert may_grant(door, CONFIG, 9.9) is Reason.DENY_LOCKDOWN
    assert may_grant(door, CONFIG, 10.0) is None
    assert run((10.0, Grant(RECEIPT)), door=door)[0].is_unlocked


def test_a_posture_holds_the_strike_and_locks_when_it_leaves():
    door, effects = run((1.0, HOLD), door=working())
    assert moves(effects) == [Unlock(RECEIPT)]
    assert door.strike.state is StrikeState.HELD_OPEN
    _, effects = run((1000.0, Tick()), (1001.0, ClearPosture(Source.SCHEDULED)), door=door)
    assert moves(effects) == [Relock()]


def test_a_posture_set_before_the_self_test_holds_only_after_it():
    door, effects = run((0.0, HOLD))
    assert not door.is_unlocked
    assert moves(effects) == []
    assert moves(run((1.0, SelfTestPassed()), door=door)[1]) == [Unlock(RECEIPT)]


def test_a_lockdown_over_an_unlocked_posture_locks_and_gives_it_back():
    door, effects = run((1.0, HOLD), (2.0, LOCKDOWN), door=working())
    assert moves(effects) == [Relock()]
    assert moves(run((3.0, ClearPosture(Source.OPERATOR)), door=door)[1]) == [Unlock(RECEIPT)]


def test_unlocked_without_a_receipt_cannot_be_asked_for():
    with pytest.raises(ValueError, match="receipt"):
        SetPosture(Source.OPERATOR, Posture.UNLOCKED)


def test_a_stop_locks_an_unlocked_door_and_moves_no_other():
    unlocked, _ = run((1.0, Grant(RECEIPT)), door=working())
    door, effects = run((2.0, Stopped()), door=unlocked)
    assert effects == (Relock(), Report("door.locked", {"cause": "stop"}))
    assert may_grant(door, CONFIG, 2.0) is Reason.DENY_FAULT
    assert run((2.0, Stopped()), door=working())[1] == ()


def test_a_failed_self_test_locks_and_is_reported_once():
    door, effects = run((1.0, Grant(RECEIPT)), (2.0, SelfTestFailed("lock")), door=working())
    assert moves(effects) == [Relock()]
    assert types(effects) == ["door.locked", "door.fault"]
    assert run((3.0, SelfTestFailed("lock")), door=door)[1] == ()


def test_time_never_runs_backwards():
    door, _ = run((1.0, Grant(RECEIPT)), (6.0, Tick()), (2.0, Grant(OTHER)), door=working())
    assert door.strike.deadline == 11.0


def test_a_restart_keeps_the_lockdown_and_drops_the_unlock():
    held = SetPosture(Source.OPERATOR, Posture.UNLOCKED, receipt=RECEIPT)
    door, _ = run((1.0, held), door=working())
    assert durable_postures(door, 2.0) == ()
    door, _ = run((3.0, LOCKDOWN), door=door)
    again = restore(Door(), durable_postures(door, 4.0), 0.0)
    assert may_grant(run((0.0, SelfTestPassed()), door=again)[0], CONFIG, 0.0) is Reason.DENY_LOCKDOWN


def test_the_level_state_tells_what_the_door_is():
    door, _ = run(
        (1.0, ContactReading(open=True)), (2.0, LOCKDOWN), (3.0, TamperReading(True)), door=working()
    )
    assert level_state(door) == {
        "strike": "locked",
        "locked": True,
        "posture": "lockdown",
        "posture_source": "operator",
        "leaf": "forced",
        "forced": True,
        "held": False,
        "tamper": True,
        "fire": False,
    }


def test_reports_belong_to_the_classes_door_and_alarm():
    assert Report("door.unlocked").kind is EventClass.DOOR
    assert Report("alarm.forced").kind is EventClass.ALARM
