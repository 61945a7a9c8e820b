import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.decision import DecisionId, Receipt
from edge.core.effects import Relock, Unlock
from edge.core.strike import (
    FAULT,
    LOCKED,
    Strike,
    StrikeState,
    after_self_test,
    grant,
    hold,
    motion,
    release,
    tick,
)

A, B = Receipt(DecisionId("a")), Receipt(DecisionId("b"))
HELD = hold(LOCKED, A)


@pytest.mark.parametrize("strike", [Strike(), FAULT], ids=["init", "fault"])
def test_a_strike_that_does_not_work_is_not_unlocked(strike):
    assert not grant(strike, A, deadline=5.0).is_unlocked
    assert not hold(strike, A).is_unlocked


def test_passing_the_first_self_test_moves_nothing():
    assert motion(Strike(), after_self_test(Strike(), passed=True)) == ()


@given(st.lists(st.floats(0.1, 600), min_size=1))
def test_grants_extend_to_the_latest_deadline_and_never_add_up(deadlines):
    strike = LOCKED
    for deadline in deadlines:
        strike = grant(strike, A, deadline)
    assert strike.deadline == max(deadlines)


def test_a_second_grant_moves_nothing():
    first = grant(LOCKED, A, 5.0)
    assert motion(LOCKED, first) == (Unlock(A),)
    assert motion(first, grant(first, B, 7.0)) == ()


def test_it_locks_at_the_deadline_and_not_before():
    strike = grant(LOCKED, A, deadline=5.0)
    assert tick(strike, 4.999).is_unlocked
    assert tick(strike, 5.0) == LOCKED
    assert motion(strike, LOCKED) == (Relock(),)


def test_a_grant_leaves_a_strike_that_is_held_open_alone():
    assert grant(HELD, B, deadline=5.0) == HELD
    assert tick(HELD, 1e9) == HELD


@pytest.mark.parametrize("strike", [HELD, grant(LOCKED, A, 5.0)], ids=["held", "unlocked"])
def test_release_and_a_failed_self_test_lock(strike):
    assert release(strike) == LOCKED
    assert motion(strike, after_self_test(strike, passed=False)) == (Relock(),)


def test_a_self_test_passed_while_unlocked_changes_nothing():
    strike = grant(LOCKED, A, 5.0)
    assert after_self_test(strike, passed=True) == strike


def test_a_strike_in_fault_works_again_after_a_passed_self_test():
    assert after_self_test(FAULT, passed=True).state is StrikeState.LOCKED
