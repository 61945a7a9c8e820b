"""Topics and JSON on one side, events, commands and acknowledgments on the other.

Reading is strict and never trusts the sender: whatever the bytes are, the outcome is a value or
MessageMalformed. Writing never fails for a value of ours.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

from edge.core import commands, envelope
from edge.core.ack import Ack, AckStatus
from edge.core.clock_state import ClockState
from edge.core.commands import Refuse, Verdict
from edge.core.envelope import Envelope
from edge.core.events import Json, StoredEvent
from edge.core.roles import Signer
from edge.errors import MessageMalformed
from edge.mqtt.topics import Topics
from edge.ports import Message

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
_ESCAPE = b"\\u"
_ACK_TYPE = "cmd.ack"


class DeviceState(StrEnum):
    """The device as a whole, in its retained `state`; `lost` is said by the broker in its place."""

    INIT = "init"
    READY = "ready"
    DEGRADED = "degraded"
    DISCONNECTED = "disconnected"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message ready to be published."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


@dataclass(frozen=True, slots=True)
class DoorLevel:
    """How a door stands now; a level, never an event. state: by name. since: aware UTC."""

    door: str
    state: Mapping[str, Json]
    since: datetime


def _not_asked_for(_envelope: Envelope, _topic: str, _now: datetime) -> None:
    """Without a keyring the broker's access rules alone decide who may command."""


def _none() -> None:
    """A device that knows the time needs neither."""


@dataclass(frozen=True, slots=True)
class Codec:
    """Reads and writes the messages of one device.

    boot: id of this run of the daemon. doors: the doors it has. groups: those whose commands it obeys, too.
    signers: whose signatures of an envelope on a topic are right at that time; None when signatures are not
    asked for. nonce: what a door command has to repeat while the clock is not synchronized, else None; called
    from any thread. passed, forgotten, max_ahead_s, max_seconds, max_age_s, pictures: see
    `edge.core.commands.judge`.
    """

    topics: Topics
    boot: str
    doors: frozenset[str]
    groups: tuple[str, ...] = ()
    signers: Callable[[Envelope, str, datetime], tuple[Signer, ...] | None] = _not_asked_for
    nonce: Callable[[], str | None] = _none
    passed: Callable[[], datetime | None] = _none
    forgotten: Callable[[], datetime | None] = _none
    max_ahead_s: float = 30.0
    max_seconds: float = 60.0
    max_age_s: float = 86_400.0
    pictures: bool = False

    @property
    def command_topics(self) -> tuple[str, ...]:
        """Where commands for this device come from: its own topic, that of all, and those of its groups."""
        shared = self.topics.shared
        return (self.topics.cmd, shared.all_cmd, *(shared.group_cmd(group) for group in self.groups))

    def verdict(self, message: Message, *, now: datetime, clock_synced: bool) -> Verdict:
        """Judge a message that arrived as a command; never raises. now: aware UTC."""
        scope = self.topics.shared.scope_of(message.topic)
        if scope is None or message.topic not in self.command_topics:
            return _unanswerable("wrong_topic", "not a command topic of this device")
        if len(message.payload) > MAX_BYTES:
            return _unanswerable("oversize", f"{len(message.payload)} bytes; send {MAX_BYTES} at most")
        try:
            received = envelope.parse(parse_json(message.payload))
        except MessageMalformed as malformed:
            return _unanswerable("malformed", str(malformed))
        return commands.judge(
            received,
            signers=self.signers(received, message.topic, now),
            scope=scope,
            nonce=self.nonce(),
            passed=self.passed(),
            forgotten=self.forgotten(),
            retained=message.retain,
            dev=self.topics.dev,
            doors=self.doors,
            now=now,
            clock_synced=clock_synced,
            max_ahead_s=self.max_ahead_s,
            max_seconds=self.max_seconds,
            max_age_s=self.max_age_s,
            pictures=self.pictures,
        )

    def event(self, stored: StoredEvent) -> Outgoing:
        """An event of the outbox; the same one gives the same bytes every time."""
        event = stored.event
        written = Envelope(
            id=stored.id,
            ts=event.at,
            type=event.type,
            body=event.body,
            corr=event.corr,
            dev=self.topics.dev,
            boot=stored.boot,
            seq=stored.seq,
            mono_ms=stored.mono_ms,
            clk=stored.clk,
        )
        return Outgoing(self.topics.event(event.kind), dump_json(envelope.document(written)))

    def ack(
        self,
        command: str,
        ack: Ack,
        *,
        id: str,  # noqa: A002 - the name it has in the envelope
        now: datetime,
        mono_ms: int,
        clk: ClockState | None = None,
        repeated: bool = False,
    ) -> Outgoing:
        """Answer the command with that id. repeated: it had been answered before, nothing was done."""
        body = ack.body() | ({"repeated": True} if repeated else {})
        written = Envelope(
            id=id,
            ts=now,
            type=_ACK_TYPE,
            body=body,
            corr=command,
            dev=self.topics.dev,
            boot=self.boot,
            mono_ms=mono_ms,
            clk=clk,
        )
        return Outgoing(self.topics.cmd_ack, dump_json(envelope.document(written)))

    def door(self, level: DoorLevel) -> Outgoing:
        """The retained state of one door."""
        document: dict[str, Json] = {**level.state, "since": envelope.to_timestamp(level.since)}
        return Outgoing(self.topics.door_state(level.door), dump_json(document), retain=True)

    def info(self, document: Mapping[str, Json]) -> Outgoing:
        """The retained description of the device."""
        return Outgoing(self.topics.info, dump_json(dict(document)), retain=True)

    def state(self, state: DeviceState, session: int) -> Outgoing:
        """The retained `state`. A reader ignores one whose session is older than the last it saw."""
        document: dict[str, Json] = {"state": state.value, "session": session, "boot": self.boot}
        is_here = state not in (DeviceState.LOST, DeviceState.DISCONNECTED)
        if is_here and (nonce := self.nonce()) is not None:
            document["nonce"] = nonce
        return Outgoing(self.topics.state, dump_json(document), retain=True)


def parse_json(payload: bytes, limit: int = MAX_BYTES) -> Json:
    """Decode strict JSON: UTF-8, finite numbers, no key twice, 16 levels, `limit` bytes at most.

    Raises MessageMalformed and nothing else.
    """
    if len(payload) > limit:
        raise MessageMalformed(f"the message has {len(payload)} bytes; send {limit} at most")
    try:
        value: Json = json.loads(
            payload.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise MessageMalformed(f"byte {error.start} of the message is not UTF-8; send JSON") from error
    except RecursionError as error:
        raise MessageMalformed(f"the message is nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise MessageMalformed(f"the message is not JSON: {str(error)[:80]}") from error
    _check_depth(value)
    if _ESCAPE in payload:
        _no_surrogates(value)
    return value


def dump_json(value: Json) -> bytes:
    """Encode as compact ASCII JSON; a number that is not finite becomes null."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")
    except ValueError:
        return json.dumps(_without_nan(value), separators=(",", ":"), allow_nan=False).encode("ascii")


def _unanswerable(reason: str, text: str) -> Refuse:
    return Refuse(None, AckStatus.REJECTED, reason, text, claims=False)


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise MessageMalformed("a key appears twice in one object; send each key once")
    return unique


def _no_constant(name: str) -> NoReturn:
    raise MessageMalformed(f"{name} is not JSON; send a finite number or null")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MessageMalformed("a number is too large for a 64-bit float; send a smaller one")
    return number


def _check_depth(value: Json) -> None:
    """Level by level, not by recursion: the depth is what is in question."""
    level: Iterable[Json] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise MessageMalformed(f"the message is nested deeper than {MAX_DEPTH} levels")


def _no_surrogates(value: Json) -> None:
    """Half a character, as `\\ud800` makes one, could be neither stored nor sent on."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise MessageMalformed("a string holds half a surrogate pair; send whole characters") from error


def _without_nan(value: Json) -> Json:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return value
