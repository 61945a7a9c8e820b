"""Whether the face of a track is that of a living person: the frames of a visit, weighed together.

One frame proves nothing. The mean of the logits of the liveness model over the frames so far is held to two
thresholds: alive from the upper one on, an attack from the lower one down, and between them more frames are
looked at, until even those leave it open. Alive takes the median too, so that one lucky frame of an attack
carries nothing. What speaks against life besides the picture is a veto: no score
outweighs it. A frame without a score is no evidence, and nobody is let in with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median
from typing import TypeGuard

from edge.core.face import Vector
from edge.core.face_swap import swapped
from edge.core.planarity import Motion, planar
from edge.core.screen_check import confirmed
from edge.core.suspicion import Suspicion

MOST_LOGIT = 6.0
"""One frame counts for no more than this, however sure the network is of it."""
MOST_HELD = 32
"""So many frames of refusals are held against a track."""


class Life(StrEnum):
    """unchecked: the site asks for no proof of life; never the answer of `judge`."""

    LIVE = "live"
    ATTACK = "attack"
    UNSURE = "unsure"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class LifeConfig:
    """accept, reject: probabilities; the mean logit is held to theirs. frames: how many a face needs to count
    as alive. window: from how many on it may count as an attack. more: how many further ones are looked at
    while it is neither. gap_s: after so long without a usable frame those before it no longer count.
    fresh: how many frames of a living face must not be the picture before once more. alike: cosine that the
    templates of one face reach, see `face_swap`.

    Raises ValueError where these do not fit together.
    """

    accept: float = 0.5
    reject: float = 0.1
    frames: int = 5
    window: int = 8
    more: int = 8
    gap_s: float = 2.0
    fresh: int = 3
    alike: float = 0.3

    def __post_init__(self) -> None:
        if not 0.0 < self.reject <= self.accept < 1.0:
            raise ValueError(f"0 < reject ({self.reject}) <= accept ({self.accept}) < 1 does not hold")
        if not 1 <= self.frames <= self.window:
            raise ValueError(f"frames ({self.frames}) must be 1 to window ({self.window})")
        if self.more < 0:
            raise ValueError(f"more ({self.more}) must not be negative")

    @property
    def most(self) -> int:
        """How many frames are looked at before it stays open."""
        return self.window + self.more


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """What one usable frame of a track gave.

    at: monotonic seconds. score: probability 0..1 of the liveness model, None where it could not tell.
    motion: of the face since an earlier frame. vector: float32 (D,), norm 1. None without one. is_still:
    the picture has the very grain of the one before. repeat, stream: what the camera's pictures give away
    at this moment. infrared, depth: what that sensor says, as one value; none without the sensor.
    """

    at: float
    score: float | None
    motion: Motion | None = None
    vector: Vector | None = None
    is_still: bool = False
    repeat: Suspicion | None = None
    stream: Suspicion | None = None
    infrared: tuple[Suspicion | None, ...] = ()
    depth: tuple[Suspicion | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """life: None while the frames do not suffice. score: 0..1, the logistic of the mean logit; 0 where a
    frame has no score. frames: how many were weighed. by_challenge: an active challenge was passed, and what
    the frames left open is settled."""

    life: Life | None
    score: float
    frames: int
    suspicions: tuple[Suspicion, ...] = ()
    by_challenge: bool = False


UNCHECKED = Judgement(Life.UNCHECKED, 0.0, 0)
"""Of a track at a door that asks for no proof of life."""


def gather(glimpses: tuple[Glimpse, ...], new: Glimpse, config: LifeConfig) -> tuple[Glimpse, ...]:
    """The frames to weigh now, newest last, without those before a long gap or a clock that went back."""
    if glimpses and not 0.0 <= new.at - glimpses[-1].at <= config.gap_s:
        glimpses = ()
    return (*glimpses, new)[-config.most :]


def judge(glimpses: Sequence[Glimpse], config: LifeConfig, held: Held | None = None) -> Judgement:
    """Weigh the frames of a track, oldest first. held: what it was refused for before, None if it was not."""
    weight = Weight.of([glimpse.score for glimpse in glimpses])
    suspicions = _suspicions(glimpses, config)
    count = len(glimpses)
    life = Life.ATTACK if suspicions else _life(weight, count, config)
    if life is Life.LIVE and not (_is_fresh(glimpses, config) and _outweighs(weight, count, held, config)):
        life = Life.UNSURE if count >= config.most else None
    return Judgement(life, 0.0 if weight is None else logistic(weight.mean), count, suspicions)


@dataclass(frozen=True, slots=True)
class Held:
    """What is held against a track that was refused for want of life: the logits of its latest frames.

    An attack that stays before the camera must not win by drawing a few lucky frames again and again: as many
    frames as can be are looked at, and those before count as well.
    """

    logits: tuple[float, ...] = ()

    def after(self, glimpses: Sequence[Glimpse]) -> Held:
        """With the frames of one more refusal; those without a score say nothing later on."""
        found = [clipped_logit(one.score) for one in glimpses if is_probability(one.score)]
        return Held((*self.logits, *found)[-MOST_HELD:])


@dataclass(frozen=True, slots=True)
class Weight:
    """What frames say of life, as logits. mean: of all. least: the lower one of mean and median."""

    mean: float
    least: float

    @classmethod
    def of(cls, scores: Sequence[float | None]) -> Weight | None:
        """Each logit counts within -6..6. None without scores, and when one is missing or no probability."""
        logits = [clipped_logit(score) for score in scores if is_probability(score)]
        if not logits or len(logits) < len(scores):
            return None
        mean = fmean(logits)
        return cls(mean, min(mean, median(logits)))


def logit(probability: float) -> float:
    """Raises ValueError unless 0 < probability < 1."""
    return math.log(probability) - math.log1p(-probability)


def logistic(value: float) -> float:
    """The inverse of `logit`, for values that are not extreme."""
    return 1.0 / (1.0 + math.exp(-value))


def _life(weight: Weight | None, count: int, config: LifeConfig) -> Life | None:
    if weight is not None and count >= config.frames and weight.least >= logit(config.accept):
        return Life.LIVE
    if weight is not None and count >= config.window and weight.mean <= logit(config.reject):
        return Life.ATTACK
    return Life.UNSURE if count >= config.most else None


def _is_fresh(glimpses: Sequence[Glimpse], config: LifeConfig) -> bool:
    return sum(not glimpse.is_still for glimpse in glimpses) >= min(config.fresh, config.frames)


def _outweighs(weight: Weight | None, count: int, held: Held | None, config: LifeConfig) -> bool:
    """Whether frames that look alive outweigh what is held against the track."""
    if held is None:
        return True
    if weight is None or count < config.most:
        return False
    whole = (weight.mean * count + sum(held.logits)) / (count + len(held.logits))
    return whole >= logit(config.accept)


def is_probability(score: float | None) -> TypeGuard[float]:
    return score is not None and 0.0 <= score <= 1.0


def clipped_logit(score: float) -> float:
    """The logit of a probability 0..1, within -6..6."""
    if score in (0.0, 1.0):
        return MOST_LOGIT if score else -MOST_LOGIT
    return max(-MOST_LOGIT, min(MOST_LOGIT, logit(score)))


def _suspicions(glimpses: Sequence[Glimpse], config: LifeConfig) -> tuple[Suspicion, ...]:
    found = [one for glimpse in glimpses for one in (glimpse.repeat, glimpse.stream)]
    found += [
        confirmed([one for glimpse in glimpses for one in glimpse.infrared]),
        confirmed([one for glimpse in glimpses for one in glimpse.depth]),
        planar([glimpse.motion for glimpse in glimpses if glimpse.motion is not None]),
        swapped([glimpse.vector for glimpse in glimpses if glimpse.vector is not None], config.alike),
    ]
    return tuple(dict.fromkeys(one for one in found if one is not None))
