"""Bytes from outside become a value or a refusal, never a traceback."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.ack import Ack, AckStatus
from edge.core.clock_state import ClockState
from edge.core.commands import Accept, Refuse
from edge.core.door_orders import Unlock
from edge.core.envelope import parse
from edge.core.events import Event, EventClass, Json, StoredEvent
from edge.errors import MessageMalformed
from edge.mqtt.codec import MAX_BYTES, MAX_DEPTH, Codec, DeviceState, DoorLevel, dump_json, parse_json
from edge.mqtt.topics import Topics
from edge.ports import Message

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ID = "01936f5e-0000-7000-8000-000000000001"
CODEC = Codec(Topics("hq", "door-7"), boot="boot-1", doors=frozenset({"main"}))
BASE = "ostiary/1/hq/d/door-7"

SCALARS: st.SearchStrategy[Json] = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON: st.SearchStrategy[Json] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


def unlock(**changes: Json) -> dict[str, Json]:
    return {
        "v": 1,
        "id": ID,
        "ts": "2026-11-20T11:59:59Z",
        "exp": "2026-11-20T12:00:10Z",
        "type": "door.unlock",
        "body": {"door": "main", "seconds": 5},
    } | changes


def arrived(payload: bytes, *, topic: str = f"{BASE}/cmd", retain: bool = False) -> Message:
    return Message(topic, payload, retain, qos=1, at=0.0)


def refused(message: Message) -> Refuse:
    verdict = CODEC.verdict(message, now=NOW, clock_synced=True)
    assert isinstance(verdict, Refuse)
    return verdict


def read(payload: bytes) -> Any:
    return json.loads(payload)


def test_an_unlock_on_the_command_topic_is_accepted() -> None:
    verdict = CODEC.verdict(arrived(dump_json(unlock())), now=NOW, clock_synced=True)
    assert isinstance(verdict, Accept)
    assert verdict.id == ID
    assert verdict.command.order == Unlock("main", 5.0)


def test_a_retained_unlock_is_rejected() -> None:
    verdict = refused(arrived(dump_json(unlock()), retain=True))
    assert (verdict.id, verdict.ack.status, verdict.reason) == (ID, AckStatus.REJECTED, "retained")


def test_an_unlock_on_any_other_topic_is_refused_without_an_answer() -> None:
    for topic in (f"{BASE}/state", "ostiary/1/hq/d/door-8/cmd", "", f"{BASE}/cmd/more"):
        verdict = refused(arrived(dump_json(unlock()), topic=topic))
        assert (verdict.id, verdict.reason, verdict.claims) == (None, "wrong_topic", False)


def test_an_oversized_payload_is_refused_without_being_read() -> None:
    padded = dump_json(unlock()) + b" " * MAX_BYTES
    assert refused(arrived(padded)).reason == "oversize"
    with pytest.raises(MessageMalformed, match="bytes"):
        parse_json(b" " * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe{}", "UTF-8"),
        (b"\xef\xbb\xbf{}", "JSON"),
        (b'{"a":1,"a":2}', "twice"),
        (b'{"b":{"a":1,"a":1}}', "twice"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"1e999", "64-bit"),
        (b"9" * 5000, "JSON"),
        (b'"\\ud800"', "surrogate"),
        (b'{"\\udfff":1}', "surrogate"),
        (b"[" * 60_000, "nested"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested"),
        (b"{} {}", "JSON"),
        (b"{'a':1}", "JSON"),
    ],
)
def test_what_is_not_strict_json_is_malformed(payload: bytes, named: str) -> None:
    with pytest.raises(MessageMalformed, match=named):
        parse_json(payload)
    verdict = refused(arrived(payload))
    assert (verdict.id, verdict.reason) == (None, "malformed")
    assert "\n" not in verdict.text


def test_json_as_deep_as_allowed_is_read() -> None:
    deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert dump_json(parse_json(deep)) == deep


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_get_refused(payload: bytes) -> None:
    assert refused(arrived(payload)).id is None


@given(JSON)
def test_no_json_does_more_than_get_refused(value: Json) -> None:
    assert refused(arrived(json.dumps(value).encode("utf-8", "surrogatepass"))).id is None


@given(st.sampled_from(sorted(unlock())), JSON, st.booleans())
def test_an_unlock_with_one_key_replaced_is_never_accepted_for_another_door(
    key: str, value: Json, retain: bool
) -> None:
    payload = json.dumps(unlock(**{key: value})).encode()
    verdict = CODEC.verdict(arrived(payload, retain=retain), now=NOW, clock_synced=True)
    if isinstance(verdict, Accept):
        assert not retain
        assert verdict.command.order.door == "main"
        assert verdict.command.expires - NOW <= timedelta(seconds=30)


@given(st.integers(0, 200), st.integers(0, 255))
def test_an_unlock_with_one_byte_changed_never_raises(place: int, byte: int) -> None:
    payload = bytearray(dump_json(unlock()))
    payload[place % len(payload)] = byte
    verdict = CODEC.verdict(arrived(bytes(payload)), now=NOW, clock_synced=True)
    assert isinstance(verdict, Accept | Refuse)


@given(JSON)
def test_any_value_of_ours_can_be_written(value: Json) -> None:
    written = dump_json(value)
    assert written.isascii()
    assert b"\n" not in written
    read(written)


def test_a_number_that_is_not_finite_is_written_as_null() -> None:
    assert dump_json({"a": [math.nan, 1.5, {"b": math.inf}]}) == b'{"a":[null,1.5,{"b":null}]}'


def test_an_event_carries_its_identity_in_the_envelope() -> None:
    event = Event(EventClass.ACCESS, "access.granted", NOW, {"door": "main"}, corr=ID)
    stored = StoredEvent(seq=7, id=ID, boot="boot-0", mono_ms=1234, event=event, clk=ClockState.HOLDOVER)
    out = CODEC.event(stored)
    assert (out.topic, out.qos, out.retain) == (f"{BASE}/evt/access", 1, False)
    assert out == CODEC.event(stored)
    envelope = parse(read(out.payload))
    assert (envelope.id, envelope.seq, envelope.boot, envelope.mono_ms) == (ID, 7, "boot-0", 1234)
    assert (envelope.dev, envelope.corr, envelope.ts) == ("door-7", ID, NOW)
    assert envelope.clk is ClockState.HOLDOVER
    assert (envelope.type, envelope.body) == ("access.granted", {"door": "main"})


@pytest.mark.parametrize("kind", EventClass)
def test_no_event_is_retained(kind: EventClass) -> None:
    stored = StoredEvent(1, ID, "boot-0", 0, Event(kind, "system.test", NOW))
    assert not CODEC.event(stored).retain


def test_an_ack_names_the_command_it_answers() -> None:
    ack = Ack(AckStatus.FAILED, "store", {"door": "main"})
    out = CODEC.ack(ID, ack, id=ID[:-1] + "2", now=NOW, mono_ms=5, clk=ClockState.SYNCED)
    assert (out.topic, out.qos, out.retain) == (f"{BASE}/cmd-ack", 1, False)
    envelope = parse(read(out.payload))
    assert (envelope.type, envelope.corr, envelope.boot) == ("cmd.ack", ID, "boot-1")
    assert envelope.body == {"status": "failed", "reason": "store", "door": "main"}


def test_a_repeated_ack_says_so() -> None:
    out = CODEC.ack(ID, Ack(AckStatus.SUCCEEDED), id=ID, now=NOW, mono_ms=5, repeated=True)
    assert parse(read(out.payload)).body == {"status": "succeeded", "repeated": True}


def test_levels_are_retained() -> None:
    door = CODEC.door(DoorLevel("main", {"strike": "locked", "tamper": False}, since=NOW))
    assert (door.topic, door.retain) == (f"{BASE}/door/main/state", True)
    assert read(door.payload) == {
        "strike": "locked",
        "tamper": False,
        "since": "2026-11-20T12:00:00.000Z",
    }
    info = CODEC.info({"version": "0.1.0"})
    assert (info.topic, info.retain, read(info.payload)) == (f"{BASE}/info", True, {"version": "0.1.0"})
    state = CODEC.state(DeviceState.READY, session=9)
    assert (state.topic, state.retain) == (f"{BASE}/state", True)
    assert read(state.payload) == {"state": "ready", "session": 9, "boot": "boot-1"}
