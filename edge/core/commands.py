"""Incoming commands, judged: what may be acted on, what is refused, and what the sender is told.

A judgment looks at the message, at whose signatures of it are right and at the two clocks' verdicts only.
Whether the id was seen before is the journal's knowledge: whoever acts on an `Accept` asks it first, and
answers a repeat with the acknowledgment stored there. A command that moves a door is one entry in
`_DOOR_ORDERS`; those about people are in `gallery_orders`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from edge.core.authorization import WHY, Denial, unauthorized, unproven
from edge.core.envelope import Envelope
from edge.core.events import Json
from edge.core.gallery_orders import GALLERY_ORDERS, BadOrder, GalleryOrder, read_order
from edge.core.roles import Scope, Signer
from edge.errors import OstiaryError
from edge.refusals import MethodUnknown

LEAST_SECONDS = 0.5
_LONGEST_KID = 64


class AckStatus(StrEnum):
    """Where a command is; the last five are final."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    TIMED_OUT = "timed_out"

    @property
    def is_final(self) -> bool:
        return self not in _ON_THE_WAY


_ON_THE_WAY = (AckStatus.RECEIVED, AckStatus.ACCEPTED, AckStatus.IN_PROGRESS)


def may_follow(previous: AckStatus | None, following: AckStatus) -> bool:
    """Whether one acknowledgment may come after another; None is before the first.

    The order is received, accepted, in_progress, then one final status. Steps may be left out,
    never repeated or reversed, and nothing follows a final status.
    """
    if previous is None:
        return True
    if previous.is_final:
        return False
    return following.is_final or _ON_THE_WAY.index(following) > _ON_THE_WAY.index(previous)


@dataclass(frozen=True, slots=True)
class Ack:
    """What the sender of a command is told. reason: a stable word. detail: more keys for the body."""

    status: AckStatus
    reason: str | None = None
    detail: dict[str, Json] = field(default_factory=dict)

    def body(self) -> dict[str, Json]:
        """The body of the acknowledgment's envelope."""
        reason: dict[str, Json] = {"reason": self.reason} if self.reason is not None else {}
        return {**self.detail, "status": self.status.value, **reason}

    def to_json(self) -> str:
        """The text the journal keeps for repeats."""
        return json.dumps(self.body(), separators=(",", ":"), sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Ack:
        """Read what `to_json` wrote; anything else is answered as `INTERRUPTED`, never as a success."""
        try:
            body = json.loads(text)
            status, reason = AckStatus(body.pop("status")), body.pop("reason", None)
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            return INTERRUPTED
        return cls(status, reason if isinstance(reason, str) else None, body)


INTERRUPTED = Ack(AckStatus.FAILED, "interrupted")
"""The device stopped between claiming a command and finishing it; it is not tried again."""


@dataclass(frozen=True, slots=True)
class Unlock:
    """Open a door once. seconds: how long; None is the door's own time."""

    door: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A command fit to be acted on, once, before `expires`. at: when the sender made it (aware UTC).
    nonce: the device's, which it spends; None where the clock tells that the command is fresh."""

    id: str
    type: str
    order: Unlock | GalleryOrder
    at: datetime
    expires: datetime | None
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Accept:
    """The command may be acted on, if its id is new."""

    command: Command

    @property
    def id(self) -> str:
        return self.command.id


@dataclass(frozen=True, slots=True)
class Refuse:
    """The command must not be acted on.

    id: whom to answer; None when the message did not even have a readable id. text: one line for a
    log. claims: the refusal is final for that id and belongs into the journal; a message that was
    retained or meant for another device says nothing about the id it carries. error: whose code the
    sender is told, where it has one. denial: why it was not authorized, in which case kid names the key
    it claims to be signed with.
    """

    id: str | None
    status: AckStatus
    reason: str
    text: str
    claims: bool
    error: OstiaryError | None = None
    denial: Denial | None = None
    kid: str | None = None

    @property
    def ack(self) -> Ack:
        told: dict[str, Json] = {"text": self.text}
        if self.error is not None:
            told |= {"code": self.error.code, "number": self.error.number}
        return Ack(self.status, self.reason, told)


Verdict = Accept | Refuse


class _BadDoorOrder(Exception):
    """A body that is not a legal order: (reason, text)."""


@dataclass(frozen=True, slots=True)
class _Limits:
    doors: Collection[str]
    max_seconds: float


def judge(
    envelope: Envelope,
    *,
    signers: Collection[Signer] | None,
    scope: Scope,
    retained: bool,
    dev: str,
    doors: Collection[str],
    now: datetime,
    clock_synced: bool,
    nonce: str | None = None,
    max_ahead_s: float = 30.0,
    max_seconds: float = 60.0,
    max_age_s: float = 86_400.0,
) -> Verdict:
    """Decide whether a command may be acted on.

    signers: those whose signature of it is right; None when signatures are not asked for. scope: whom the
    topic addresses. retained: the broker had kept the message. dev, doors: this device and its doors. now:
    aware UTC. clock_synced: whether `now` can be trusted; if not, an expiry cannot be checked and nothing
    that has one, as everything that moves a door must, is accepted, but for a door command whose body
    repeats the `nonce` of the device. max_ahead_s: a door command that expires
    later is refused, so that a recorded one is worthless soon. max_seconds: the longest unlock, in seconds.
    max_age_s: what was made longer ago is refused: the ids of older commands are forgotten, so that it may be
    a repeat.
    """
    if retained:
        return _rejected(envelope, "retained", "commands must not be retained; clear it", claims=False)
    if envelope.dev is not None and envelope.dev != dev:
        return _rejected(envelope, "wrong_device", f"meant for {envelope.dev}, this is {dev}", claims=False)
    if (denial := unproven(envelope, signers)) is not None:
        return _denied(envelope, denial)
    moves_door = envelope.type in _DOOR_ORDERS
    if not moves_door and envelope.type not in GALLERY_ORDERS:
        unknown = MethodUnknown(f"no command {envelope.type}; known: {', '.join(COMMANDS)}")
        return replace(_rejected(envelope, "unknown_type", str(unknown)), error=unknown)
    if (denial := unauthorized(envelope, signers, scope, moves_door=moves_door)) is not None:
        return _denied(envelope, denial)
    spent = nonce if moves_door and not clock_synced else None
    untimely = _timely(envelope, moves_door, now, clock_synced, max_ahead_s, spent) or _fresh(
        envelope, now, clock_synced, max_age_s
    )
    if untimely is not None:
        return untimely
    try:
        if moves_door:
            body = {key: value for key, value in envelope.body.items() if key != "nonce"}
            order: Unlock | GalleryOrder = _DOOR_ORDERS[envelope.type](body, _Limits(doors, max_seconds))
        else:
            order = read_order(GALLERY_ORDERS[envelope.type], envelope.body)
    except _BadDoorOrder as bad:
        reason, text = bad.args
        return _rejected(envelope, reason, text)
    except BadOrder as bad:
        return _rejected(envelope, "bad_body", str(bad))
    return Accept(Command(envelope.id, envelope.type, order, envelope.ts, envelope.exp, spent))


def _timely(
    envelope: Envelope,
    moves_door: bool,
    now: datetime,
    clock_synced: bool,
    max_ahead_s: float,
    nonce: str | None,
) -> Refuse | None:
    """Refuse what comes too late. Only what moves a door must say when that is. nonce: a fresh one's."""
    if envelope.exp is None:
        if not moves_door:
            return None
        return _refused(envelope, AckStatus.EXPIRED, "no_expiry", "a door command needs 'exp'; add it")
    if not clock_synced:
        return None if nonce is not None and envelope.body.get("nonce") == nonce else _timeless(envelope)
    if now >= envelope.exp:
        return _refused(envelope, AckStatus.EXPIRED, "expired", "'exp' has passed; send a new command")
    if moves_door and envelope.exp - now > timedelta(seconds=max_ahead_s):
        return _rejected(
            envelope, "expiry_too_far", f"'exp' is more than {max_ahead_s:g} s ahead; send an earlier one"
        )
    return None


def _timeless(envelope: Envelope) -> Refuse:
    reason = "nonce" if "nonce" in envelope.body else "clock"
    return _rejected(
        envelope, reason, "the clock is not synchronized; fix NTP, or repeat the nonce of 'state'"
    )


def _fresh(envelope: Envelope, now: datetime, clock_synced: bool, max_age_s: float) -> Refuse | None:
    """Refuse what is so old that nobody knows any more whether it was carried out."""
    # Ids are forgotten only while the clock is trusted, too.
    if clock_synced and now - envelope.ts >= timedelta(seconds=max_age_s):
        text = f"made more than {max_age_s / 86_400:g} days ago; send a new command"
        return _refused(envelope, AckStatus.EXPIRED, "too_old", text)
    return None


def _unlock(body: dict[str, Json], limits: _Limits) -> Unlock:
    if not {"door"} <= body.keys() <= {"door", "seconds"}:
        raise _BadDoorOrder("bad_body", "the body of door.unlock is {door, seconds}; seconds may be left out")
    door = body["door"]
    if not isinstance(door, str) or door not in limits.doors:
        raise _BadDoorOrder("unknown_door", f"no such door here; known: {', '.join(sorted(limits.doors))}")
    if "seconds" not in body:
        return Unlock(door)
    seconds = body["seconds"]
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not LEAST_SECONDS <= seconds <= limits.max_seconds
    ):
        raise _BadDoorOrder("bad_seconds", f"seconds must be {LEAST_SECONDS:g} to {limits.max_seconds:g}")
    return Unlock(door, float(seconds))


_DOOR_ORDERS: dict[str, Callable[[dict[str, Json], _Limits], Unlock]] = {"door.unlock": _unlock}
COMMANDS = (*_DOOR_ORDERS, *GALLERY_ORDERS)
"""The types of the commands that are understood."""


def _denied(envelope: Envelope, denial: Denial) -> Refuse:
    """Nobody without a right key claims an id: it may be that of a command that is on its way."""
    refusal = _rejected(envelope, "auth", WHY[denial], claims=False)
    kid = None if envelope.sig is None else str(envelope.sig["kid"])[:_LONGEST_KID]
    return replace(refusal, denial=denial, kid=kid)


def _rejected(envelope: Envelope, reason: str, text: str, *, claims: bool = True) -> Refuse:
    return _refused(envelope, AckStatus.REJECTED, reason, text, claims=claims)


def _refused(envelope: Envelope, status: AckStatus, reason: str, text: str, *, claims: bool = True) -> Refuse:
    return Refuse(envelope.id, status, reason, text, claims)
