"""What a face looks like: estimates of networks, never facts, and off at the door unless asked for.

Beauty, the one attribute of comparable services that is not here, is left out on purpose: it measures
a taste, not a face. Answers say `null` in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar


class Expression(StrEnum):
    ANGER = "anger"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPINESS = "happiness"
    SADNESS = "sadness"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"


class Glasses(StrEnum):
    NONE = "none"
    GLASSES = "glasses"
    SUNGLASSES = "sunglasses"


class Hair(StrEnum):
    BALD = "bald"
    SHORT = "short"
    LONG = "long"
    COVERED = "covered"


class Gender(StrEnum):
    MALE = "male"
    FEMALE = "female"


Label = TypeVar("Label", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Estimate(Generic[Label]):
    """The likeliest label, and how sure the network is of it, 0..1 (its probability among all labels)."""

    label: Label
    probability: float


@dataclass(frozen=True, slots=True)
class Appearance:
    """Of one face. age: years. age_deviation: standard deviation of the network's own distribution, years.
    mask: probability 0..1 that mouth and nose are covered by a mask."""

    age: float
    age_deviation: float
    gender: Estimate[Gender]
    expression: Estimate[Expression]
    glasses: Estimate[Glasses]
    hair: Estimate[Hair]
    mask: float
