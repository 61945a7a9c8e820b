"""A hand and forearm, sculpted from rounded bones and shaded; it holds what is shown to the camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

SKIN = (142.0, 172.0, 226.0)
CLOTH = (96.0, 72.0, 58.0)

_LIGHT = np.array((-0.25, -0.72, 0.65), np.float32)


@dataclass(frozen=True, slots=True)
class Canvas:
    """A piece of the plane of the held thing: its upper left corner in meters, its size, its resolution."""

    left: float
    top: float
    width: float
    height: float
    pixels_per_m: float

    @property
    def shape(self) -> tuple[int, int]:
        return round(self.height * self.pixels_per_m), round(self.width * self.pixels_per_m)

    def grid(self) -> tuple[Field, Field]:
        """x and y in meters of every pixel's center, ready to broadcast."""
        rows, columns = self.shape
        x = (np.arange(columns, dtype=np.float32) + 0.5) / self.pixels_per_m + self.left
        y = (np.arange(rows, dtype=np.float32) + 0.5) / self.pixels_per_m + self.top
        return x[None, :], y[:, None]


@dataclass(frozen=True, slots=True)
class Bone:
    """A rounded limb from a to b, meters in the plane and towards the camera, with its two radii."""

    a: tuple[float, float, float]
    b: tuple[float, float, float]
    radius_a: float
    radius_b: float


def sculpt(
    canvas: Canvas, bones: Sequence[Bone], bgr: tuple[float, float, float], seed: int, blend_m: float = 0.0012
) -> NDArray[np.float32]:
    """Shade a group of bones that flow into each other: float32 (H, W, 4), premultiplied BGRA, alpha 0..1."""
    height = _height(canvas, bones, blend_m)
    solid = height > -0.5
    edge = cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 0.8)
    alpha = np.clip((edge - 0.25) * 2.0, 0.0, 1.0)
    surface = cv2.GaussianBlur(np.where(solid, height, 0.0) * canvas.pixels_per_m, (0, 0), 2.5)
    gradient_y, gradient_x = np.gradient(surface)
    norm = 1.0 / np.sqrt(gradient_x**2 + gradient_y**2 + 1.0)
    lit = (-gradient_x * _LIGHT[0] - gradient_y * _LIGHT[1] + _LIGHT[2]) * norm
    shade = 0.52 + 0.48 * np.clip(0.15 + 0.85 * lit, 0.0, 1.0)
    # Blood shines through where the surface turns away: shadows in skin are redder than the skin.
    color = np.array(bgr, np.float32) * shade[..., None] ** np.array((1.25, 1.1, 0.9), np.float32)
    rng = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(rng.standard_normal(canvas.shape, dtype=np.float32), (0, 0), 1.2)
    broad = cv2.GaussianBlur(rng.standard_normal(canvas.shape, dtype=np.float32), (0, 0), 9.0)
    color *= (1.0 + 0.05 * fine + 0.5 * broad)[..., None]
    color *= (0.8 + 0.2 * np.clip(norm * 1.6, 0.0, 1.0))[..., None]
    return np.dstack([np.clip(color, 0, 255) * alpha[..., None], alpha]).astype(np.float32)


def nail(
    layer: NDArray[np.float32], canvas: Canvas, center: tuple[float, float], angle: float, size: float
) -> None:
    """Paint a fingernail of the given length in meters onto a sculpted layer; angle in degrees."""
    mask = np.zeros(canvas.shape, np.uint8)
    at = (
        round((center[0] - canvas.left) * canvas.pixels_per_m),
        round((center[1] - canvas.top) * canvas.pixels_per_m),
    )
    axes = (round(size * 0.55 * canvas.pixels_per_m), round(size * 0.40 * canvas.pixels_per_m))
    cv2.ellipse(mask, at, axes, angle, 0, 360, 255, -1, cv2.LINE_AA)
    part = (cv2.GaussianBlur(mask, (0, 0), 0.9).astype(np.float32) / 255.0 * 0.55)[..., None]
    layer[..., :3] += part * (np.array((170, 182, 226), np.float32) * layer[..., 3:] - layer[..., :3])


def over(top: NDArray[np.float32], bottom: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay one premultiplied picture over another."""
    return np.asarray(top + bottom * (1.0 - top[..., 3:]), dtype=np.float32)


def cast_shadow(
    layer: NDArray[np.float32], canvas: Canvas, offset_m: tuple[float, float], blur_m: float, depth: float
) -> NDArray[np.float32]:
    """The soft shadow that a layer throws on what lies right behind it: factor 0..1, float32 (H, W, 1)."""
    scale = canvas.pixels_per_m
    move = np.array([[1, 0, offset_m[0] * scale], [0, 1, offset_m[1] * scale]], np.float32)
    size = (layer.shape[1], layer.shape[0])
    moved = cv2.warpAffine(np.ascontiguousarray(layer[..., 3]), move, size)
    return np.asarray(
        1.0 - depth * cv2.GaussianBlur(moved, (0, 0), blur_m * scale)[..., None], dtype=np.float32
    )


def _height(canvas: Canvas, bones: Sequence[Bone], blend: float) -> Field:
    """Height of the surface in meters; -1 where there is none."""
    x, y = canvas.grid()
    total = np.zeros(canvas.shape, np.float32)
    covered = np.zeros(canvas.shape, np.bool_)
    for bone in bones:
        ax, ay, az = bone.a
        bx, by, bz = bone.b
        length = max((bx - ax) ** 2 + (by - ay) ** 2, 1e-9)
        t = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0.0, 1.0)
        away = (x - ax - t * (bx - ax)) ** 2 + (y - ay - t * (by - ay)) ** 2
        radius = bone.radius_a + t * (bone.radius_b - bone.radius_a)
        inside = away < radius**2
        covered |= inside
        bulge = az + t * (bz - az) + np.sqrt(np.maximum(radius**2 - away, 0.0))
        total += np.where(inside, np.exp(np.minimum(bulge / blend, 60.0)), 0.0).astype(np.float32)
    return np.where(covered, blend * np.log(np.maximum(total, 1e-12)), -1.0).astype(np.float32)
