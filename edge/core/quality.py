"""Whether a face is good enough to be compared, and if not, why.

A gate names its problem, so that a kiosk can say what to do and an operator can see what to mend.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.core.face import Box, Pose
from edge.core.quality_levels import Completeness


class Problem(StrEnum):
    TOO_SMALL = "too_small"
    TOO_CLOSE = "too_close"
    SEVERAL_FACES = "several_faces"
    CUT_OFF = "cut_off"
    OFF_AXIS = "off_axis"
    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    FLAT = "flat"
    OCCLUDED = "occluded"


ADVICE = {
    Problem.TOO_SMALL: "come closer",
    Problem.TOO_CLOSE: "step back",
    Problem.SEVERAL_FACES: "one face at a time",
    Problem.CUT_OFF: "move into the picture",
    Problem.OFF_AXIS: "look at the camera",
    Problem.BLURRED: "hold still",
    Problem.DARK: "more light on the face is needed",
    Problem.BRIGHT: "there is too much light on the face",
    Problem.FLAT: "the picture has too little contrast",
    Problem.OCCLUDED: "uncover the face",
}


@dataclass(frozen=True, slots=True)
class Measurements:
    """What a picture of a face measures, on its grey crop brought to 112x112.

    sharpness: variance of the Laplacian. brightness: mean grey 0..255. contrast: standard
    deviation of grey.
    """

    sharpness: float
    brightness: float
    contrast: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The gates. Sizes in pixels of the frame, angles in degrees, light in grey values. room: the least
    share of a face's surroundings that must be in the picture, see `surroundings`. visible: the least share
    of eyes and nose, each; wide: the same of mouth and cheeks, which a mask takes, or half of a face."""

    face_px: float = 64.0
    yaw: float = 30.0
    pitch: float = 25.0
    roll: float = 35.0
    sharpness: float = 25.0
    dark: float = 40.0
    bright: float = 225.0
    contrast: float = 14.0
    presence: float = 0.5
    room: float = 0.3
    visible: float = 0.5
    wide: float = 0.75


@dataclass(frozen=True, slots=True)
class Quality:
    """score: 0..1, the weakest of the gates' scores. problems: empty when the face is good enough."""

    score: float
    problems: tuple[Problem, ...]

    @property
    def is_good(self) -> bool:
        return not self.problems


def position_problems(box: Box, width: int, height: int, limits: Limits) -> tuple[Problem, ...]:
    """The gates that need nothing but the box: they run before any model does."""
    problems = []
    if not max(box.width, box.height) >= limits.face_px:
        problems.append(Problem.TOO_SMALL)
    visible = Box(max(0.0, box.x0), max(0.0, box.y0), min(float(width), box.x1), min(float(height), box.y1))
    if not (visible.width > 0 and visible.height > 0 and visible.area >= 0.85 * box.area):
        problems.append(Problem.CUT_OFF)
    return tuple(problems)


def assess(box: Box, measured: Measurements, pose: Pose, presence: float, limits: Limits) -> Quality:
    """Judge one face that passed `position_problems`. A figure that is not a number passes no gate."""
    gates = {
        Problem.OFF_AXIS: abs(pose.yaw) <= limits.yaw
        and abs(pose.pitch) <= limits.pitch
        and abs(pose.roll) <= limits.roll,
        Problem.DARK: measured.brightness >= limits.dark,
        Problem.BRIGHT: measured.brightness <= limits.bright,
        Problem.FLAT: measured.contrast >= limits.contrast,
        Problem.BLURRED: measured.sharpness >= limits.sharpness,
        Problem.OCCLUDED: presence >= limits.presence,
    }
    scores = (
        max(box.width, box.height) / (2 * limits.face_px),
        1 - abs(pose.yaw) / (2 * limits.yaw),
        1 - abs(pose.pitch) / (2 * limits.pitch),
        measured.sharpness / (4 * limits.sharpness),
        measured.contrast / (3 * limits.contrast),
        presence,
    )
    problems = tuple(problem for problem, is_passed in gates.items() if not is_passed)
    return Quality(score=min(1.0, max(0.0, min(scores))), problems=problems)


def is_covered(seen: Completeness, limits: Limits) -> bool:
    """Whether too much of a face is hidden, as by a mask, dark glasses, a hand or a door's edge.

    A figure that is not a number shows nothing.
    """
    # Spectacles make these two look less open than they are, nothing does with the others.
    is_seen = seen.eyes >= limits.visible and seen.nose >= limits.visible
    return not (is_seen and seen.mouth >= limits.wide and seen.cheeks >= limits.wide)
