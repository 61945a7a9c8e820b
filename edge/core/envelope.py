"""The envelope every event, command and acknowledgment travels in.

`parse` is strict: a key it does not know, a wrong type or an id in an unusual spelling is refused,
so that one message has exactly one reading. Of `sig` and `cosig` only the shape is looked at here;
whether they are right is for those who know the keys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from edge.core.clock_state import ClockState
from edge.core.events import Json
from edge.errors import MessageMalformed

VERSION = 1

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_NAME = re.compile(r"[a-z0-9-]{1,64}")
_TYPE = re.compile(r"[a-z]+(\.[a-z_]+)+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_TYPE_LENGTH = 64
_TEXT_LENGTH = 128
_LARGEST = 2**63 - 1
_REQUIRED = ("v", "id", "ts", "type", "body")
_KEYS = frozenset((*_REQUIRED, "corr", "dev", "boot", "seq", "mono_ms", "clk", "exp", "sig", "cosig"))
_MOST_COSIGNATURES = 8
_SIGNATURE_KEYS = frozenset(("alg", "kid", "val"))


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message. id: lower-case UUID or upper-case ULID. ts, exp: aware UTC. mono_ms: milliseconds.

    corr: the id of the message answered. seq: the sender's gapless count of events. cosig: further
    signatures, where one is not enough.
    """

    id: str
    ts: datetime
    type: str
    body: dict[str, Json]
    corr: str | None = None
    dev: str | None = None
    boot: str | None = None
    seq: int | None = None
    mono_ms: int | None = None
    clk: ClockState | None = None
    exp: datetime | None = None
    sig: dict[str, Json] | None = None
    cosig: tuple[dict[str, Json], ...] = ()


def parse(value: Json) -> Envelope:
    """Read an envelope from decoded JSON. Raises MessageMalformed, naming the key that is wrong."""
    if not isinstance(value, dict):
        raise MessageMalformed("the message is not a JSON object; send one envelope (version 1)")
    if unknown := sorted(value.keys() - _KEYS):
        raise MessageMalformed(f"unknown key {_shown(unknown[0])} in the envelope; remove it")
    for key in _REQUIRED:
        if key not in value:
            raise MessageMalformed(f"the envelope has no {key!r}; it needs {', '.join(_REQUIRED)}")
    if type(value["v"]) is not int or value["v"] != VERSION:
        raise MessageMalformed(f"envelope version {_shown(value['v'])} is not known; send version {VERSION}")
    body = value["body"]
    if not isinstance(body, dict):
        raise MessageMalformed("'body' is not an object; send one, even when it is empty")
    return Envelope(
        id=message_id(value["id"], "id"),
        ts=timestamp(value["ts"], "ts"),
        type=_type(value["type"]),
        body=body,
        corr=message_id(value["corr"], "corr") if "corr" in value else None,
        dev=_name(value["dev"], "dev") if "dev" in value else None,
        boot=_text(value["boot"], "boot") if "boot" in value else None,
        seq=_count(value["seq"], "seq") if "seq" in value else None,
        mono_ms=_count(value["mono_ms"], "mono_ms") if "mono_ms" in value else None,
        clk=_clock(value["clk"]) if "clk" in value else None,
        exp=timestamp(value["exp"], "exp") if "exp" in value else None,
        sig=signature(value["sig"], "sig") if "sig" in value else None,
        cosig=_cosignatures(value["cosig"]) if "cosig" in value else (),
    )


def document(envelope: Envelope) -> dict[str, Json]:
    """The JSON object of an envelope, without the keys that are not set; `parse` reads it back."""
    optional: dict[str, Json] = {
        "corr": envelope.corr,
        "dev": envelope.dev,
        "boot": envelope.boot,
        "seq": envelope.seq,
        "mono_ms": envelope.mono_ms,
        "clk": envelope.clk.value if envelope.clk else None,
        "exp": to_timestamp(envelope.exp) if envelope.exp else None,
        "sig": envelope.sig,
        "cosig": [*envelope.cosig] or None,
    }
    return {
        "v": VERSION,
        "id": envelope.id,
        "ts": to_timestamp(envelope.ts),
        "type": envelope.type,
        **{key: value for key, value in optional.items() if value is not None},
        "body": envelope.body,
    }


def to_timestamp(at: datetime) -> str:
    """RFC 3339 in UTC, cut to milliseconds: `2026-11-20T12:00:00.123Z`. `at` must be aware."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def timestamp(value: Json, key: str) -> datetime:
    """Read a time of RFC 3339, as aware UTC. Raises MessageMalformed, naming the key."""
    if isinstance(value, str) and value.isascii() and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise MessageMalformed(f"{key!r} is {_shown(value)}; send a time such as 2026-11-20T12:00:00Z")


def message_id(value: Json, key: str) -> str:
    """Check an id. One spelling only: two spellings of one id would pass as two commands."""
    if isinstance(value, str) and (_UUID.fullmatch(value) or _ULID.fullmatch(value)):
        return value
    raise MessageMalformed(f"{key!r} is {_shown(value)}; send a lower-case UUID or an upper-case ULID")


def _type(value: Json) -> str:
    if isinstance(value, str) and len(value) <= _TYPE_LENGTH and _TYPE.fullmatch(value):
        return value
    raise MessageMalformed(f"'type' is {_shown(value)}; send dotted lower case such as door.unlock")


def _name(value: Json, key: str) -> str:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise MessageMalformed(f"{key!r} is {_shown(value)}; send 1 to 64 of a-z, 0-9 and -")


def _text(value: Json, key: str) -> str:
    if isinstance(value, str) and 0 < len(value) <= _TEXT_LENGTH and value.isprintable():
        return value
    raise MessageMalformed(f"{key!r} is {_shown(value)}; send 1 to {_TEXT_LENGTH} printable characters")


def _count(value: Json, key: str) -> int:
    if type(value) is int and 0 <= value <= _LARGEST:
        return value
    raise MessageMalformed(f"{key!r} is {_shown(value)}; send a whole number, 0 or more")


def _clock(value: Json) -> ClockState:
    if isinstance(value, str) and value in set(ClockState):
        return ClockState(value)
    raise MessageMalformed(f"'clk' is {_shown(value)}; send one of {', '.join(ClockState)}")


def _cosignatures(value: Json) -> tuple[dict[str, Json], ...]:
    if isinstance(value, list) and 1 <= len(value) <= _MOST_COSIGNATURES:
        return tuple(signature(one, "cosig") for one in value)
    raise MessageMalformed(
        f"'cosig' is not a list of 1 to {_MOST_COSIGNATURES} signatures; correct or remove it"
    )


def signature(value: Json, key: str) -> dict[str, Json]:
    """Check the shape of a signature. Raises MessageMalformed."""
    if (
        isinstance(value, dict)
        and value.keys() == _SIGNATURE_KEYS
        and all(isinstance(part, str) for part in value.values())
    ):
        return value
    raise MessageMalformed(f"{key!r} is not an object of the strings alg, kid and val; correct or remove it")


def _shown(value: Json) -> str:
    """A foreign value, short and on one line, fit for an error message."""
    text = ascii(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    return text if len(text) <= 40 else text[:37] + "..."
