"""One message has one reading, or none."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.clock_state import ClockState
from edge.core.envelope import Envelope, document, parse, to_timestamp
from edge.core.events import Json
from edge.errors import MessageMalformed

ID = "01936f5e-0000-7000-8000-000000000001"
ULID = "01JD3V7Z0M8Y4T6X2W9K5B1C0D"

SCALARS: st.SearchStrategy[Json] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
JSON: st.SearchStrategy[Json] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
TIMES = st.integers(0, 4_102_444_800_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
NAMES = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=64)
ENVELOPES = st.builds(
    Envelope,
    id=st.uuids().map(str),
    ts=TIMES,
    type=st.sampled_from(["door.unlock", "access.granted", "a.b_c.d"]),
    body=st.dictionaries(st.text(), JSON, max_size=3),
    corr=st.none() | st.uuids().map(str),
    dev=st.none() | NAMES,
    boot=st.none() | st.uuids().map(str),
    seq=st.none() | st.integers(0, 2**63 - 1),
    mono_ms=st.none() | st.integers(0, 2**63 - 1),
    clk=st.none() | st.sampled_from(ClockState),
    exp=st.none() | TIMES,
    sig=st.none() | st.fixed_dictionaries({"alg": st.text(), "kid": st.text(), "val": st.text()}),
)
KEYS = ["v", "id", "ts", "type", "body", "corr", "dev", "boot", "seq", "mono_ms", "clk", "exp", "sig"]


def message(**changes: Json) -> dict[str, Json]:
    plain: dict[str, Json] = {
        "v": 1,
        "id": ID,
        "ts": "2026-11-20T12:00:00Z",
        "type": "door.unlock",
        "body": {},
    }
    return plain | changes


@given(ENVELOPES)
def test_what_is_written_is_read_back(envelope: Envelope) -> None:
    assert parse(document(envelope)) == envelope


@given(JSON)
def test_no_json_raises_anything_but_malformed(value: Json) -> None:
    with pytest.raises(MessageMalformed):
        parse(value)


@given(st.sampled_from(KEYS), JSON)
def test_no_value_under_a_known_key_raises_anything_but_malformed(key: str, value: Json) -> None:
    try:
        read = parse(message(**{key: value}))
    except MessageMalformed as error:
        said = str(error)
    else:
        said = key
        assert parse(document(read)) == read
    assert "\n" not in said
    assert key in said


@pytest.mark.parametrize("key", ["v", "id", "ts", "type", "body"])
def test_a_missing_key_is_refused_by_name(key: str) -> None:
    value = message()
    del value[key]
    with pytest.raises(MessageMalformed, match=key):
        parse(value)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(MessageMalformed, match="'extra'"):
        parse(message(extra=1))


def test_a_signature_is_carried_and_not_judged() -> None:
    signature: Json = {"alg": "ed25519", "kid": "k1", "val": "not a signature"}
    assert parse(message(sig=signature)).sig == signature


@pytest.mark.parametrize(
    "signature", ["text", {}, {"alg": "ed25519", "kid": "k1"}, {"alg": 1, "kid": "k", "val": "v"}]
)
def test_a_misshapen_signature_is_refused(signature: Json) -> None:
    with pytest.raises(MessageMalformed, match="sig"):
        parse(message(sig=signature))


@pytest.mark.parametrize("version", [0, 2, 1.0, True, "1", None])
def test_only_version_one_is_read(version: Json) -> None:
    with pytest.raises(MessageMalformed, match="version"):
        parse(message(v=version))


@pytest.mark.parametrize("good", [ID, ULID])
def test_uuids_and_ulids_are_ids(good: str) -> None:
    assert parse(message(id=good)).id == good


@pytest.mark.parametrize(
    "bad", [ID.upper(), ULID.lower(), f"{{{ID}}}", ID + "\n", "", "8" + ULID[1:], 7, None]
)
def test_an_id_has_one_spelling(bad: Json) -> None:
    with pytest.raises(MessageMalformed, match="'id'"):
        parse(message(id=bad))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-20T12:00:00Z", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2026-11-20T12:00:00.25Z", datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-20T13:30:00+01:30", datetime(2026, 11, 20, 12, tzinfo=UTC)),
    ],
)
def test_times_of_any_zone_become_utc(text: str, at: datetime) -> None:
    read = parse(message(exp=text)).exp
    assert read == at
    assert read is not None
    assert read.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T12:00:00",
        "2026-11-20",
        "2026-11-20 12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-20T12:00:60Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-20T12:00:00+25:00",
        "٢٠٢٦-11-20T12:00:00Z",
        "2026-11-20T12:00:00Z\n",
        1_795_000_000,
    ],
)
def test_a_time_without_one_meaning_is_refused(text: Json) -> None:
    with pytest.raises(MessageMalformed, match="'exp'"):
        parse(message(exp=text))


@pytest.mark.parametrize("number", [-1, 2**63, 1.0, True, "1"])
def test_a_count_is_a_whole_number(number: Json) -> None:
    with pytest.raises(MessageMalformed, match="'seq'"):
        parse(message(seq=number))


def test_timestamps_are_written_in_utc() -> None:
    at = datetime(2026, 11, 20, 13, 0, 0, 1999, tzinfo=timezone(timedelta(hours=1)))
    assert to_timestamp(at) == "2026-11-20T12:00:00.001Z"
