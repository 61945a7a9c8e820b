"""The hall before the door: a painted wall a few steps behind whoever stands there, lit from above."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.frame import Image
from edge.demo.optics import Optics

Plane = NDArray[np.float32]

_WALL_M = 3.2
"""From the camera to the wall."""
_CEILING_M, _FLOOR_M, _HALF_WIDTH_M = -1.9, 1.5, 2.6
_LAMPS_M = (1.0, 2.6)
_OVERSAMPLING = 2

_PAINT, _RAIL, _PANEL = (0.50, 0.58, 0.62), (0.18, 0.24, 0.30), (0.30, 0.34, 0.30)
_RAIL_AT_M, _PANEL_AT_M = 0.38, 0.44


@lru_cache(maxsize=4)
def hall(optics: Optics, seed: int = 0) -> Image:
    """The empty hall as the camera's lens sees it: uint8 (H, W, 3), BGR. Do not write into it."""
    n = _OVERSAMPLING
    px = (np.arange(optics.width * n, dtype=np.float32) + 0.5) / n
    py = (np.arange(optics.height * n, dtype=np.float32) + 0.5) / n
    x = ((px - optics.center_x) * (_WALL_M / optics.focal))[None, :]
    y = ((py - optics.horizon_y) * (_WALL_M / optics.focal))[:, None]
    color = np.empty((y.size, x.size, 3), np.float32)
    color[:] = np.where(y > _PANEL_AT_M, 1.0, 0.0)[..., None] * np.array(_PANEL, np.float32)
    color += np.where(y <= _RAIL_AT_M, 1.0, 0.0)[..., None] * np.array(_PAINT, np.float32)
    rail = (y > _RAIL_AT_M) & (y <= _PANEL_AT_M)
    color += np.where(rail, 1.0, 0.0)[..., None] * np.array(_RAIL, np.float32)
    grain = _grain((y.size, x.size), np.random.default_rng(seed))
    color *= (_light(x.astype(np.float32), y.astype(np.float32)) * grain)[..., None]
    # The camera is focused on faces near the door: the wall is a little soft.
    soft = cv2.GaussianBlur(color, (0, 0), 1.1 * n)
    small = cv2.resize(soft, (optics.width, optics.height), interpolation=cv2.INTER_AREA)
    result = (np.clip(small, 0.0, 1.0) ** (1 / 2.2) * 255.0).round().astype(np.uint8)
    result.setflags(write=False)
    return result


def _light(x: Plane, y: Plane) -> Plane:
    """Two ceiling lamps, and soft shadow towards ceiling, floor and corners."""
    total = np.full(np.broadcast_shapes(x.shape, y.shape), 0.22, np.float32)
    height = y - _CEILING_M + 0.05
    for lamp in _LAMPS_M:
        away = x * x + (_WALL_M - lamp) ** 2 + height * height
        total += 0.85 * np.maximum(height, 0.3) / np.sqrt(away) / (0.5 + away)
    corner = np.minimum(_HALF_WIDTH_M - np.abs(x), 1.0)
    edge = np.minimum(np.minimum(_FLOOR_M - y, y - _CEILING_M), 1.0) + 1.0
    shadow = (1 - 0.35 * np.exp(-corner / 0.12)) * (1 - 0.35 * np.exp(-edge / 0.12))
    return np.asarray(total * shadow, dtype=np.float32)


def _grain(shape: tuple[int, int], rng: np.random.Generator) -> Plane:
    """Uneven paint: broad clouds and fine roughness."""
    clouds = rng.normal(0, 1, (9, 12)).astype(np.float32)
    cloud = cv2.resize(clouds, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    rough = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), 1.5)
    return np.asarray(1.0 + 0.025 * cloud + 0.06 * rough, dtype=np.float32)
