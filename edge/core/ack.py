"""What the sender of a command is told: where it is, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum

from edge.core.events import Json


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

    The order is received, accepted, in_progress, then one final status. Steps may be left out and never
    reversed; only in_progress may be repeated, with news. Nothing follows a final status.
    """
    if previous is None:
        return True
    if previous.is_final:
        return False
    if following is previous:
        return following is AckStatus.IN_PROGRESS
    return following.is_final or _ON_THE_WAY.index(following) > _ON_THE_WAY.index(previous)


@dataclass(frozen=True, slots=True)
class Ack:
    """What the sender of a command is told. reason: a stable word. detail: more keys for the body. once: keys
    that are sent and never kept, pictures and lines of a log: a repeat of the command is answered without."""

    status: AckStatus
    reason: str | None = None
    detail: dict[str, Json] = field(default_factory=dict)
    once: dict[str, Json] = field(default_factory=dict)

    def body(self) -> dict[str, Json]:
        """The body of the acknowledgment's envelope."""
        reason: dict[str, Json] = {"reason": self.reason} if self.reason is not None else {}
        return {**self.once, **self.detail, "status": self.status.value, **reason}

    def to_json(self) -> str:
        """The text the journal keeps for repeats."""
        return json.dumps(
            replace(self, once={}).body(), separators=(",", ":"), sort_keys=True, allow_nan=False
        )

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
