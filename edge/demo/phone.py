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
            Bone((0.012, 0.050, -0.05), (0.020, 0.085, -0.04), 0.036, 0.034),
            Bone((0.020, 0.085, -0.04), (0.030, 0.210, -0.03), 0.034, 0.026),
        ],
        SKIN,
        13,
        0.004,
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
    """What lies in front of the phone: the last joints of four fingers, and the thumb."""
    bones = [
        Bone((-0.0375, y + 0.0035, -0.006), (-0.0290, y - 0.0015, 0.002), radius, radius * 0.86)
        for y, radius in _FINGERS
    ]
    fingers = sculpt(CANVAS, bones, SKIN, 14, 0.0006)
    for y, radius in _FINGERS:
        nail(fingers, CANVAS, (-0.0258, y - 0.0030), 149.0, radius * 0.95)
    thumb = sculpt(
        CANVAS,
        [
            Bone((0.0400, 0.120, -0.030), (0.0465, 0.068, -0.014), 0.0260, 0.0165),
            Bone((0.0465, 0.068, -0.014), (0.0405, 0.024, 0.001), 0.0165, 0.0108),
            Bone((0.0405, 0.024, 0.001), (0.0375, 0.006, 0.003), 0.0108, 0.0100),
            Bone((0.0375, 0.006, 0.003), (0.0330, -0.012, 0.002), 0.0100, 0.0082),
        ],
        SKIN,
        16,
        0.0006,
    )
    nail(thumb, CANVAS, (0.0325, -0.0120), 76.0, 0.0105)
    return over(thumb, fingers)


def _body() -> NDArray[np.float32]:
    """Metal rim, then black glass."""
    rim = _rounded(WIDTH_M, HEIGHT_M, CORNER_M)
    glass = _rounded(WIDTH_M - 0.0020, HEIGHT_M - 0.0020, CORNER_M - 0.001)
    x, _ = CANVAS.grid()
    metal = np.array((92, 90, 88), np.float32) * (1.0 + 0.35 * np.sin(x[..., None] * 260.0 + 0.6))
    color = metal * (rim - glass)[..., None] + np.array((20, 18, 17), np.float32) * glass[..., None]
    slot = np.zeros(CANVAS.shape, np.float32)
    left, right = _pixel(-0.006, -0.0713), _pixel(0.006, -0.0713)
    cv2.line(slot, left, right, 1.0, 2, cv2.LINE_AA)
    color += slot[..., None] * np.array((34, 34, 34), np.float32)
    return np.dstack([color, rim]).astype(np.float32)


def _rounded(width: float, height: float, corner: float) -> NDArray[np.float32]:
    """Coverage 0..1 of a rectangle with round corners in the middle of the canvas's plane."""
    x, y = CANVAS.grid()
    dx = np.maximum(np.abs(x) - (width / 2 - corner), 0.0)
    dy = np.maximum(np.abs(y) - (height / 2 - corner), 0.0)
    outside = np.sqrt(dx * dx + dy * dy) - corner
    return np.asarray(np.clip(0.5 - outside * CANVAS.pixels_per_m, 0.0, 1.0), dtype=np.float32)


def _pixel(x: float, y: float) -> tuple[int, int]:
    return round((x - CANVAS.left) * CANVAS.pixels_per_m), round((y - CANVAS.top) * CANVAS.pixels_per_m)
