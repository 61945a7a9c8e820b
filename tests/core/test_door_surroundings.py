"""What is around the strike: the leaf, the way out, fire, tamper, and interlocked doors."""

from dataclasses import replace

import pytest

from edge.core.decision import Reason
from edge.core.door import may_grant, step
from edge.core.effects import Relock, Report, Unlock
from edge.core.leaf import LeafState
from edge.core.posture import Posture, Source
from edge.core.stimuli import (
    ContactReading,
    FireReading,
    Grant,
    PeerReading,
    RequestToExit,
    SelfTestFailed,
    SetPosture,
    TamperReading,
    Tick,
)
from edge.core.strike import StrikeState
from tests.core.doors import CONFIG, HOLD, LOCKDOWN, OTHER, RECEIPT, moves, run, types, working


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
