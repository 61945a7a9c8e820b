import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.decision import DecisionId, Receipt
from edge.core.posture import (
    DurablePosture,
    Held,
    Posture,
    Postures,
    Source,
    clear,
    durable,
    expire,
    put,
    restore,
)

RECEIPT = Receipt(DecisionId("d"))
held = st.builds(lambda posture, until: Held(posture, until, RECEIPT), st.sampled_from(Posture), st.none())


def test_a_door_nobody_has_set_is_secure():
    assert Postures().effective == (Source.STANDING, Held(Posture.SECURE))


def test_unlocked_without_a_receipt_is_refused():
    with pytest.raises(ValueError, match="receipt"):
        Held(Posture.UNLOCKED)


@given(st.dictionaries(st.sampled_from(Source), held))
def test_the_highest_source_decides_in_whatever_order_they_were_set(wanted):
    postures = Postures()
    for source, one in wanted.items():
        postures = put(postures, source, one)
    ranked = [source for source in Source if source in wanted]
    expected = (ranked[-1], wanted[ranked[-1]]) if ranked else (Source.STANDING, Held(Posture.SECURE))
    assert postures.effective == expected


def test_clearing_a_source_reveals_the_next():
    postures = put(Postures(), Source.SCHEDULED, Held(Posture.FREE_ACCESS))
    postures = put(postures, Source.OPERATOR, Held(Posture.LOCKDOWN))
    assert clear(postures, Source.OPERATOR).effective[1].posture is Posture.FREE_ACCESS


def test_a_posture_ends_at_its_time_and_not_before():
    postures = put(Postures(), Source.OPERATOR, Held(Posture.LOCKDOWN, until=10.0))
    assert expire(postures, 9.999).effective[1].posture is Posture.LOCKDOWN
    assert expire(postures, 10.0).effective[1].posture is Posture.SECURE


def test_lockdown_and_disabled_of_an_operator_or_an_emergency_are_durable():
    postures = put(Postures(), Source.OPERATOR, Held(Posture.DISABLED))
    postures = put(postures, Source.EMERGENCY, Held(Posture.LOCKDOWN, until=30.0))
    stored = durable(postures, now=10.0)
    assert set(stored) == {
        DurablePosture(Source.OPERATOR, Posture.DISABLED, None),
        DurablePosture(Source.EMERGENCY, Posture.LOCKDOWN, 20.0),
    }
    assert restore(Postures(), stored, now=1000.0).of(Source.EMERGENCY) == Held(Posture.LOCKDOWN, 1020.0)


@given(st.dictionaries(st.sampled_from(Source), held))
def test_nothing_that_opens_survives_a_restart(wanted):
    postures = Postures(tuple(wanted.items()))
    after = restore(Postures(), durable(postures, now=0.0), now=0.0)
    assert all(one.posture.restricts for _, one in after.held)
    assert not any(source in (Source.STANDING, Source.SCHEDULED) for source, _ in after.held)


def test_a_stored_unlock_is_not_restored_even_if_somebody_wrote_one():
    forged = [DurablePosture(Source.OPERATOR, Posture.UNLOCKED, None)]
    assert restore(Postures(), forged, now=0.0) == Postures()
