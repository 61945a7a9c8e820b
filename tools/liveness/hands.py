"""Hands, drawn: on what is held up, and beside living faces."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from liveness.kinds import Float

SKIN_BGR = np.array(
    [(120, 150, 205), (105, 135, 190), (80, 110, 165), (60, 85, 130), (45, 60, 95)], np.float32
)


def fingers(rng: np.random.Generator, scene: Float, quad: Float, face: float) -> None:
    """Fingers over the edges of what is held."""
    tone = _skin(rng)
    thickness = face * rng.uniform(0.16, 0.3)
    for side in rng.choice(4, size=rng.integers(1, 3), replace=False, p=[0.05, 0.3, 0.35, 0.3]):
        a, b = quad[side], quad[(side + 1) % 4]
        along = (b - a) / max(1.0, float(np.linalg.norm(b - a)))
        inward = np.array([-along[1], along[0]], np.float32)
        start = a + (b - a) * rng.uniform(0.15, 0.75)
        for k in range(rng.integers(1, 5)):
            root = start + along * thickness * 1.15 * k - inward * thickness * rng.uniform(1.5, 3.5)
            tip = root + inward * thickness * rng.uniform(2.2, 4.2) + along * rng.normal(0, 0.3) * thickness
            _finger(rng, scene, root, tip, thickness, tone)
        if rng.random() < 0.7:
            palm = start + along * thickness - inward * thickness * 3.2
            _blob(scene, palm, thickness * rng.uniform(1.8, 3.0), tone * rng.uniform(0.7, 0.95))


def beside_face(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    return np.array(
        [size * rng.choice([rng.uniform(0.1, 0.35), rng.uniform(0.65, 0.9)]), size * rng.uniform(0.4, 0.9)]
    )


def waving_hand(
    rng: np.random.Generator, scene: Float, at: NDArray[np.float64], length: float, heading: float
) -> None:
    """A living hand beside the face, so that skin near the face is no proof of an attack."""
    tone = _skin(rng)
    _blob(scene, at, length * 0.6, tone * 0.9)
    for k in range(4):
        angle = heading + (k - 1.5) * rng.uniform(0.1, 0.3)
        tip = at + np.array([np.cos(angle), np.sin(angle)]) * length * rng.uniform(1.0, 1.4)
        _finger(rng, scene, at, tip, length * 0.28, tone)


def own_phone(rng: np.random.Generator, scene: Float, at: NDArray[np.float64], face: float) -> None:
    """The back of a phone or a sheet that a living person holds beside the face."""
    size = face * rng.uniform(0.4, 0.75), face * rng.uniform(0.8, 1.4)
    quad = cv2.boxPoints((tuple(map(float, at)), size, float(rng.normal(0, 20)))).astype(np.float32)
    shade = float(rng.choice([12.0, 40.0, 90.0, 235.0]))
    cv2.fillPoly(scene, [quad.astype(np.int32)], (shade,) * 3, cv2.LINE_AA)
    fingers(rng, scene, quad, face)


def _skin(rng: np.random.Generator) -> Float:
    tone = SKIN_BGR[rng.integers(len(SKIN_BGR))] * rng.uniform(0.7, 1.2) + rng.normal(0, 8, 3)
    return np.clip(tone, 10, 250).astype(np.float32)


def _finger(
    rng: np.random.Generator,
    scene: Float,
    root: NDArray[np.float64],
    tip: NDArray[np.float64],
    thickness: float,
    tone: Float,
) -> None:
    ends = tuple(map(int, root)), tuple(map(int, tip))
    wide = max(1, int(thickness))
    cv2.line(scene, *ends, tuple(map(float, tone * 0.6)), wide + max(1, wide // 5), cv2.LINE_AA)
    cv2.line(scene, *ends, tuple(map(float, tone)), wide, cv2.LINE_AA)
    cv2.line(scene, *ends, tuple(map(float, np.clip(tone * 1.12, 0, 255))), max(1, wide // 2), cv2.LINE_AA)
    if rng.random() < 0.4:
        cv2.circle(
            scene,
            ends[1],
            max(1, wide // 3),
            tuple(map(float, np.clip(tone * 1.2 + 10, 0, 255))),
            -1,
            cv2.LINE_AA,
        )


def _blob(scene: Float, at: NDArray[np.float64], radius: float, tone: Float) -> None:
    cv2.circle(scene, tuple(map(int, at)), max(1, int(radius)), tuple(map(float, tone)), -1, cv2.LINE_AA)
