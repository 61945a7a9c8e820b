"""A portrait printed in color on glossy A5 paper, and the hand that holds it up."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.frame import Image
from edge.demo.hand import CLOTH, SKIN, Bone, Canvas, cast_shadow, nail, over, sculpt
from edge.demo.portrait import Portrait, load_portrait

WIDTH_M, HEIGHT_M = 0.148, 0.210
CANVAS = Canvas(left=-0.085, top=-0.115, width=0.235, height=0.47, pixels_per_m=2400.0)

_BORDER_M = 0.006
_FINE = 3
_SCREEN_CELLS_PER_M = 2950.0
"""75 lines an inch: a coarse office printer."""
_ANGLES_DEG = (90.0, 75.0, 15.0)
_PAPER = (243.0, 248.0, 250.0)


@lru_cache(maxsize=2)
def held_print(name: str) -> NDArray[np.uint8]:
    """The sheet with arm and hand on CANVAS: premultiplied uint8 BGRA."""
    sheet = _place(_sheet(load_portrait(name)))
    arm = sculpt(
        CANVAS,
        [Bone((0.068, 0.215, -0.01), (0.105, 0.50, -0.01), 0.036, 0.050)],
        CLOTH,
        5,
        0.006,
    )
    back = sculpt(
        CANVAS,
        [
            Bone((0.058, 0.150, -0.02), (0.066, 0.235, -0.015), 0.029, 0.026),
            Bone((0.046, 0.135, -0.02), (0.060, 0.160, -0.02), 0.030, 0.032),
            Bone((0.000, 0.098, -0.03), (0.030, 0.124, -0.02), 0.0085, 0.012),
            Bone((-0.008, 0.092, -0.03), (0.000, 0.098, -0.03), 0.0080, 0.0085),
        ],
        SKIN,
        3,
        0.004,
    )
    thumb = sculpt(
        CANVAS,
        [
            Bone((0.052, 0.142, 0.0), (0.041, 0.110, 0.004), 0.0150, 0.0108),
            Bone((0.041, 0.110, 0.004), (0.030, 0.084, 0.003), 0.0108, 0.0090),
        ],
        SKIN,
        4,
    )
    nail(thumb, CANVAS, (0.0312, 0.0868), 67.0, 0.013)
    below = over(arm, back)
    sheet[..., :3] *= cast_shadow(thumb, CANVAS, (0.002, 0.004), 0.003, 0.45)
    below[..., :3] *= cast_shadow(sheet, CANVAS, (0.0, 0.006), 0.004, 0.5)
    whole = over(thumb, over(sheet, below))
    whole[..., 3] *= 255.0
    return np.clip(whole, 0, 255).round().astype(np.uint8)


def _sheet(portrait: Portrait) -> NDArray[np.float32]:
    """The printed page at the canvas' resolution, float32 BGR."""
    scale = CANVAS.pixels_per_m * _FINE
    width, height = round(WIDTH_M * scale), round(HEIGHT_M * scale)
    border = round(_BORDER_M * scale)
    photo = _crop(portrait, (height - 2 * border) / (width - 2 * border))
    inner = cv2.resize(photo, (width - 2 * border, height - 2 * border), interpolation=cv2.INTER_CUBIC)
    page = np.full((height, width, 3), 1.0, np.float32)
    page[border:-border, border:-border] = _halftone(inner, scale)
    small = cv2.resize(page, None, fx=1 / _FINE, fy=1 / _FINE, interpolation=cv2.INTER_AREA)
    # Ink is never quite black nor pure: what remains after full cover.
    ink = np.array((0.13, 0.11, 0.10), np.float32)
    mixed = ink + (1.0 - ink) * small
    gray = mixed.mean(axis=-1, keepdims=True)
    return np.asarray((gray + 0.86 * (mixed - gray)) * np.array(_PAPER, np.float32), dtype=np.float32)


def _crop(portrait: Portrait, aspect: float) -> Image:
    """Head and shoulders out of the photograph, with its own background."""
    x0, y0, x1, _ = portrait.face_box
    limit_y, limit_x = portrait.picture.shape[:2]
    width = min(2.4 * (x1 - x0), limit_x, limit_y / aspect)
    left = float(np.clip((x0 + x1) / 2 - width / 2, 0, limit_x - width))
    top = float(np.clip(y0 - 0.29 * width, 0, limit_y - width * aspect))
    rows = slice(round(top), round(top + width * aspect))
    return portrait.picture[rows, round(left) : round(left + width)]


def _halftone(photo: NDArray[np.generic], scale: float) -> NDArray[np.float32]:
    """Screen each ink at its own angle: float32, about 0 under a dot and 1 on paper."""
    height, width = photo.shape[:2]
    # Dots grow when the ink soaks in: without this the print would come out too dark.
    wanted = (photo.astype(np.float32) / 255.0) ** np.float32(1.75)
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    turns = 2 * np.pi * _SCREEN_CELLS_PER_M / scale
    result = np.empty((height, width, 3), np.float32)
    for channel, angle in enumerate(np.radians(_ANGLES_DEG).astype(np.float32)):
        u = np.cos(turns * (x * np.cos(angle) + y * np.sin(angle)))
        v = np.cos(turns * (y * np.cos(angle) - x * np.sin(angle)))
        # The threshold runs evenly over 0..1, so that the covered share is the wanted tone.
        threshold = 0.5 + np.float32(1 / np.pi) * np.arcsin((u + v) * 0.5) * np.float32(1.15)
        result[..., channel] = np.clip((wanted[..., channel] - threshold) * 4.0 + 0.5, 0.0, 1.0)
    return np.asarray(result ** np.float32(1 / 1.9), dtype=np.float32)


def _place(page: NDArray[np.float32]) -> NDArray[np.float32]:
    """Put the page in the middle of the canvas, on a transparent ground."""
    rows, columns = CANVAS.shape
    placed = np.zeros((rows, columns, 4), np.float32)
    top = round((-HEIGHT_M / 2 - CANVAS.top) * CANVAS.pixels_per_m)
    left = round((-WIDTH_M / 2 - CANVAS.left) * CANVAS.pixels_per_m)
    placed[top : top + page.shape[0], left : left + page.shape[1]] = np.dstack(
        [page, np.ones(page.shape[:2], np.float32)]
    )
    return placed
