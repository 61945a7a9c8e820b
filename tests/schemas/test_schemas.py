"""The schemas are right as such, cover every command, and what we write is as they say."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from edge.core.access_event import access_event, attack_events, stranger_events
from edge.core.ack import Ack, AckStatus
from edge.core.authorization import Denial
from edge.core.clock_state import ClockState
from edge.core.decision import Decision, DecisionId, Evidence, Reason
from edge.core.door import Door, level_state
from edge.core.envelope import document
from edge.core.events import Event, EventClass, StoredEvent
from edge.core.orders import COMMANDS
from edge.core.roles import Role
from edge.keys.signature import signed
from edge.mqtt.codec import Codec, DeviceState, DoorLevel
from edge.mqtt.topics import Topics
from edge.resources import load_schema, schema_names
from tests.app.test_commands import Desk, unlock
from tests.factories import NOON
from tests.keys.rings import KEYS_TOPIC, OPERATOR, ROOT, keyring, keys_list
from tests.keys.rings import unlock as made_unlock
from tests.schemas.validation import complaint, resolves

CODEC = Codec(Topics("site", "door-1"), "boot-1", frozenset({"main"}), nonce=lambda: "0" * 32)
ID = "018f0000-0000-7000-8000-000000000001"
VERSIONS = {"gallery": 812, "policy": None, "models": "5cff9726a8d55ba8"}


@pytest.mark.parametrize("name", schema_names())
def test_a_schema_is_of_the_draft_it_names_and_refers_to_what_is_there(name):
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:ostiary:1:{name}"
    assert schema["title"]
    resolves(name)


def test_every_command_has_its_schema():
    assert set(COMMANDS) - set(schema_names()) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_closed_to_what_it_does_not_know(command):
    body = load_schema(command)["properties"]["body"]
    assert all(part["additionalProperties"] is False for part in body.get("oneOf", [body]))


def test_stable_words_are_those_of_the_code():
    access = load_schema("evt.access")["properties"]["body"]["properties"]
    assert set(access["reason"]["enum"]) == set(Reason)
    assert set(load_schema("cmd.ack")["properties"]["body"]["properties"]["status"]["enum"]) == set(AckStatus)
    audit = load_schema("evt.audit")["properties"]["body"]["properties"]
    assert set(audit["denial"]["enum"]) == set(Denial)
    keys = load_schema("keys.list")["properties"]["body"]["properties"]["keys"]["items"]["properties"]
    assert set(keys["roles"]["items"]["enum"]) == set(Role)
    assert set(load_schema("envelope")["properties"]["clk"]["enum"]) == set(ClockState)
    assert set(load_schema("state")["properties"]["state"]["enum"]) == set(DeviceState)


def published(event):
    stored = StoredEvent(7, ID, "boot-1", 1234, event)
    return json.loads(CODEC.event(stored).payload)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("similarity", [None, 0.93])
def test_every_decision_is_told_as_the_schema_says(reason, similarity):
    evidence = Evidence(
        similarity=similarity,
        threshold=0.9,
        margin=None,
        far_target=1e-3,
        liveness=None,
        quality=0.5,
        latency_ms=210.0,
        liveness_method="passive+challenge",
        problems=("too_small",),
    )
    granted = reason.value.startswith("allow")
    decision = Decision(DecisionId("d"), NOON, "main", granted, reason, ("face",), evidence=evidence)
    assert complaint("evt.access", published(access_event(decision, VERSIONS))) is None
    told = [complaint("evt.pad", published(event)) for event in attack_events(decision)]
    told += [complaint("evt.stranger", published(event)) for event in stranger_events(decision)]
    assert set(told) == {None}


@pytest.mark.parametrize("state", DeviceState)
def test_the_states_are_told_as_the_schema_says(state):
    assert complaint("state", json.loads(CODEC.state(state, 1 << 40).payload)) is None


def test_a_door_is_told_as_the_schema_says():
    level = DoorLevel("main", level_state(Door()), since=NOON)
    assert complaint("door.state", json.loads(CODEC.door(level).payload)) is None


@pytest.mark.parametrize("status", AckStatus)
def test_an_answer_is_told_as_the_schema_says(status):
    ack = Ack(status, "no_expiry", {"text": "add it", "total": 7})
    out = CODEC.ack(ID, ack, id=ID, now=NOON, mono_ms=5, clk=ClockState.SYNCED, repeated=True)
    assert complaint("cmd.ack", json.loads(out.payload)) is None


def test_what_is_signed_is_as_the_schemas_say():
    listed = document(keys_list(keyring(3), ROOT, OPERATOR))
    assert complaint("keys.list", listed) is None
    command = document(signed(made_unlock(seconds=2), KEYS_TOPIC, OPERATOR))
    assert complaint("door.unlock", command) is None


def test_all_that_a_desk_answers_and_reports_is_as_the_schemas_say(tmp_path):
    desk = Desk(tmp_path)
    for number, changes in enumerate(
        [{}, {}, {"exp": None}, {"type": "no.such"}, {"type": "person.list", "body": {}}, {"sig": 7}]
    ):
        desk.send(unlock(f"018f0000-0000-7000-8000-{number // 2:012x}", **changes))
    desk.send(unlock(), retain=True)
    desk.carry_out()
    desk.site.wait(3)
    answers = [json.loads(one.payload) for one in desk.bus.sent]
    ids = [{**one, "id": ID} for one in answers]
    assert len(answers) > 8
    assert [complaint("cmd.ack", one) for one in ids] == [None] * len(ids)
    kinds = set()
    for stored in desk.site.outbox.pending(1000):
        kinds.add(stored.event.kind)
        assert complaint(f"evt.{stored.event.kind.value}", json.loads(CODEC.event(stored).payload)) is None
    assert {EventClass.ACCESS, EventClass.DOOR, EventClass.SYSTEM} <= kinds
    desk.site.database.close()


def test_a_refused_signature_is_told_as_the_schema_says(tmp_path):
    desk = Desk(tmp_path, ring=keyring())
    desk.send(unlock())
    desk.site.clock.now += 60
    desk.send(document(signed(made_unlock(at=NOON + timedelta(seconds=60)), "elsewhere", OPERATOR)))
    told = [stored for stored in desk.site.outbox.pending(100) if stored.event.kind is EventClass.AUDIT]
    assert [stored.event.body["denial"] for stored in told] == ["unsigned", "signature"]
    for stored in told:
        assert complaint("evt.audit", json.loads(CODEC.event(stored).payload)) is None
    desk.site.database.close()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("door.unlock", {"exp": None}),
        ("door.unlock", {"id": "ABC"}),
        ("door.unlock", {"extra": 1}),
        ("door.unlock", {"type": "door.lock"}),
        ("door.unlock", {"body": {"door": "main", "seconds": 61}}),
        ("door.unlock", {"body": {"door": "main", "more": 1}}),
        ("door.unlock", {"body": []}),
        ("cmd.ack", {"type": "cmd.ack", "body": {"status": "done"}, "corr": ID}),
        ("cmd.ack", {"type": "cmd.ack", "body": {"status": "failed"}}),
        ("keys.list", {"type": "keys.list", "body": {"version": 1, "keys": []}}),
        ("evt.access", {"type": "access.granted", "body": {}}),
    ],
)
def test_what_is_wrong_is_found_wrong(name, changes):
    assert complaint("door.unlock", unlock()) is None
    assert complaint(name, unlock(**changes)) is not None


def test_an_event_of_each_class_has_a_schema():
    assert {f"evt.{kind.value}" for kind in EventClass} <= set(schema_names())
    assert (
        complaint("evt.alarm", published(Event(EventClass.ALARM, "alarm.store", NOON, {"reason": "x"})))
        is None
    )
