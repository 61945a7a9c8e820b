"""How a person walks up to the door and waits there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edge.demo.mesh_motion import Stance

WALK_S = 2.4
"""Seconds from the first frame until the person stands."""

_FAR_M, _NEAR_M = 1.8, 0.56
_STEP_HZ = 1.9


@dataclass(frozen=True, slots=True)
class Gait:
    """One person's way of walking. eye_y_m: of the eyes below the camera (negative: above).
    start_x_m: sideways at first. phases: of the sway. blink_s: between two blinks, infinite for none."""

    eye_y_m: float
    start_x_m: float
    phases: tuple[float, ...]
    blink_s: float


def gait(seed: int, eye_y_m: float, blinks: bool = True) -> Gait:
    rng = np.random.default_rng([seed, 0x9A17])
    phases = tuple(float(p) for p in rng.uniform(0.0, 2 * math.pi, 6))
    start_x_m = float(rng.uniform(-0.16, -0.08))
    return Gait(eye_y_m, start_x_m, phases, float(rng.uniform(1.5, 2.3)) if blinks else math.inf)


def stance_at(way: Gait, t: float) -> Stance:
    """Where the person is `t` seconds after the first frame."""
    done = min(1.0, max(0.0, t / WALK_S))
    # Even steps, slowing down over the last quarter.
    progress = done if done < 0.6 else 0.6 + 0.4 * (1 - (1 - (done - 0.6) / 0.4) ** 1.7)
    moving = 1.0 - _smooth((done - 0.75) / 0.25)
    step = 2 * math.pi * _STEP_HZ * t
    p = way.phases
    distance = _FAR_M + (_NEAR_M - _FAR_M) * progress
    distance += moving * 0.012 * math.sin(step + 0.7) + 0.004 * math.sin(1.9 * t + p[0])
    x = way.start_x_m * (1 - progress) + moving * 0.016 * math.sin(step / 2 + p[1])
    x += 0.006 * math.sin(1.3 * t + p[2])
    y = way.eye_y_m + moving * 0.013 * math.cos(step) + 0.002 * math.sin(1.6 * t + p[3])
    yaw = 5.0 * math.sin(1.5 * t + p[4]) + moving * 1.5 * math.sin(step / 2) + 1.5 * math.sin(3.7 * t + p[0])
    pitch = 2.0 * math.sin(1.15 * t + p[5]) + moving * 1.2 * math.cos(step) + 0.7 * math.sin(4.3 * t + p[1])
    roll = 1.6 * math.sin(0.9 * t + p[3]) + moving * 1.0 * math.sin(step / 2 + 0.5)
    # Under each lamp on the way the face grows brighter, and the light comes from above, then from behind.
    lamp = math.cos((distance - 0.7) * 2.0)
    return Stance(
        x_m=x,
        y_m=y,
        distance_m=distance,
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        closed=_smooth(1.0 - abs(t % way.blink_s - 0.6 * way.blink_s) / 0.14),
        light=(0.10 + 0.004 * yaw, -0.14 - 0.05 * lamp),
        brightness=0.74 + 0.07 * lamp,
    )


def _smooth(x: float) -> float:
    x = min(1.0, max(0.0, x))
    return x * x * (3 - 2 * x)
