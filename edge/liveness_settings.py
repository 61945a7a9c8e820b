"""What can be set about proof of life."""

from __future__ import annotations

from typing import Self

from pydantic import Field, field_validator, model_validator

from edge.core.liveness_policy import LivenessPolicy, PolicyPlan, Timed
from edge.core.moves import Move
from edge.core.weekly import Day, weekly
from edge.section import Section


class ChallengeSettings(Section):
    """moves: what people may be asked for; leave `approach` out where nobody can come nearer. count: how many
    moves one challenge has."""

    moves: tuple[Move, ...] = tuple(Move)
    count: int = Field(default=3, ge=2, le=5)

    @field_validator("moves")
    @classmethod
    def _can_be_drawn(cls, moves: tuple[Move, ...]) -> tuple[Move, ...]:
        if len(set(moves) - {Move.APPROACH}) < 2 or len(set(moves)) < len(moves):
            raise ValueError("name at least two moves besides approach, and each once")
        return moves


class TimedPolicySettings(Section):
    """A policy of some hours. begin, end: HH:MM, 00:00 to 24:00; an end before the begin is of the day
    after."""

    days: tuple[Day, ...] = tuple(Day)
    begin: str = Field(default="00:00", alias="from")
    end: str = Field(default="24:00", alias="to")
    policy: LivenessPolicy

    @model_validator(mode="after")
    def _is_time(self) -> Self:
        weekly(self.days, self.begin, self.end)
        return self


class LivenessSettings(Section):
    """policy: `off`, `passive`, `passive+challenge` (who is in doubt is asked to move the head) or
    `challenge` (everybody is). schedule: other policies at some hours of the week, in `device.time_zone`;
    the first that covers a time decides, and the strictest of all while the time is not trusted.
    threshold, reject: from which mean on a face counts as alive, and down from which as an attack (0..1);
    absent, the model's own. frames: how many a living face needs at least. window: how many an attack
    needs. more: how many further ones are looked at in doubt."""

    policy: LivenessPolicy = LivenessPolicy.PASSIVE
    schedule: tuple[TimedPolicySettings, ...] = ()
    threshold: float | None = Field(default=None, ge=0.01, le=0.99)
    reject: float | None = Field(default=None, ge=0.005, le=0.99)
    frames: int = Field(default=5, ge=3, le=30)
    window: int = Field(default=8, ge=3, le=30)
    more: int = Field(default=8, ge=0, le=30)
    challenge: ChallengeSettings = ChallengeSettings()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.frames > self.window:
            raise ValueError(f"frames ({self.frames}) must not exceed window ({self.window})")
        if self.reject is not None and self.threshold is not None and self.reject > self.threshold:
            raise ValueError(f"reject ({self.reject}) must not exceed threshold ({self.threshold})")
        return self

    @property
    def plan(self) -> PolicyPlan:
        timed = (Timed(weekly(one.days, one.begin, one.end), one.policy) for one in self.schedule)
        return PolicyPlan(self.policy, tuple(timed))
