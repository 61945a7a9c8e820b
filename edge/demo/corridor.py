"""The corridor behind the door: a static indoor background, traced ray by ray."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.frame import Image
from edge.demo.optics import Optics

Plane = NDArray[np.float32]

_HALF_WIDTH, _FLOOR, _CEILING, _END = 1.25, 1.5, -1.1, 7.0
_LAMPS = (0.7, 3.0, 5.3)
_OVERSAMPLING = 2


@lru_cache(maxsize=4)
def corridor(optics: Optics, seed: int = 0) -> Image:
    """The empty corridor as the camera's lens sees it: uint8 (H, W, 3), BGR. Do not write into it."""
    rng = np.random.default_rng(seed)
    sharp = _trace(optics, rng)
    # The camera is focused on faces near the door: the corridor is a little soft.
    image = cv2.GaussianBlur(sharp, (0, 0), 1.1 * _OVERSAMPLING)
    small = cv2.resize(image, (optics.width, optics.height), interpolation=cv2.INTER_AREA)
    encoded = np.clip(small, 0.0, 1.0) ** (1 / 2.2) * 255.0
    result = encoded.round().astype(np.uint8)
    result.setflags(write=False)
    return result


def _trace(optics: Optics, rng: np.random.Generator) -> NDArray[np.float32]:
    n = _OVERSAMPLING
    px = (np.arange(optics.width * n, dtype=np.float32) + 0.5) / n
    py = (np.arange(optics.height * n, dtype=np.float32) + 0.5) / n
    dx = ((px - optics.center_x) / optics.focal)[None, :]
    dy = ((py - optics.horizon_y) / optics.focal)[:, None]
    to_side = _HALF_WIDTH / np.maximum(np.abs(dx), 1e-4)
    to_level = np.where(dy > 0, _FLOOR, -_CEILING) / np.maximum(np.abs(dy), 1e-4)
    z = np.minimum(np.minimum(to_side, to_level), _END).astype(np.float32)
    x, y = np.asarray(dx * z, dtype=np.float32), np.asarray(dy * z, dtype=np.float32)
    wall = (to_side <= to_level) & (to_side < _END)
    level = (to_level < to_side) & (to_level < _END)
    color = np.empty((*z.shape, 3), np.float32)
    for mask, paint in (
        (wall & (dx < 0), _left_wall),
        (wall & (dx >= 0), _right_wall),
        (level & (dy > 0), _floor),
        (level & (dy <= 0), _ceiling),
        (~wall & ~level, _end_wall),
    ):
        color[mask] = paint(x[mask], y[mask], z[mask])
    color *= (_light(x, y, z, wall) * _grain(z.shape, rng))[..., None]
    return color


def _light(x: Plane, y: Plane, z: Plane, wall: NDArray[np.bool_]) -> Plane:
    """Ceiling lamps along the corridor, with soft shadow in the edges of the room."""
    total = np.full_like(z, 0.22)
    height = y - _CEILING + 0.05
    for lamp in _LAMPS:
        away = x * x + (z - lamp) ** 2 + height * height
        facing = np.where(wall, _HALF_WIDTH / np.sqrt(away), np.maximum(height, 0.3) / np.sqrt(away))
        total += 0.85 * facing / (0.5 + away)
    corner = np.minimum(_HALF_WIDTH - np.abs(x) + 1.0 * wall, 1.0)
    edge = np.minimum(np.minimum(_FLOOR - y, y - _CEILING), 1.0) + np.where(wall, 0.0, 1.0)
    occlusion = (1 - 0.35 * np.exp(-corner / 0.12)) * (1 - 0.35 * np.exp(-edge / 0.12))
    return np.asarray(total * occlusion, dtype=np.float32)


def _grain(shape: tuple[int, ...], rng: np.random.Generator) -> Plane:
    """Uneven paint: broad clouds and fine roughness."""
    height, width = shape
    cloud = cv2.resize(
        rng.normal(0, 1, (9, 12)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    rough = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 1.5)
    return np.asarray(1.0 + 0.025 * cloud + 0.06 * rough, dtype=np.float32)


def _flat(like: Plane, bgr: tuple[float, float, float]) -> NDArray[np.float32]:
    return np.tile(np.array(bgr, np.float32), (like.size, 1))


def _paint(color: NDArray[np.float32], mask: NDArray[np.bool_], bgr: tuple[float, float, float]) -> None:
    color[mask] = bgr


def _wall(along: Plane, y: Plane) -> NDArray[np.float32]:
    color = _flat(y, (0.50, 0.58, 0.62))
    _paint(color, y > 0.42, (0.30, 0.34, 0.30))
    _paint(color, (y > 0.38) & (y < 0.44), (0.18, 0.24, 0.30))
    _paint(color, y > 1.40, (0.10, 0.11, 0.12))
    return color


def _doorway(color: NDArray[np.float32], along: Plane, y: Plane, start: float, end: float) -> None:
    inside = (along > start) & (along < end) & (y > -0.62)
    _paint(color, inside, (0.22, 0.26, 0.30))
    leaf = (along > start + 0.09) & (along < end - 0.09) & (y > -0.53)
    _paint(color, leaf, (0.14, 0.22, 0.36))
    panel = np.abs(np.sin(along * 61.0)) * 0.05 + 0.95
    color[leaf] *= panel[leaf, None]
    handle = (along > end - 0.26) & (along < end - 0.15) & (y > 0.42) & (y < 0.46)
    _paint(color, handle, (0.55, 0.55, 0.55))


def _left_wall(x: Plane, y: Plane, z: Plane) -> NDArray[np.float32]:
    color = _wall(z, y)
    _doorway(color, z, y, 3.0, 4.05)
    _doorway(color, z, y, 5.2, 6.2)
    notice = (z > 2.36) & (z < 2.78) & (y > -0.35) & (y < 0.15)
    _paint(color, notice, (0.12, 0.18, 0.24))
    cork = (z > 2.39) & (z < 2.75) & (y > -0.32) & (y < 0.12)
    _paint(color, cork, (0.22, 0.36, 0.50))
    for at, up, bgr in (
        (2.42, -0.28, (0.7, 0.75, 0.75)),
        (2.55, -0.25, (0.45, 0.70, 0.75)),
        (2.62, -0.10, (0.72, 0.65, 0.55)),
    ):
        _paint(color, (z > at) & (z < at + 0.1) & (y > up) & (y < up + 0.15), bgr)
    return color


def _right_wall(x: Plane, y: Plane, z: Plane) -> NDArray[np.float32]:
    color = _wall(z, y)
    _doorway(color, z, y, 4.3, 5.35)
    frame = (z > 2.5) & (z < 3.4) & (y > -0.42) & (y < 0.18)
    _paint(color, frame, (0.05, 0.06, 0.07))
    u, v = (z - 2.56) / 0.78, (y + 0.36) / 0.48
    picture = (u > 0) & (u < 1) & (v > 0) & (v < 1)
    hill = 0.62 + 0.13 * np.sin(u * 5.0) + 0.06 * np.sin(u * 13.0 + 1.0)
    _paint(color, picture, (0.62, 0.52, 0.38))
    _paint(color, picture & (v > hill), (0.16, 0.30, 0.20))
    _paint(color, picture & (v > hill + 0.18), (0.12, 0.22, 0.26))
    return color


def _floor(x: Plane, y: Plane, z: Plane) -> NDArray[np.float32]:
    color = _flat(x, (0.24, 0.27, 0.29))
    tile_x, tile_z = np.floor(x / 0.5).astype(int), np.floor(z / 0.5).astype(int)
    tone = 0.9 + 0.2 * (((tile_x * 73856093) ^ (tile_z * 19349663)) % 97) / 97.0
    joint = (np.abs(x / 0.5 - np.round(x / 0.5)) < 0.012) | (np.abs(z / 0.5 - np.round(z / 0.5)) < 0.018)
    color *= tone[:, None].astype(np.float32)
    _paint(color, joint, (0.15, 0.16, 0.17))
    # The lamps are mirrored in the polished floor.
    for lamp in _LAMPS:
        mirrored = lamp * _FLOOR / (_FLOOR + (_FLOOR - _CEILING))
        shine = np.exp(-(((z - mirrored) / 0.35) ** 2) - (x / 0.45) ** 2)
        color += (0.25 * shine)[:, None].astype(np.float32)
    return color


def _ceiling(x: Plane, y: Plane, z: Plane) -> NDArray[np.float32]:
    color = _flat(x, (0.62, 0.66, 0.68))
    joint = (np.abs(x / 0.6 - np.round(x / 0.6)) < 0.015) | (np.abs(z / 0.6 - np.round(z / 0.6)) < 0.02)
    _paint(color, joint, (0.35, 0.37, 0.38))
    for lamp in _LAMPS:
        _paint(color, (np.abs(x) < 0.3) & (np.abs(z - lamp) < 0.6), (2.2, 2.4, 2.4))
    return color


def _end_wall(x: Plane, y: Plane, z: Plane) -> NDArray[np.float32]:
    color = _wall(x, y)
    _doorway(color, x, y, -0.55, 0.5)
    glass = (np.abs(x + 0.02) < 0.14) & (y > -0.35) & (y < 0.45)
    _paint(color, glass, (0.85, 0.78, 0.70))
    sign = (np.abs(x) < 0.22) & (y > -0.86) & (y < -0.70)
    _paint(color, sign, (0.25, 0.60, 0.10))
    return color
