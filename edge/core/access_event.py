"""The event that tells of a decision."""

from __future__ import annotations

from edge.core.decision import Decision
from edge.core.events import Event, EventClass, Json


def access_event(decision: Decision) -> Event:
    """The event that tells of a decision. A person is named only where one was recognized."""
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
                "method": "passive",
            },
            "quality": _rounded(shown.quality),
            "latency_ms": _rounded(shown.latency_ms, 1),
        }
    kind = "access.granted" if decision.granted else "access.denied"
    return Event(EventClass.ACCESS, kind, decision.at, body, corr=decision.command)


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)
