"""What was decided about one request to pass, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from edge.core.face import PersonId

DecisionId = NewType("DecisionId", str)


class Reason(StrEnum):
    """Stable strings: they are published, stored and matched on by others."""

    ALLOW_GRANT = "allow_grant"
    ALLOW_COMMAND = "allow_command"
    ALLOW_REQUEST_TO_EXIT = "allow_request_to_exit"
    ALLOW_POSTURE_FREE_ACCESS = "allow_posture_free_access"
    ALLOW_POSTURE_UNLOCKED = "allow_posture_unlocked"
    DENY_UNKNOWN_FACE = "deny_unknown_face"
    DENY_LIVENESS = "deny_liveness"
    DENY_LIVENESS_UNSURE = "deny_liveness_unsure"
    DENY_CHALLENGE = "deny_challenge"
    DENY_QUALITY = "deny_quality"
    DENY_AMBIGUOUS = "deny_ambiguous"
    DENY_LATE = "deny_late"
    DENY_EXPIRED = "deny_expired"
    DENY_NOT_YET_VALID = "deny_not_yet_valid"
    DENY_REVOKED = "deny_revoked"
    DENY_LOCKDOWN = "deny_lockdown"
    DENY_DISABLED = "deny_disabled"
    DENY_INTERLOCK = "deny_interlock"
    DENY_SECOND_FACTOR = "deny_second_factor"
    DENY_NO_POLICY = "deny_no_policy"
    DENY_CLOCK = "deny_clock"
    DENY_FAULT = "deny_fault"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a decision about a face rested on, as published: figures, never pixels or templates.

    liveness: 0..1, None where the door asked for no proof of life; liveness_method: passive,
    passive+challenge or off. suspicions: what spoke against life. problems: why no frame was usable.
    failure: why a challenge was not passed.
    """

    similarity: float | None = None
    threshold: float | None = None
    margin: float | None = None
    far_target: float | None = None
    liveness: float | None = None
    liveness_frames: int = 0
    quality: float | None = None
    latency_ms: float | None = None
    liveness_method: str | None = None
    suspicions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One request, answered. `at` is aware UTC; `factors` names what was shown: face, command, rex."""

    id: DecisionId
    at: datetime
    door: str
    granted: bool
    reason: Reason
    factors: tuple[str, ...]
    person: PersonId | None = None
    seconds: float | None = None
    command: str | None = None
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a decision is durable. Only the journal makes one, and only one opens a lock."""

    decision: DecisionId
