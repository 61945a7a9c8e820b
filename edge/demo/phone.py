"""A phone in a hand: body, glass and fingers, without what the screen shows."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.demo.hand import CLOTH, SKIN, Bone, Canvas, cast_shadow, nail, over, sculpt

WIDTH_M, HEIGHT_M, CORNER_M = 0.0715, 0.1480, 0.0085
SCREEN_WIDTH_M, SCREEN_HEIGHT_M, SCREEN_CORNER_M = 0.0660, 0.1386, 0.0060
SCREEN_PIXELS_X, SCREEN_PIXELS_Y = 720, 1512
CANVAS = Canvas(left=-0.095, top=-0.085, width=0.215, height=0.40, pixels_per_m=2800.0)

_FINGERS = ((-0.006, 0.0078), (0.0135, 0.0084), (0.0330, 0.0084), (0.0510, 0.0074))


@lru_cache(maxsize=1)
def held_phone() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Phone and hand on CANVAS, premultiplied uint8 BGRA, and how much of the screen is seen at each
    point of it, uint8 0..255 (fingers and bezel cover the rest)."""
    arm = sculpt(CANVAS, [Bone((0.032, 0.185, -0.02), (0.070, 0.45, -0.02), 0.036, 0.050)], CLOTH, 15, 0.006)
    palm = sculpt(
        CANVAS,
        [
            Bone((0.018, 0.040, -0.05), (0.022, 0.085, -0.04), 0.036, 0.036),
            Bone((0.022, 0.085, -0.04), (0.030, 0.200, -0.03), 0.033, 0.026),
            Bone((0.032, 0.070, -0.03), (0.041, 0.035, -0.01), 0.020, 0.013),
        ],
        SKIN, 13,
    )
    fingers = _fingers()
    body = _body()
    body[..., :3] *= cast_shadow(fingers, CANVAS, (0.001, 0.003), 0.002, 0.4)
    behind = over(arm, palm)
    behind[..., :3] *= cast_shadow(body, CANVAS, (0.0, 0.004), 0.005, 0.55)
    whole = over(fingers, over(body, behind))
    window = _rounded(SCREEN_WIDTH_M, SCREEN_HEIGHT_M, SCREEN_CORNER_M) * (1.0 - fingers[..., 3])
    cv2.circle(window, _pixel(0.0, -0.0645), round(0.0018 * CANVAS.pixels_per_m), 0.0, -1, cv2.LINE_AA)
    whole[..., 3] *= 255.0
    return np.clip(whole, 0, 255).round().astype(np.uint8), (window * 255.0).round().astype(np.uint8)


def _fingers() -> NDArray[np.float32]:
    bones = []
    for y, radius in _FINGERS:
        bones.append(Bone((-0.026, y + 0.006, -0.020), (-0.0385, y + 0.002, -0.008), radius * 1.05, radius * 1.05))
        bones.append(Bone((-0.0385, y + 0.002, -0.008), (-0.0285, y - 0.003, 0.004), radius * 1.05, radius * 0.9))
    fingers = sculpt(CANVAS, bones, SKIN, 14, 0.0015)
    hidden = _rounded(WIDTH_M, HEIGHT_M, CORNER_M)
    x, _ = CANVAS.grid()
    # Only the last joints lie in front of the phone; the rest goes behind it.
    fingers *= (1.0 - hidden * np.clip((x + 0.0225) / 0.001, 0.0, 1.0))[..., None]
    for y, _radius in _FINGERS:
        nail(fingers, CANVAS, (-0.0262, y - 0.0042), 150.0, 0.0085)
    thumb = sculpt(
        CANVAS,
        [
            Bone((0.046, 0.040, 0.000), (0.040, 0.008, 0.004), 0.0135, 0.0108),
            Bone((0.040, 0.008, 0.004), (0.0325, -0.022, 0.003), 0.0108, 0.0085),
        ],
        SKIN, 16,
    )
    nail(thumb, CANVAS, (0.0322, -0.0195), 76.0, 0.0115)
    return over(thumb, fingers)


def _body() -> NDArray[np.float32]:
    """Metal rim, then black glass."""
    rim = _rounded(WIDTH_M, HEIGHT_M, CORNER_M)
    glass = _rounded(WIDTH_M - 0.0020, HEIGHT_M - 0.0020, CORNER_M - 0.001)
    x, _ = CANVAS.grid()
    metal = np.float32((92, 90, 88)) * (1.0 + 0.35 * np.sin(x[..., None] * 260.0 + 0.6))
    color = metal * (rim - glass)[..., None] + np.float32((20, 18, 17)) * glass[..., None]
    slot = np.zeros(CANVAS.shape, np.float32)
    left, right = _pixel(-0.006, -0.0713), _pixel(0.006, -0.0713)
    cv2.line(slot, left, right, 1.0, 2, cv2.LINE_AA)
    color += slot[..., None] * np.float32((34, 34, 34))
    return np.dstack([color, rim]).astype(np.float32)


def _rounded(width: float, height: float, corner: float) -> NDArray[np.float32]:
    """Coverage 0..1 of a rectangle with round corners in the middle of the canvas's plane."""
    x, y = CANVAS.grid()
    dx = np.maximum(np.abs(x) - (width / 2 - corner), 0.0)
    dy = np.maximum(np.abs(y) - (height / 2 - corner), 0.0)
    outside = np.sqrt(dx * dx + dy * dy) - corner
    return np.clip(0.5 - outside * CANVAS.pixels_per_m, 0.0, 1.0).astype(np.float32)


def _pixel(x: float, y: float) -> tuple[int, int]:
    return round((x - CANVAS.left) * CANVAS.pixels_per_m), round((y - CANVAS.top) * CANVAS.pixels_per_m)
