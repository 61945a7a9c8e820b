from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.decision import Reason
from edge.core.evidence import Outcome
from edge.core.face import PersonId
from edge.core.policy import OLDEST_FACE_S, CommandGiven, ExitRequested, FaceShown, Standing, decide
from edge.core.posture import Posture
from tests.factories import NOON

ADA = PersonId("ada")
HOUR = timedelta(hours=1)
SHOWN = FaceShown(Outcome.RECOGNIZED, ADA)


def ask(credential=SHOWN, standing=Standing(ADA), refusal=None, posture=Posture.SECURE, clock=True):  # noqa: B008
    ruling = decide(
        credential, standing=standing, door_refusal=refusal, posture=posture, clock_is_set=clock, now=NOON
    )
    assert ruling.granted == ruling.reason.value.startswith("allow_")
    return ruling.reason


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.UNKNOWN, Reason.DENY_UNKNOWN_FACE),
        (Outcome.AMBIGUOUS, Reason.DENY_AMBIGUOUS),
        (Outcome.NOT_LIVE, Reason.DENY_LIVENESS),
        (Outcome.UNSURE_LIVENESS, Reason.DENY_LIVENESS_UNSURE),
        (Outcome.CHALLENGE_FAILED, Reason.DENY_CHALLENGE),
        (Outcome.POOR_QUALITY, Reason.DENY_QUALITY),
    ],
)
def test_every_outcome_but_recognized_is_refused_with_its_reason(outcome, reason):
    assert ask(FaceShown(outcome, None), None) is reason


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (None, Reason.DENY_UNKNOWN_FACE),
        (Standing(PersonId("bob")), Reason.DENY_UNKNOWN_FACE),
        (Standing(ADA, is_revoked=True), Reason.DENY_REVOKED),
        (Standing(ADA, valid_from=NOON + HOUR), Reason.DENY_NOT_YET_VALID),
        (Standing(ADA, valid_until=NOON - HOUR), Reason.DENY_EXPIRED),
        (Standing(ADA, valid_until=NOON), Reason.DENY_EXPIRED),
        (Standing(ADA, valid_from=NOON, valid_until=NOON + HOUR), Reason.ALLOW_GRANT),
        (Standing(ADA), Reason.ALLOW_GRANT),
    ],
)
def test_a_recognized_person_needs_a_valid_standing(standing, reason):
    assert ask(standing=standing) is reason


def test_without_a_clock_only_people_without_dates_are_let_in():
    assert ask(clock=False) is Reason.ALLOW_GRANT
    assert ask(standing=Standing(ADA, valid_until=NOON + HOUR), clock=False) is Reason.DENY_CLOCK


def test_a_second_factor_is_not_a_face():
    assert ask(posture=Posture.SECOND_FACTOR) is Reason.DENY_SECOND_FACTOR


def test_free_access_opens_for_living_strangers_and_not_for_attacks_or_the_revoked():
    free = Posture.FREE_ACCESS
    assert ask(FaceShown(Outcome.UNKNOWN, None), None, posture=free) is Reason.ALLOW_POSTURE_FREE_ACCESS
    assert ask(FaceShown(Outcome.NOT_LIVE, None), None, posture=free) is Reason.DENY_LIVENESS
    assert ask(FaceShown(Outcome.POOR_QUALITY, None), None, posture=free) is Reason.DENY_QUALITY
    unsure, failed = Outcome.UNSURE_LIVENESS, Outcome.CHALLENGE_FAILED
    assert ask(FaceShown(unsure, None), None, posture=free) is Reason.DENY_LIVENESS_UNSURE
    assert ask(FaceShown(failed, None), None, posture=free) is Reason.DENY_CHALLENGE
    assert ask(standing=Standing(ADA, is_revoked=True), posture=free) is Reason.DENY_REVOKED


@pytest.mark.parametrize("age", [OLDEST_FACE_S + 0.1, math.inf, math.nan])
def test_a_face_of_long_ago_is_not_let_in_and_keeps_the_reason_of_its_refusal(age):
    assert ask(FaceShown(Outcome.RECOGNIZED, ADA, age)) is Reason.DENY_LATE
    assert ask(FaceShown(Outcome.UNKNOWN, None, age), posture=Posture.FREE_ACCESS) is Reason.DENY_LATE
    assert ask(FaceShown(Outcome.NOT_LIVE, None, age)) is Reason.DENY_LIVENESS


def test_a_command_and_a_button_open():
    assert ask(CommandGiven("c"), None) is Reason.ALLOW_COMMAND
    assert ask(ExitRequested(), None) is Reason.ALLOW_REQUEST_TO_EXIT


credentials = st.one_of(
    st.builds(FaceShown, st.sampled_from(Outcome), st.sampled_from([ADA, None])),
    st.just(CommandGiven("c")),
    st.just(ExitRequested()),
)
refusals = st.sampled_from([reason for reason in Reason if reason.value.startswith("deny_")])


@given(credentials, refusals, st.sampled_from(Posture), st.booleans())
def test_what_the_door_refuses_nothing_opens(credential, refusal, posture, clock):
    assert ask(credential, Standing(ADA), refusal, posture, clock) is refusal
