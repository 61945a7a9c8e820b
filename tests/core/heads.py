"""Heads that move as told: the meshes of a challenged person, without a camera."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from random import Random

import numpy as np

from edge.core.challenge import Challenge, begin, step
from edge.core.challenge_look import ChallengeConfig, Look
from edge.core.face import Landmarks, Points, Pose, Vector
from edge.core.geometry import head_pose
from edge.core.moves import Move, Plan

CONFIG = ChallengeConfig(alike=0.9, alike_turned=0.85, reject=0.2)
FPS = 10.0
FACE: Vector = np.eye(8, dtype=np.float32)[0]
STRANGER: Vector = np.eye(8, dtype=np.float32)[1]
LONGEST_S = 60.0


@dataclass(frozen=True)
class Stance:
    """yaw, pitch: degrees from straight. nearer: ratio of sizes."""

    yaw: float = 0.0
    pitch: float = 0.0
    nearer: float = 1.0


WHOLE = {
    Move.LEFT: Stance(yaw=28.0),
    Move.RIGHT: Stance(yaw=-28.0),
    Move.UP: Stance(pitch=20.0),
    Move.APPROACH: Stance(nearer=1.35),
}
Motion = Callable[[float, Move | None], Stance]
"""Where a head is at a time, which never goes back, given the prompt that shows."""


@cache
def mesh() -> Points:
    """float32 (468, 3): a portrait's mesh, centered, looking straight ahead."""
    path = files("edge.demo") / "portraits" / "grace_hopper_mesh.csv"
    points = np.loadtxt(str(path), delimiter=",", skiprows=1)[:468]
    pose = head_pose(Landmarks(points.astype(np.float32), 1.0))
    return turned(points - points.mean(axis=0), Stance(-pose.yaw, -pose.pitch))


def turned(points: Points, stance: Stance) -> Points:
    """As a solid, seen from afar."""
    yaw, pitch = math.radians(stance.yaw), math.radians(stance.pitch)
    about_y = [[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]]
    about_x = [[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]]
    rotation = np.array(about_y) @ np.array(about_x)
    return np.asarray(stance.nearer * (points @ rotation.T), np.float32)


def a_look(
    at: float, stance: Stance = Stance(), *, vector: Vector | None = FACE, score: float | None = 0.9
) -> Look:
    points, pose = _posed(stance)
    return Look(at, pose, points, vector, score)


@lru_cache(maxsize=20_000)
def _posed(stance: Stance) -> tuple[Points, Pose]:
    points = turned(mesh(), stance) + np.array([320, 240, 0], np.float32)
    return points, head_pose(Landmarks(points, 1.0))


class Human:
    """Does what the prompts say, at a human pace."""

    def __init__(self, seed: int, script: Callable[[Move], Stance] = WHOLE.__getitem__) -> None:
        self._random, self._script = Random(seed), script
        self._asked: Move | None = None
        self._began = self._rise_s = self._hold_s = math.inf
        self._home, self._goal = Stance(), Stance()

    def __call__(self, at: float, prompt: Move | None) -> Stance:
        if prompt is not None and self._asked is None:
            self._home = replace(Stance(), nearer=self._at(at).nearer)
            self._goal = self._script(prompt)
            self._goal = replace(self._goal, nearer=self._goal.nearer * self._home.nearer)
            self._began = at + self._random.uniform(0.3, 1.0)
            self._rise_s, self._hold_s = self._random.uniform(0.4, 0.8), self._random.uniform(0.1, 0.5)
        self._asked = prompt
        sway = self._random.uniform
        here = self._at(at)
        return Stance(here.yaw + sway(-1, 1), here.pitch + sway(-1, 1), here.nearer * sway(0.995, 1.005))

    def _at(self, at: float) -> Stance:
        """Out and back; who came nearer stays there."""
        out = _eased((at - self._began) / self._rise_s)
        back = _eased((at - self._began - self._rise_s - self._hold_s) / self._rise_s)
        a, b = self._home, self._goal
        return Stance((out - back) * b.yaw, (out - back) * b.pitch, a.nearer * (b.nearer / a.nearer) ** out)


def _eased(part: float) -> float:
    if not part > 0:
        return 0.0
    return 0.5 - 0.5 * math.cos(math.pi * min(1.0, part))


@dataclass(frozen=True)
class Recording:
    """What a challenge saw, to be played to another. Before its start and after its end it stands still."""

    stances: tuple[Stance, ...]
    fps: float = FPS

    def from_second(self, offset: float) -> Motion:
        last = len(self.stances) - 1
        return lambda at, _: self.stances[max(0, min(last, round((at + offset) * self.fps)))]

    @property
    def seconds(self) -> float:
        return len(self.stances) / self.fps


def challenged(
    plan: Plan,
    motion: Motion,
    *,
    fps: float = FPS,
    config: ChallengeConfig = CONFIG,
    seen: Callable[[Look, Challenge], Look] = lambda look, _: look,
) -> tuple[Challenge, Recording]:
    """Run a challenge to its end. seen: what becomes of a look, given the challenge before it."""
    stances = [motion(0.0, None)]
    challenge = begin(plan, a_look(0.0, stances[0]))
    for n in range(1, round(LONGEST_S * fps)):
        stances.append(motion(n / fps, challenge.prompt))
        challenge = step(challenge, seen(a_look(n / fps, stances[-1]), challenge), config)
        if challenge.is_over:
            break
    return challenge, Recording(tuple(stances), fps)
