"""What proof of life a door asks for, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from edge.core.weekly import Weekly


class LivenessPolicy(StrEnum):
    """off: none; a photograph opens. passive: the frames of the visit must look alive. passive+challenge: and
    who is in doubt is asked to turn the head. challenge: everybody is asked."""

    OFF = "off"
    PASSIVE_THEN_CHALLENGE = "passive+challenge"
    PASSIVE = "passive"
    CHALLENGE = "challenge"

    @property
    def strictness(self) -> int:
        return tuple(LivenessPolicy).index(self)


@dataclass(frozen=True, slots=True)
class Timed:
    """A policy of some hours of the week."""

    when: Weekly
    policy: LivenessPolicy


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """standing: what holds outside all `timed`, of which the first that covers a time decides."""

    standing: LivenessPolicy = LivenessPolicy.PASSIVE
    timed: tuple[Timed, ...] = ()

    def at(self, local: datetime | None) -> LivenessPolicy:
        """The policy of a moment. local: the time on the wall, None where it cannot be trusted: then the
        strictest of all holds."""
        if local is None:
            return max(self.named, key=lambda policy: policy.strictness)
        for timed in self.timed:
            if timed.when.covers(local):
                return timed.policy
        return self.standing

    @property
    def named(self) -> tuple[LivenessPolicy, ...]:
        """Every policy that can come to hold."""
        return (self.standing, *(timed.policy for timed in self.timed))
