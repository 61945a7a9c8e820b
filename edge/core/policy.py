"""Who may pass. One pure function that all credentials meet in.

Every branch that cannot say yes says no, with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge.core.decision import Reason
from edge.core.evidence import Outcome
from edge.core.face import PersonId
from edge.core.posture import Posture


@dataclass(frozen=True, slots=True)
class FaceShown:
    """A face stood at the door and its evidence came to an outcome, `age_s` seconds ago."""

    outcome: Outcome
    person: PersonId | None
    age_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CommandGiven:
    """An authorized, fresh, never seen `door.unlock` arrived."""

    command: str


@dataclass(frozen=True, slots=True)
class ExitRequested:
    """The request-to-exit button was pressed, at a door whose relay follows it."""


OLDEST_FACE_S = 5.0
"""Age from which on a face is no longer let in; a stalled disk or a stopped process makes it so old."""

Credential = FaceShown | CommandGiven | ExitRequested


@dataclass(frozen=True, slots=True)
class Standing:
    """What the gallery says of a person at this moment. Times are aware UTC, None is open-ended."""

    person: PersonId
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    granted: bool
    reason: Reason


def decide(
    credential: Credential,
    *,
    standing: Standing | None,
    door_refusal: Reason | None,
    posture: Posture,
    clock_is_set: bool,
    now: datetime,
) -> Ruling:
    """Answer one request to pass.

    standing: of the person named by the credential, None when the gallery knows nobody of that id.
    door_refusal: why the door grants nobody just now (lockdown, interlock, fault), or None. posture:
    of the door; in free access any living face opens, where a second factor is asked a face alone does
    not. clock_is_set: False when the time of day cannot be trusted; then a person whose validity has a
    start or an end is refused. now: aware UTC.
    """
    if door_refusal is not None:
        return _deny(door_refusal)
    match credential:
        case ExitRequested():
            return Ruling(True, Reason.ALLOW_REQUEST_TO_EXIT)
        case CommandGiven():
            return Ruling(True, Reason.ALLOW_COMMAND)
        case FaceShown():
            ruling = _decide_face(credential, standing, posture, clock_is_set, now)
            # Whoever stood there may have gone: an answer that comes late must not open to the next one.
            is_late = not credential.age_s <= OLDEST_FACE_S
            return _deny(Reason.DENY_LATE) if ruling.granted and is_late else ruling


def _decide_face(
    shown: FaceShown, standing: Standing | None, posture: Posture, clock_is_set: bool, now: datetime
) -> Ruling:
    match shown.outcome:
        case Outcome.NOT_LIVE:
            return _deny(Reason.DENY_LIVENESS)
        case Outcome.UNSURE_LIVENESS:
            return _deny(Reason.DENY_LIVENESS_UNSURE)
        case Outcome.CHALLENGE_FAILED:
            return _deny(Reason.DENY_CHALLENGE)
        case Outcome.POOR_QUALITY:
            return _deny(Reason.DENY_QUALITY)
        case Outcome.UNKNOWN | Outcome.AMBIGUOUS if posture is Posture.FREE_ACCESS:
            return Ruling(True, Reason.ALLOW_POSTURE_FREE_ACCESS)
        case Outcome.UNKNOWN:
            return _deny(Reason.DENY_UNKNOWN_FACE)
        case Outcome.AMBIGUOUS:
            return _deny(Reason.DENY_AMBIGUOUS)
        case Outcome.RECOGNIZED:
            ruling = _decide_person(shown.person, standing, clock_is_set, now)
            if ruling.granted and posture is Posture.SECOND_FACTOR:
                return _deny(Reason.DENY_SECOND_FACTOR)
            return ruling


def _decide_person(
    person: PersonId | None, standing: Standing | None, clock_is_set: bool, now: datetime
) -> Ruling:
    if standing is None or standing.person != person:
        return _deny(Reason.DENY_UNKNOWN_FACE)
    if standing.is_revoked:
        return _deny(Reason.DENY_REVOKED)
    if standing.valid_from is None and standing.valid_until is None:
        return Ruling(True, Reason.ALLOW_GRANT)
    if not clock_is_set:
        return _deny(Reason.DENY_CLOCK)
    if standing.valid_from is not None and now < standing.valid_from:
        return _deny(Reason.DENY_NOT_YET_VALID)
    if standing.valid_until is not None and now >= standing.valid_until:
        return _deny(Reason.DENY_EXPIRED)
    return Ruling(True, Reason.ALLOW_GRANT)


def _deny(reason: Reason) -> Ruling:
    return Ruling(False, reason)
