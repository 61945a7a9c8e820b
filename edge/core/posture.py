"""Who may ask: the posture of a door, as set by several sources at once.

Each source keeps its own posture, so that clearing one reveals the next. The highest source that
has one decides. After a power cycle standing and scheduled postures are set anew; of the others
only those that restrict come back (`durable`, `restore`): the door restarts secure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from edge.core.decision import Receipt


class Posture(StrEnum):
    """disabled and lockdown refuse everybody; unlocked holds the strike open."""

    DISABLED = "disabled"
    SECURE = "secure"
    SECOND_FACTOR = "card_or_face_2fa"
    FIRST_PERSON = "first_person_pending"
    FREE_ACCESS = "free_access"
    UNLOCKED = "unlocked"
    LOCKDOWN = "lockdown"

    @property
    def restricts(self) -> bool:
        """Nobody passes, whatever was granted."""
        return self in (Posture.DISABLED, Posture.LOCKDOWN)


class Source(StrEnum):
    """Who set a posture; a later one outranks an earlier one."""

    STANDING = "standing"
    SCHEDULED = "scheduled"
    OPERATOR = "operator"
    EMERGENCY = "emergency"


_HIGHEST_FIRST = tuple(reversed(Source))


@dataclass(frozen=True, slots=True)
class Held:
    """One source's posture. until: monotonic seconds, or None for as long as it is not cleared.

    Raises ValueError when `unlocked` comes without a receipt: a door is held open by a durable
    decision or not at all.
    """

    posture: Posture
    until: float | None = None
    receipt: Receipt | None = None

    def __post_init__(self) -> None:
        if self.posture is Posture.UNLOCKED and self.receipt is None:
            raise ValueError("posture 'unlocked' needs the receipt of a committed decision")


@dataclass(frozen=True, slots=True)
class DurablePosture:
    """What outlives the process. seconds_left: None for as long as it is not cleared.

    The time is relative because a monotonic clock does not survive a restart; who stores it
    turns it into UTC and back.
    """

    source: Source
    posture: Posture
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Postures:
    """The posture of every source that has one; `secure` when none has."""

    held: tuple[tuple[Source, Held], ...] = ()

    def of(self, source: Source) -> Held | None:
        return dict(self.held).get(source)

    @property
    def effective(self) -> tuple[Source, Held]:
        """The posture that counts and the source it comes from."""
        mine = dict(self.held)
        for source in _HIGHEST_FIRST:
            if source in mine:
                return source, mine[source]
        return Source.STANDING, Held(Posture.SECURE)


def put(postures: Postures, source: Source, held: Held) -> Postures:
    """Set the posture of one source, in place of the one it had."""
    return replace(postures, held=(*clear(postures, source).held, (source, held)))


def clear(postures: Postures, source: Source) -> Postures:
    """Take one source's posture away, which reveals that of the next."""
    return replace(postures, held=tuple(pair for pair in postures.held if pair[0] is not source))


def expire(postures: Postures, now: float) -> Postures:
    """Drop the postures whose time is over. now: monotonic seconds."""
    left = tuple((s, h) for s, h in postures.held if h.until is None or now < h.until)
    return postures if len(left) == len(postures.held) else Postures(left)


def durable(postures: Postures, now: float) -> tuple[DurablePosture, ...]:
    """The postures to store: those of an operator or an emergency that restrict. now: monotonic seconds."""
    return tuple(
        DurablePosture(source, held.posture, None if held.until is None else max(0.0, held.until - now))
        for source, held in postures.held
        if source in (Source.OPERATOR, Source.EMERGENCY) and held.posture.restricts
    )


def restore(postures: Postures, stored: Iterable[DurablePosture], now: float) -> Postures:
    """Put stored postures back; one that does not restrict is left out. now: monotonic seconds."""
    for one in stored:
        if one.posture.restricts and one.source in (Source.OPERATOR, Source.EMERGENCY):
            until = None if one.seconds_left is None else now + one.seconds_left
            postures = put(postures, one.source, Held(one.posture, until))
    return postures
