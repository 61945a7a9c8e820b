from __future__ import annotations

from dataclasses import replace

from edge.core.access_event import access_event
from edge.core.decision import Evidence, Reason
from edge.core.events import EventClass
from edge.core.face import PersonId
from tests.factories import NOON, a_decision


def test_a_grant_tells_who_and_on_what_it_rests():
    evidence = Evidence(0.95123, 0.9, 0.2, 1e-3, 0.8, 5, 0.7, latency_ms=412.34)
    event = access_event(replace(a_decision(), person=PersonId("ada"), evidence=evidence))
    assert (event.kind, event.type, event.at) == (EventClass.ACCESS, "access.granted", NOON)
    assert event.body["person"] == "ada"
    assert (event.body["score"], event.body["latency_ms"]) == (0.9512, 412.3)
    assert event.body["liveness"] == {"score": 0.8, "frames": 5, "method": "passive"}


def test_a_refusal_of_a_stranger_names_nobody():
    event = access_event(a_decision(granted=False))
    assert event.type == "access.denied"
    assert event.body["reason"] == Reason.DENY_UNKNOWN_FACE.value
    assert "person" not in event.body


def test_a_command_is_named_and_has_no_face():
    event = access_event(a_decision(command="c-1"))
    assert event.corr == "c-1"
    assert not {"score", "liveness", "person"} & event.body.keys()
