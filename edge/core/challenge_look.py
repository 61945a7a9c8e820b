"""One look at somebody who is challenged: how far the head moved, and whether it is the same face."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.core.face import Points, Pose, Vector
from edge.core.moves import Move
from edge.core.solidity import size_in_space, solidity
from edge.core.track_life import MOST_LOGIT, clipped_logit, is_probability

STRAIGHT = 0.35
"""Share of a whole move up to which the head still counts as straight."""
FRONTAL_DEG, STEADY_DEG = 18.0, 4.0
LEAST_STILL, STEADY = 3, 1.08
GROWTH_S = 0.1


@dataclass(frozen=True, slots=True)
class ChallengeConfig:
    """alike: cosine of the straight face to the first looks, alike_turned: of the turned one. reject:
    probability that the mean logit of a move's turned looks must exceed.

    turn_deg, up_deg, nearer (a ratio of sizes): what makes a whole move. reaction_s, begin_s: earliest and
    latest begin after the prompt. move_s: from begin to whole. return_s: from there, or from the start, until
    straight and still for still_s. gap_s: longest time between two looks. jump, speed: how far the face may
    move between two looks, in face sizes, and a second. growth: of its size between two looks, a ratio, and
    again for every 0.1 s. unlike: so many looks in a row that are not alike are another face.
    """

    alike: float
    alike_turned: float
    reject: float
    turn_deg: float = 20.0
    up_deg: float = 14.0
    nearer: float = 1.25
    reaction_s: float = 0.2
    begin_s: float = 1.5
    move_s: float = 1.5
    return_s: float = 4.0
    still_s: float = 0.4
    gap_s: float = 0.4
    jump: float = 0.3
    speed: float = 2.0
    growth: float = 1.08
    unlike: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame of the challenged track. at: capture time, monotonic seconds. points: float32 (468, 3).
    vector: float32 (D,), norm 1. score: probability of being alive. None where there is none."""

    at: float
    pose: Pose
    points: Points
    vector: Vector | None
    score: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Straight:
    """What moves are measured from. points: of the latest straight look. vector: mean of the first."""

    pose: Pose
    points: Points
    vector: Vector


def first_straight(looks: Sequence[Look], config: ChallengeConfig) -> Straight | None:
    """Where the looks of the last still_s are frontal, still and of one face; None otherwise."""
    vectors = [look.vector for look in looks if look.vector is not None]
    poses = [look.pose for look in looks]
    if len(vectors) < len(looks) or not (all(map(_is_frontal, poses)) and _is_steady(poses)):
        return None
    mean = np.mean(vectors, axis=0, dtype=np.float32)
    vector = np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-6), np.float32)
    straight = Straight(looks[-1].pose, looks[-1].points, vector)
    is_one = all(is_alike(look, straight, config.alike) for look in looks)
    return straight if is_one and is_still(looks, straight, config) else None


def shares(look: Look, straight: Straight, config: ChallengeConfig) -> dict[Move, float]:
    """How much of each whole move the head has made; negative the other way."""
    turn = (look.pose.yaw - straight.pose.yaw) / config.turn_deg
    nearer = math.log(size_in_space(look.points) / size_in_space(straight.points))
    return {
        Move.LEFT: turn,
        Move.RIGHT: -turn,
        Move.UP: (look.pose.pitch - straight.pose.pitch) / config.up_deg,
        Move.APPROACH: nearer / math.log(config.nearer),
    }


def is_straight(made: dict[Move, float]) -> bool:
    """made: shares of the moves. At whatever distance."""
    return all(abs(share) <= STRAIGHT for move, share in made.items() if move is not Move.APPROACH)


def is_still(looks: Sequence[Look], straight: Straight, config: ChallengeConfig) -> bool:
    """Straight in all looks of the last still_s, and neither coming nor going."""
    if len(looks) < LEAST_STILL or looks[-1].at - looks[0].at < 0.7 * config.still_s:
        return False
    sizes = [size_in_space(look.points) for look in looks]
    all_straight = all(is_straight(shares(look, straight, config)) for look in looks)
    return all_straight and max(sizes) <= STEADY * min(sizes)


def is_solid(turned: Sequence[Look], straight: Straight) -> bool:
    """Most of the looks must be those of a solid; a single mesh may be off."""
    solid = sum(solidity(straight.points, look.points).is_solid for look in turned)
    return 2 * solid > len(turned)


def is_alike(look: Look, straight: Straight, alike: float) -> bool:
    """A look without a template is of nobody known."""
    return look.vector is not None and float(look.vector @ straight.vector) >= alike


def is_whole(look: Look) -> bool:
    """Whether its figures are numbers that can be compared."""
    figures = (look.at, look.pose.yaw, look.pose.pitch, look.pose.roll)
    if not (all(map(math.isfinite, figures)) and np.isfinite(look.points).all()):
        return False
    return size_in_space(look.points) > 0


def continues(last: Look, look: Look, config: ChallengeConfig) -> bool:
    """Whether one face can have moved so between two looks."""
    elapsed = look.at - last.at
    sizes = size_in_space(last.points), size_in_space(look.points)
    moved = math.dist(look.points[:, :2].mean(axis=0), last.points[:, :2].mean(axis=0))
    may_move = (config.jump + config.speed * elapsed) * max(sizes)
    may_grow = config.growth ** (1.0 + elapsed / GROWTH_S)
    return moved <= may_move and max(sizes) <= may_grow * min(sizes)


def mean_logit(looks: Sequence[Look]) -> float:
    """A look without a score counts as one that is certainly not alive."""
    return sum(logit(look.score) for look in looks) / len(looks)


def logit(probability: float | None) -> float:
    """Clipped to -6..6; -6 for what is no probability."""
    return clipped_logit(probability) if is_probability(probability) else -MOST_LOGIT


def _is_frontal(pose: Pose) -> bool:
    return max(abs(pose.yaw), abs(pose.pitch), abs(pose.roll)) <= FRONTAL_DEG


def _is_steady(poses: Sequence[Pose]) -> bool:
    """A head that is still turning would leave what it is measured from."""
    yaws, pitches = [pose.yaw for pose in poses], [pose.pitch for pose in poses]
    return max(max(yaws) - min(yaws), max(pitches) - min(pitches)) <= STEADY_DEG
