from __future__ import annotations

from dataclasses import replace

import pytest

from edge.core.access_event import access_event, attack_events, stranger_events
from edge.core.decision import Evidence, Reason
from edge.core.events import EventClass
from edge.core.face import PersonId
from tests.factories import NOON, a_decision


def test_a_grant_tells_who_and_on_what_it_rests():
    evidence = Evidence(0.95123, 0.9, 0.2, 1e-3, 0.8, 5, 0.7, 412.34, "passive")
    event = access_event(replace(a_decision(), person=PersonId("ada"), evidence=evidence))
    assert (event.kind, event.type, event.at) == (EventClass.ACCESS, "access.granted", NOON)
    assert event.body["person"] == "ada"
    assert (event.body["score"], event.body["latency_ms"]) == (0.9512, 412.3)
    assert event.body["liveness"] == {"score": 0.8, "frames": 5, "method": "passive"}


def shown(reason, **evidence):
    decision = replace(a_decision(granted=reason is Reason.ALLOW_GRANT), reason=reason)
    full = Evidence(0.9, 0.8, 0.1, 1e-3, 0.12345, 9, 0.7, 300.0, **evidence)
    return replace(decision, person=PersonId("ada") if decision.granted else None, evidence=full)


def test_an_attack_is_told_with_its_figures_and_without_a_name():
    decision = shown(Reason.DENY_LIVENESS, liveness_method="passive", suspicions=("planar",))
    (event,) = attack_events(decision)
    assert (event.kind, event.type) == (EventClass.PAD, "pad.attack")
    assert event.body == {
        "decision_id": "d1",
        "door": "main",
        "score": 0.1235,
        "frames": 9,
        "suspicions": ["planar"],
    }


def test_a_challenge_is_told_with_its_result():
    failed = shown(Reason.DENY_CHALLENGE, liveness_method="passive+challenge", failure="too_slow")
    passed = shown(Reason.ALLOW_GRANT, liveness_method="passive+challenge")
    (lost,), (won,) = attack_events(failed), attack_events(passed)
    assert (lost.type, lost.body["result"], lost.body["failure"]) == ("pad.challenge", "failed", "too_slow")
    assert (won.type, won.body["result"]) == ("pad.challenge", "passed")
    assert "person" not in won.body


def test_what_is_neither_an_attack_nor_a_challenge_tells_nothing_more():
    assert attack_events(shown(Reason.ALLOW_GRANT, liveness_method="passive")) == ()
    assert attack_events(a_decision(command="c-1")) == ()


def test_a_face_that_could_not_be_judged_says_why():
    event = access_event(shown(Reason.DENY_QUALITY, problems=("too_close",)))
    assert event.body["problems"] == ["too_close"]


def test_a_refusal_of_a_stranger_names_nobody():
    event = access_event(a_decision(granted=False))
    assert event.type == "access.denied"
    assert event.body["reason"] == Reason.DENY_UNKNOWN_FACE.value
    assert "person" not in event.body


def test_a_command_is_named_and_has_no_face():
    event = access_event(a_decision(command="c-1"))
    assert event.corr == "c-1"
    assert not {"score", "liveness", "person"} & event.body.keys()


def test_a_stranger_is_told_of_without_what_the_face_is_like():
    (event,) = stranger_events(shown(Reason.DENY_UNKNOWN_FACE))
    assert (event.kind, event.type) == (EventClass.STRANGER, "stranger.seen")
    assert event.body == {"decision_id": "d1", "door": "main", "quality": 0.7}


@pytest.mark.parametrize("reason", [one for one in Reason if one is not Reason.DENY_UNKNOWN_FACE])
def test_nobody_else_is_a_stranger(reason):
    assert stranger_events(shown(reason)) == ()


def test_a_decision_tells_what_it_was_made_by():
    assert access_event(a_decision(), {"gallery": 812}).body["versions"] == {"gallery": 812}
