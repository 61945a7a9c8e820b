import pytest

from edge.core.decision import DecisionId, Receipt
from edge.core.effects import Beep, Relock, Report
from edge.core.leaf import (
    Leaf,
    LeafState,
    Surroundings,
    acknowledge,
    exit_requested,
    granted,
    read,
    tick,
)

RECEIPT = Receipt(DecisionId("d1"))
LOCKED = Surroundings(receipt=None, kept_open=False, fire=False, held_open_s=30.0)
UNLOCKED = Surroundings(receipt=RECEIPT, kept_open=False, fire=False, held_open_s=30.0)
KEPT_OPEN = Surroundings(receipt=RECEIPT, kept_open=True, fire=False, held_open_s=30.0)
FIRE = Surroundings(receipt=None, kept_open=False, fire=True, held_open_s=30.0)
CLOSED = Leaf(LeafState.CLOSED)


def types(effects):
    return [effect.type for effect in effects if isinstance(effect, Report)]


def forced_leaf():
    return read(CLOSED, True, LOCKED, 1.0)[0]


@pytest.mark.parametrize(
    ("is_open", "state"), [(False, LeafState.CLOSED), (True, LeafState.OPEN_AT_BOOT)], ids=["closed", "open"]
)
def test_the_first_reading_says_how_the_door_was_found_and_alarms_nobody(is_open, state):
    leaf, effects = read(Leaf(), is_open, LOCKED, 1.0)
    assert leaf.state is state
    assert effects == (Report("door.boot_state", {"open": is_open}),)


def test_opening_without_permission_is_forced_relocks_and_stays_latched():
    leaf, effects = read(CLOSED, True, LOCKED, 1.0)
    assert leaf.state is LeafState.FORCED
    assert leaf.forced
    assert effects == (Relock(), Report("alarm.forced"))


def test_opening_inside_the_grant_window_is_an_entry():
    leaf = granted(CLOSED, RECEIPT, until=10.0, now=0.0)
    leaf, effects = read(leaf, True, UNLOCKED, 4.0)
    assert leaf.state is LeafState.OPEN_AUTH
    assert effects == (Report("door.entered", {"decision": "d1"}),)


def test_opening_in_the_grace_after_the_relock_is_an_entry():
    leaf = granted(CLOSED, RECEIPT, until=10.0, now=0.0)
    assert types(read(leaf, True, LOCKED, 9.9)[1]) == ["door.entered"]


def test_opening_at_the_end_of_the_grant_window_is_forced():
    leaf = granted(CLOSED, RECEIPT, until=10.0, now=0.0)
    assert types(read(leaf, True, LOCKED, 10.0)[1]) == ["alarm.forced"]


def test_one_grant_is_one_passage_once_the_strike_is_locked():
    leaf = granted(CLOSED, RECEIPT, until=10.0, now=0.0)
    leaf, _ = read(leaf, True, UNLOCKED, 1.0)
    leaf, _ = read(leaf, False, LOCKED, 2.0)
    assert types(read(leaf, True, LOCKED, 3.0)[1]) == ["alarm.forced"]


def test_opening_again_while_the_strike_is_still_unlocked_is_an_entry():
    leaf = granted(CLOSED, RECEIPT, until=10.0, now=0.0)
    leaf, _ = read(leaf, True, UNLOCKED, 1.0)
    leaf, _ = read(leaf, False, UNLOCKED, 2.0)
    assert types(read(leaf, True, UNLOCKED, 3.0)[1]) == ["door.entered"]


def test_a_grant_nobody_used_is_reported_once():
    leaf = granted(CLOSED, RECEIPT, until=10.0, now=0.0)
    assert tick(leaf, LOCKED, 9.9)[1] == ()
    leaf, effects = tick(leaf, LOCKED, 10.0)
    assert effects == (Report("door.no_entry", {"decision": "d1"}),)
    assert tick(leaf, LOCKED, 11.0)[1] == ()


def test_a_used_grant_is_not_reported_as_unused():
    leaf = granted(CLOSED, RECEIPT, until=10.0, now=0.0)
    leaf, _ = read(leaf, True, UNLOCKED, 1.0)
    assert tick(leaf, LOCKED, 10.0)[1] == ()


def test_a_grant_while_the_door_stands_open_counts_as_an_entry():
    leaf = granted(CLOSED, RECEIPT, until=10.0, now=0.0)
    leaf, _ = read(leaf, True, UNLOCKED, 1.0)
    second = Receipt(DecisionId("d2"))
    leaf = granted(leaf, second, until=12.0, now=2.0)
    leaf, _ = read(leaf, False, UNLOCKED, 3.0)
    assert tick(leaf, LOCKED, 12.0)[1] == (Report("door.entered", {"decision": "d2", "already_open": True}),)


def test_nothing_is_said_of_a_grant_at_a_door_whose_leaf_is_unknown():
    leaf = granted(Leaf(), RECEIPT, until=10.0, now=0.0)
    assert tick(leaf, LOCKED, 10.0)[1] == ()


def test_opening_inside_the_exit_window_is_an_exit():
    leaf, effects = read(exit_requested(CLOSED, until=8.0), True, LOCKED, 7.9)
    assert leaf.state is LeafState.OPEN_EXIT
    assert types(effects) == ["door.exited"]


def test_opening_after_the_exit_window_is_forced():
    assert types(read(exit_requested(CLOSED, until=8.0), True, LOCKED, 8.0)[1]) == ["alarm.forced"]


def test_a_later_request_never_shortens_the_exit_window():
    leaf = exit_requested(exit_requested(CLOSED, until=8.0), until=5.0)
    assert leaf.exit_until == 8.0


def test_a_repeated_reading_reports_nothing():
    leaf, _ = read(CLOSED, True, LOCKED, 1.0)
    assert read(leaf, True, LOCKED, 2.0) == (leaf, ())
    assert read(CLOSED, False, LOCKED, 2.0) == (CLOSED, ())


@pytest.mark.parametrize("state", [LeafState.OPEN_AT_BOOT, LeafState.OPEN_AUTH, LeafState.OPEN_EXIT])
def test_an_open_door_beeps_once_at_80_percent_and_alarms_once_at_the_limit(state):
    leaf = Leaf(state, since=100.0)
    assert tick(leaf, LOCKED, 123.9)[1] == ()
    leaf, effects = tick(leaf, LOCKED, 124.0)
    assert effects == (Beep(),)
    assert tick(leaf, LOCKED, 129.9)[1] == ()
    leaf, effects = tick(leaf, LOCKED, 130.0)
    assert leaf.state is LeafState.HELD
    assert effects == (Report("alarm.held", {"open_s": 30.0}),)
    assert tick(leaf, LOCKED, 200.0)[1] == ()


@pytest.mark.parametrize(
    "around", [LOCKED, UNLOCKED, KEPT_OPEN, FIRE], ids=["locked", "unlocked", "kept", "fire"]
)
def test_the_end_of_a_held_alarm_is_always_sent(around):
    leaf, effects = read(Leaf(LeafState.HELD, since=100.0), False, around, 150.0)
    assert leaf.state is LeafState.CLOSED
    assert effects == (Report("alarm.held_clear", {"open_s": 50.0}),)


@pytest.mark.parametrize("around", [KEPT_OPEN, FIRE], ids=["kept open", "fire"])
def test_the_held_clock_stands_still_while_the_door_may_be_open(around):
    leaf, effects = tick(Leaf(LeafState.OPEN_AUTH, since=0.0), around, 1000.0)
    assert effects == ()
    assert tick(leaf, LOCKED, 1023.0)[1] == ()
    assert types(tick(leaf, LOCKED, 1030.0)[1]) == ["alarm.held"]


def test_people_fleeing_a_fire_raise_no_forced_alarm():
    leaf, effects = read(CLOSED, True, FIRE, 1.0)
    assert leaf.state is LeafState.OPEN_EXIT
    assert effects == (Report("door.exited", {"cause": "fire"}),)


def test_a_forced_door_that_closes_stays_latched_until_it_is_acknowledged():
    leaf, effects = read(forced_leaf(), False, LOCKED, 2.0)
    assert effects == (Report("alarm.forced_clear", {"acknowledged": False}),)
    assert leaf.forced
    leaf, effects = acknowledge(leaf)
    assert effects == (Report("alarm.forced_acknowledged", {"open": False}),)
    assert not leaf.forced


def test_a_forced_door_that_is_acknowledged_stays_latched_until_it_closes():
    leaf, effects = acknowledge(forced_leaf())
    assert effects == (Report("alarm.forced_acknowledged", {"open": True}),)
    assert leaf.forced
    assert acknowledge(leaf) == (leaf, ())
    leaf, effects = read(leaf, False, LOCKED, 2.0)
    assert effects == (Report("alarm.forced_clear", {"acknowledged": True}),)
    assert not leaf.forced


def test_a_forced_door_never_turns_into_a_held_one():
    leaf, effects = tick(forced_leaf(), LOCKED, 1e6)
    assert leaf.state is LeafState.FORCED
    assert effects == ()


def test_an_acknowledgement_of_nothing_reports_nothing():
    assert acknowledge(CLOSED) == (CLOSED, ())
