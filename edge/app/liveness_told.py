"""What proof of life a door asks for, in words for its operator."""

from __future__ import annotations

from edge.core.liveness_policy import LivenessPolicy
from edge.liveness_settings import LivenessSettings

ASKS = {
    LivenessPolicy.OFF: "no proof of life: a photograph opens the door",
    LivenessPolicy.PASSIVE: "the face must look alive",
    LivenessPolicy.PASSIVE_THEN_CHALLENGE: "the face must look alive; in doubt the head must move as asked",
    LivenessPolicy.CHALLENGE: "everybody must move the head as asked",
}
CURE = 'set liveness.policy, and the policies in liveness.schedule, to "passive" or stricter'


def told(liveness: LivenessSettings) -> str:
    """One line."""
    plan = liveness.plan
    hours = f", and at other hours: {_named(plan.named[1:])}" if plan.timed else ""
    return f"{plan.standing.value} ({ASKS[plan.standing]}){hours}"


def is_ever_off(liveness: LivenessSettings) -> bool:
    return LivenessPolicy.OFF in liveness.plan.named


def _named(policies: tuple[LivenessPolicy, ...]) -> str:
    return "; ".join(f"{policy.value} ({ASKS[policy]})" for policy in dict.fromkeys(policies))
