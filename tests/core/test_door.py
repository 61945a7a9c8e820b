import math
from dataclasses import replace

import pytest

from edge.core.decision import DecisionId, Reason, Receipt
from edge.core.door import Door, durable_postures, level_state, may_grant, restore, step
from edge.core.door_config import DoorConfig
from edge.core.effects import Relock, Report, Unlock
from edge.core.events import EventClass
from edge.core.leaf import LeafState
from edge.core.posture import Posture, Source
from edge.core.stimuli import (
    ClearPosture,
    ContactReading,
    FireReading,
    Grant,
    PeerReading,
    RequestToExit,
    SelfTestFailed,
    SelfTestPassed,
    SetPosture,
    Stopped,
    TamperReading,
    Tick,
)
from edge.core.strike import StrikeState

CONFIG = DoorConfig(unlock_s=5.0, grace_s=5.0, held_open_s=30.0, rex_window_s=8.0)
RECEIPT = Receipt(DecisionId("d1"))
OTHER = Receipt(DecisionId("d2"))
LOCKDOWN = SetPosture(Source.OPERATOR, Posture.LOCKDOWN)
HOLD = SetPosture(Source.SCHEDULED, Posture.UNLOCKED, receipt=RECEIPT)


def run(*timed, config=CONFIG, door=None):
    """Take (now, stimulus) pairs in turn; return the door and the effects of the last one."""
    effects = ()
    door = door or Door()
    for now, event in timed:
        door, effects = step(door, config, event, now)
    return door, effects


def working(config=CONFIG):
    return run((0.0, SelfTestPassed()), (0.1, ContactReading(open=False)), config=config)[0]


def types(effects):
    return [effect.type for effect in effects if isinstance(effect, Report)]


def moves(effects):
    return [effect for effect in effects if isinstance(effect, Unlock | Relock)]


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


def test_closing_behind_oneself_locks_at_once():
    door, effects = run(
        (1.0, Grant(RECEIPT)),
        (2.0, ContactReading(open=True)),
        (3.0, ContactReading(open=False)),
        door=working(),
    )
    assert moves(effects) == [Relock()]
    assert not door.is_unlocked


def test_closing_keeps_the_strike_unlocked_where_relock_on_close_is_off():
    config = replace(CONFIG, relock_on_close=False)
    door, _ = run(
        (1.0, Grant(RECEIPT)),
        (2.0, ContactReading(open=True)),
        (3.0, ContactReading(open=False)),
        config=config,
        door=working(config),
    )
    assert door.is_unlocked


def test_the_one_before_closing_the_door_does_not_lock_out_the_one_behind():
    door, _ = run(
        (1.0, Grant(RECEIPT)),
        (2.0, ContactReading(open=True)),
        (3.0, Grant(OTHER)),
        (3.5, ContactReading(open=False)),
        door=working(),
    )
    assert door.is_unlocked
    door, effects = run((4.0, ContactReading(open=True)), door=door)
    assert effects == (Report("door.entered", {"decision": "d2"}),)


def test_a_lockdown_ends_the_grant_window_after_the_grace():
    door, _ = run((1.0, Grant(RECEIPT, seconds=600.0)), (2.0, LOCKDOWN), door=working())
    assert types(run((6.9, ContactReading(open=True)), door=door)[1]) == ["door.entered"]
    assert types(run((7.0, ContactReading(open=True)), door=door)[1]) == ["door.no_entry", "alarm.forced"]


def test_a_door_without_a_contact_raises_no_leaf_events():
    config = replace(CONFIG, has_contact=False)
    door = working(config)
    assert door.leaf.state is LeafState.UNKNOWN
    for now, event in (
        (1.0, Grant(RECEIPT)),
        (2.0, ContactReading(open=True)),
        (100.0, Tick()),
        (200.0, Tick()),
    ):
        door, effects = step(door, config, event, now)
        assert not {"door.entered", "door.no_entry", "alarm.forced", "alarm.held"} & set(types(effects))


def test_a_request_to_exit_shunts_the_alarm_and_moves_nothing():
    door, effects = run((1.0, RequestToExit()), door=working())
    assert effects == (Report("door.exit_requested"),)
    assert types(run((8.9, ContactReading(open=True)), door=door)[1]) == ["door.exited"]
    assert types(run((9.0, ContactReading(open=True)), door=door)[1]) == ["alarm.forced"]


def test_a_request_to_exit_shunts_the_alarm_in_a_faulty_or_locked_down_door():
    for before in (SelfTestFailed("lock"), LOCKDOWN):
        door, _ = run((1.0, before), (2.0, RequestToExit()), door=working())
        assert types(run((3.0, ContactReading(open=True)), door=door)[1]) == ["door.exited"]


def test_a_request_to_exit_opens_only_where_that_is_wanted_and_decided():
    wanted = replace(CONFIG, rex_unlocks=True)
    assert moves(run((1.0, RequestToExit(RECEIPT)), door=working())[1]) == []
    assert moves(run((1.0, RequestToExit()), config=wanted, door=working())[1]) == []
    assert moves(run((1.0, RequestToExit(RECEIPT)), config=wanted, door=working())[1]) == [Unlock(RECEIPT)]


def test_a_request_to_exit_does_not_unlock_a_door_in_lockdown():
    config = replace(CONFIG, rex_unlocks=True)
    door, effects = run((1.0, LOCKDOWN), (2.0, RequestToExit(RECEIPT)), config=config, door=working())
    assert not door.is_unlocked
    assert types(effects) == ["door.exit_requested", "door.refused"]


def test_leaving_through_a_door_opened_for_leaving_is_an_exit():
    config = replace(CONFIG, rex_unlocks=True, unlock_s=20.0)
    door, _ = run((1.0, RequestToExit(RECEIPT)), config=config, door=working())
    door, effects = run((20.0, ContactReading(open=True)), config=config, door=door)
    assert types(effects) == ["door.exited"]
    assert moves(run((20.5, ContactReading(open=False)), config=config, door=door)[1]) == [Relock()]


def test_fire_unlocks_only_where_that_is_wanted_and_decided():
    wanted = replace(CONFIG, fire_unlocks=True)
    assert moves(run((1.0, FireReading(True, RECEIPT)), door=working())[1]) == []
    assert moves(run((1.0, FireReading(True)), config=wanted, door=working())[1]) == []
    door, effects = run((1.0, FireReading(True, RECEIPT)), config=wanted, door=working())
    assert effects[0] == Report("alarm.fire")
    assert moves(effects) == [Unlock(RECEIPT)]
    _, effects = run((2.0, FireReading(False)), config=wanted, door=door)
    assert effects[0] == Report("alarm.fire_clear")
    assert moves(effects) == [Relock()]


def test_fire_does_not_lift_an_emergency_lockdown():
    config = replace(CONFIG, fire_unlocks=True)
    panic = SetPosture(Source.EMERGENCY, Posture.LOCKDOWN)
    door, effects = run((1.0, panic), (2.0, FireReading(True, RECEIPT)), config=config, door=working())
    assert types(effects) == ["alarm.fire"]
    door, _ = run((3.0, FireReading(False)), config=config, door=door)
    assert door.posture is Posture.LOCKDOWN


def test_the_absence_of_a_fire_does_not_lift_what_an_operator_opened_for_an_emergency():
    opened = SetPosture(Source.EMERGENCY, Posture.UNLOCKED, receipt=RECEIPT)
    door, effects = run((1.0, opened), (2.0, FireReading(False)), door=working())
    assert effects == ()
    assert door.is_unlocked


def test_closing_a_door_that_is_held_open_moves_nothing():
    door, effects = run(
        (1.0, HOLD), (2.0, ContactReading(open=True)), (3.0, ContactReading(open=False)), door=working()
    )
    assert effects == ()
    assert door.strike.state is StrikeState.HELD_OPEN


def test_tamper_is_told_when_it_comes_and_when_it_goes():
    door, effects = run((1.0, TamperReading(True)), door=working())
    assert effects == (Report("alarm.tamper"),)
    assert run((2.0, TamperReading(True)), door=door)[1] == ()
    assert run((2.0, TamperReading(False)), door=door)[1] == (Report("alarm.tamper_clear"),)


AIRLOCK = replace(CONFIG, peers=frozenset({"inner"}))


@pytest.mark.parametrize(
    "events",
    [
        (),
        ((10.0, PeerReading("inner", open=True)),),
        ((7.9, PeerReading("inner", open=False)),),
        ((10.0, PeerReading("another", open=False)),),
    ],
    ids=["never heard of", "open", "stale", "somebody else"],
)
def test_a_peer_that_is_not_known_to_be_shut_denies(events):
    door, _ = run(*events, config=AIRLOCK, door=working(AIRLOCK))
    assert may_grant(door, AIRLOCK, 10.0) is Reason.DENY_INTERLOCK
    assert not run((10.0, Grant(RECEIPT)), config=AIRLOCK, door=door)[0].is_unlocked


def test_a_peer_that_is_freshly_shut_does_not_deny():
    door, _ = run((8.0, PeerReading("inner", open=False)), config=AIRLOCK, door=working(AIRLOCK))
    assert run((10.0, Grant(RECEIPT)), config=AIRLOCK, door=door)[0].is_unlocked


def test_a_peer_that_opens_does_not_revoke_a_running_unlock():
    door, _ = run(
        (1.0, PeerReading("inner", open=False)),
        (1.0, Grant(RECEIPT)),
        (2.0, PeerReading("inner", open=True)),
        config=AIRLOCK,
        door=working(AIRLOCK),
    )
    assert door.is_unlocked


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
