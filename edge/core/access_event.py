"""The events that tell of a decision."""

from __future__ import annotations

from edge.core.decision import Decision, Reason
from edge.core.events import Event, EventClass, Json

PASSED = "passive+challenge"


def access_event(decision: Decision, versions: dict[str, Json] | None = None) -> Event:
    """The event that tells of a decision. A person is named only where one was recognized.

    versions: what it was decided by; left out where nobody knows.
    """
    shown = decision.evidence
    body: dict[str, Json] = {
        "decision_id": decision.id,
        "door": decision.door,
        "decision": "granted" if decision.granted else "denied",
        "reason": decision.reason.value,
        "factors": list(decision.factors),
    }
    if decision.person is not None:
        body["person"] = decision.person
    if shown.similarity is not None:
        body |= {
            "score": _rounded(shown.similarity),
            "threshold": _rounded(shown.threshold),
            "margin": _rounded(shown.margin),
            "far_target": shown.far_target,
            "liveness": {
                "score": _rounded(shown.liveness),
                "frames": shown.liveness_frames,
                "method": shown.liveness_method,
            },
            "quality": _rounded(shown.quality),
            "latency_ms": _rounded(shown.latency_ms, 1),
        }
    if shown.problems:
        body["problems"] = list(shown.problems)
    if versions:
        body["versions"] = versions
    kind = "access.granted" if decision.granted else "access.denied"
    return Event(EventClass.ACCESS, kind, decision.at, body, corr=decision.command)


def attack_events(decision: Decision) -> tuple[Event, ...]:
    """What a decision tells of an attack or of a challenge, besides itself: figures, never who was shown."""
    shown = decision.evidence
    body: dict[str, Json] = {
        "decision_id": decision.id,
        "door": decision.door,
        "score": _rounded(shown.liveness),
        "frames": shown.liveness_frames,
        "suspicions": list(shown.suspicions),
    }
    if decision.reason is Reason.DENY_LIVENESS:
        return (Event(EventClass.PAD, "pad.attack", decision.at, body),)
    if shown.failure is not None:
        told: dict[str, Json] = {"result": "failed", "failure": shown.failure}
    elif shown.liveness_method == PASSED:
        told = {"result": "passed"}
    else:
        return ()
    return (Event(EventClass.PAD, "pad.challenge", decision.at, body | told),)


def stranger_events(decision: Decision) -> tuple[Event, ...]:
    """Who listens to these alone learns of strangers, and of nobody who is enrolled."""
    if decision.reason is not Reason.DENY_UNKNOWN_FACE:
        return ()
    body: dict[str, Json] = {"decision_id": decision.id, "door": decision.door}
    if decision.evidence.quality is not None:
        body["quality"] = _rounded(decision.evidence.quality)
    return (Event(EventClass.STRANGER, "stranger.seen", decision.at, body),)


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)
