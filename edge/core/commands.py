"""Incoming commands, judged: what may be acted on, what is refused, and what the sender is told.

A judgment looks at the message, at whose signatures of it are right and at the two clocks' verdicts only.
Whether the id was seen before is the journal's knowledge: whoever acts on an `Accept` asks it first, and
answers a repeat with the acknowledgment stored there. What a command
of each type is read into is in `orders`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge.core.ack import Ack, AckStatus
from edge.core.authorization import WHY, Denial, unauthorized, unproven
from edge.core.door_orders import DOOR_ORDERS
from edge.core.envelope import Envelope
from edge.core.events import Json
from edge.core.order_body import BadOrder
from edge.core.orders import COMMANDS, Limits, Order, read
from edge.core.roles import Scope, Signer
from edge.errors import OstiaryError
from edge.refusals import MethodUnknown

_LONGEST_KID = 64


@dataclass(frozen=True, slots=True)
class Command:
    """A command fit to be acted on, once, before `expires`. at: when the sender made it (aware UTC).
    nonce: the device's, which it spends; None where the clock tells that the command is fresh. signers: those
    whose signature of it is right; None where signatures are not asked for."""

    id: str
    type: str
    order: Order
    at: datetime
    expires: datetime | None
    nonce: str | None = None
    signers: tuple[Signer, ...] | None = None


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
    it claims to be signed with. at: when the sender made it.
    """

    id: str | None
    status: AckStatus
    reason: str
    text: str
    claims: bool
    error: OstiaryError | None = None
    denial: Denial | None = None
    kid: str | None = None
    at: datetime | None = None

    @property
    def ack(self) -> Ack:
        told: dict[str, Json] = {"text": self.text}
        if self.error is not None:
            told |= {"code": self.error.code, "number": self.error.number}
        return Ack(self.status, self.reason, told)


Verdict = Accept | Refuse


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
    passed: datetime | None = None,
    forgotten: datetime | None = None,
    max_ahead_s: float = 30.0,
    max_seconds: float = 60.0,
    max_age_s: float = 86_400.0,
    pictures: bool = False,
) -> Verdict:
    """Decide whether a command may be acted on.

    signers: those whose signature of it is right; None when signatures are not asked for. scope: whom the
    topic addresses. retained: the broker had kept the message. dev, doors: this device and its doors. now:
    aware UTC. clock_synced: whether `now` can be trusted; if not, an expiry cannot be checked and nothing
    that has one, as everything that moves a door must, is accepted, but for a door command whose body
    repeats the `nonce` of the device. passed: a time that is over for certain, where `now` is not.
    forgotten: ids of commands made before it are not known any more, however long they are kept now.
    max_ahead_s: a door command that expires later is refused, so that a recorded one is worthless soon.
    max_seconds: the longest unlock, in seconds. max_age_s: what was made longer ago is refused: the ids of
    older commands are forgotten, so that it may be a repeat. pictures: whether commands may bring pictures
    and ask for them.
    """
    if retained:
        return _rejected(envelope, "retained", "commands must not be retained; clear it", claims=False)
    if envelope.dev is not None and envelope.dev != dev:
        return _rejected(envelope, "wrong_device", f"meant for {envelope.dev}, this is {dev}", claims=False)
    if (denial := unproven(envelope, signers)) is not None:
        return _denied(envelope, denial)
    moves_door = envelope.type in DOOR_ORDERS
    if envelope.type not in COMMANDS:
        unknown = MethodUnknown(f"no command {envelope.type}; known: {', '.join(COMMANDS)}")
        return replace(_rejected(envelope, "unknown_type", str(unknown)), error=unknown)
    if (denial := unauthorized(envelope, signers, scope, moves_door=moves_door)) is not None:
        return _denied(envelope, denial)
    spent = nonce if moves_door and not clock_synced else None
    untimely = _timely(envelope, moves_door, now, clock_synced, max_ahead_s, spent) or _fresh(
        envelope, now if clock_synced else passed, max_age_s, forgotten
    )
    if untimely is not None:
        return untimely
    body = {key: value for key, value in envelope.body.items() if not (moves_door and key == "nonce")}
    try:
        order = read(envelope.type, body, Limits(doors, max_seconds, pictures))
    except BadOrder as bad:
        return _rejected(envelope, bad.reason, str(bad))
    signed = None if signers is None else tuple(signers)
    return Accept(Command(envelope.id, envelope.type, order, envelope.ts, envelope.exp, spent, signed))


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
        text = "'exp' has passed; send a new command, and see that the sender's clock is right"
        return _refused(envelope, AckStatus.EXPIRED, "expired", text)
    if moves_door and envelope.exp - now > timedelta(seconds=max_ahead_s):
        text = f"'exp' is more than {max_ahead_s:g} s ahead; send an earlier one, or set the sender's clock"
        return _rejected(envelope, "expiry_too_far", text)
    return None


def _timeless(envelope: Envelope) -> Refuse:
    reason = "nonce" if "nonce" in envelope.body else "clock"
    return _rejected(
        envelope, reason, "the clock is not synchronized; fix NTP, or repeat the nonce of 'state'"
    )


def _fresh(
    envelope: Envelope, now: datetime | None, max_age_s: float, forgotten: datetime | None
) -> Refuse | None:
    """Refuse what is so old that nobody knows any more whether it was carried out."""
    is_old = now is not None and now - envelope.ts >= timedelta(seconds=max_age_s)
    if is_old or (forgotten is not None and envelope.ts < forgotten):
        text = f"made more than {max_age_s / 86_400:g} days ago, or forgotten; send a new command"
        return _refused(envelope, AckStatus.EXPIRED, "too_old", text)
    return None


def _denied(envelope: Envelope, denial: Denial) -> Refuse:
    """Nobody without a right key claims an id: it may be that of a command that is on its way."""
    refusal = _rejected(envelope, "auth", WHY[denial], claims=False)
    kid = None if envelope.sig is None else str(envelope.sig["kid"])[:_LONGEST_KID]
    return replace(refusal, denial=denial, kid=kid)


def _rejected(envelope: Envelope, reason: str, text: str, *, claims: bool = True) -> Refuse:
    return _refused(envelope, AckStatus.REJECTED, reason, text, claims=claims)


def _refused(envelope: Envelope, status: AckStatus, reason: str, text: str, *, claims: bool = True) -> Refuse:
    return Refuse(envelope.id, status, reason, text, claims, at=envelope.ts)
