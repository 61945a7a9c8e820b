"""How good a picture of a face is: named problems, and the quality levels of cloud services.

The door's gates (`core.quality`) ask whether a face may be compared; these levels tell people and other
programs what is wrong with a picture, and how badly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.core.face import Pose


class Flaw(StrEnum):
    BLUR = "blur"
    DARKNESS = "darkness"
    BRIGHTNESS = "brightness"
    COVERED_BROWS = "covered_brows"
    COVERED_EYES = "covered_eyes"
    COVERED_NOSE = "covered_nose"
    COVERED_MOUTH = "covered_mouth"
    COVERED_CHEEKS = "covered_cheeks"
    COVERED_CHIN = "covered_chin"


WORST = 1
OF_THE_PICTURE = (Flaw.BLUR, Flaw.DARKNESS, Flaw.BRIGHTNESS)
GRAVE = (Flaw.COVERED_EYES, Flaw.COVERED_NOSE, Flaw.COVERED_MOUTH)
"""Any of these, or extreme blur, makes a face one of level 1."""
PRESENT, SLIGHT, EXTREME = 0.5, 0.7, 0.2
"""Sharpness and light: below the first the face has the flaw, below the second slightly so; blur below the
third is extreme."""
COVERED, PARTLY = 0.6, 0.8
"""The visible share of a region: below the first it is covered, below the second slightly so."""


@dataclass(frozen=True, slots=True)
class Clarity:
    """Of the picture inside the face's outline. Each 0..1, 1 without the flaw, 0.5 where it begins to matter:
    sharpness against blur, light against darkness, moderation against too much light."""

    sharpness: float
    light: float
    moderation: float


@dataclass(frozen=True, slots=True)
class Completeness:
    """The visible share of each region of a face, 0..1."""

    brows: float
    eyes: float
    nose: float
    mouth: float
    cheeks: float
    chin: float


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """score: 0..100, the weakest of all freedoms and of the pose. level: 1 low to 4 very high.
    freedom: by flaw, 0..1, 1 without it (of a covered region: its visible share). flaws: those the face has.
    slight: those it has a little."""

    score: float
    level: int
    freedom: Mapping[Flaw, float]
    flaws: tuple[Flaw, ...]
    slight: tuple[Flaw, ...]


def rate(clarity: Clarity, completeness: Completeness, pose: Pose) -> FaceQuality:
    """Judge one face.

    Level 1: extreme blur, or covered eyes, nose or mouth. Level 2: at least three of too much light, too
    little, blur, covered brows, cheeks, chin. Level 3: one or two of those, or several that are slight.
    Level 4: none, or one that is slight. A figure that is not a number counts as 0.
    """
    freedom = {
        Flaw.BLUR: clarity.sharpness,
        Flaw.DARKNESS: clarity.light,
        Flaw.BRIGHTNESS: clarity.moderation,
        Flaw.COVERED_BROWS: completeness.brows,
        Flaw.COVERED_EYES: completeness.eyes,
        Flaw.COVERED_NOSE: completeness.nose,
        Flaw.COVERED_MOUTH: completeness.mouth,
        Flaw.COVERED_CHEEKS: completeness.cheeks,
        Flaw.COVERED_CHIN: completeness.chin,
    }
    freedom = {flaw: min(1.0, value) if value >= 0.0 else 0.0 for flaw, value in freedom.items()}
    flaws = tuple(flaw for flaw, value in freedom.items() if value < _bounds(flaw)[0])
    slight = tuple(flaw for flaw, value in freedom.items() if _bounds(flaw)[0] <= value < _bounds(flaw)[1])
    return FaceQuality(
        score=100.0 * min(_frontality(pose), *freedom.values()),
        level=_level(freedom[Flaw.BLUR], flaws, slight),
        freedom=freedom,
        flaws=flaws,
        slight=slight,
    )


def _bounds(flaw: Flaw) -> tuple[float, float]:
    return (PRESENT, SLIGHT) if flaw in OF_THE_PICTURE else (COVERED, PARTLY)


def _level(sharpness: float, flaws: tuple[Flaw, ...], slight: tuple[Flaw, ...]) -> int:
    if sharpness < EXTREME or any(flaw in GRAVE for flaw in flaws):
        return WORST
    if len(flaws) >= 3:
        return 2
    return 3 if flaws or len(slight) > 1 else 4


def _frontality(pose: Pose) -> float:
    """1 from the front, 0 in profile."""
    away = max(abs(pose.yaw), abs(pose.pitch))
    return max(0.0, 1.0 - away / 90.0) if away >= 0.0 else 0.0
