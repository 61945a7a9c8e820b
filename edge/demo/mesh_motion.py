"""A person in motion: a portrait with depth, turned and moved in space, seen by a pinhole camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.frame import Image
from edge.demo.optics import Optics
from edge.demo.portrait import Eye, Portrait

_STEP = 4
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Stance:
    """Where a person stands and looks. x_m, y_m: of the eyes, right and down from the camera.
    distance_m: of the face. yaw, pitch, roll: head turned from the portrait's own pose, degrees.
    closed: of the eyes, 0..1. light: direction that the light comes from, x and y. brightness: of the
    person, a factor."""

    x_m: float
    y_m: float
    distance_m: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    closed: float = 0.0
    light: tuple[float, float] = (0.0, 0.0)
    brightness: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What is drawn over a background. color: premultiplied uint8 (h, w, 4), BGRA. light: float32
    (h, w), factor of linear brightness. origin: pixel (x, y) of its upper left corner."""

    color: NDArray[np.uint8]
    light: NDArray[np.float32]
    origin: tuple[int, int]


def draw_person(portrait: Portrait, stance: Stance, optics: Optics) -> Layer:
    """Render one person, cropped to the part of the picture that she can cover."""
    x0, y0, x1, y1 = _extent(portrait, stance, optics)
    # The grid begins one step outside, so that enlarging it needs no extrapolation.
    columns, rows = (x1 - x0) // _STEP + 2, (y1 - y0) // _STEP + 2
    grid_x = (np.arange(columns, dtype=np.float32) - 0.5) * _STEP - 0.5 + x0
    grid_y = (np.arange(rows, dtype=np.float32) - 0.5) * _STEP - 0.5 + y0
    map_x, map_y, field = _trace(portrait, stance, optics, *np.meshgrid(grid_x, grid_y))
    if stance.closed:
        for eye in portrait.eyes:
            map_y = _draw_lid(eye, map_x, map_y, stance.closed)
    size = (columns * _STEP, rows * _STEP)
    inner = (slice(_STEP, _STEP + y1 - y0), slice(_STEP, _STEP + x1 - x0))
    level = _level(portrait, stance, optics)
    shrink = 2.0**-level
    full_x = cv2.resize(map_x * shrink + (shrink - 1) / 2, size)[inner]
    full_y = cv2.resize(map_y * shrink + (shrink - 1) / 2, size)[inner]
    color = cv2.remap(
        portrait.levels[level], full_x, full_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    shade = _shade(field, stance)
    light = cv2.resize(shade, size)[inner]
    return Layer(np.asarray(color, dtype=np.uint8), np.asarray(light, dtype=np.float32), (x0, y0))


def compose(background: Image, layer: Layer) -> tuple[Image, NDArray[np.float32]]:
    """Lay a person over a background.

    Returns the picture and a float32 (H, W) map of linear light factors, 1 where only background is.
    """
    image = background.copy()
    light = np.ones(image.shape[:2], np.float32)
    height, width = layer.color.shape[:2]
    x, y = layer.origin
    region = (slice(y, y + height), slice(x, x + width))
    alpha = layer.color[..., 3]
    rest = cv2.cvtColor(255 - alpha, cv2.COLOR_GRAY2BGR)
    under = cv2.multiply(image[region], rest, scale=1 / 255.0)
    image[region] = cv2.add(under, layer.color[..., :3])
    light[region] += (layer.light - 1.0) * (alpha * np.float32(1 / 255.0))
    return image, light


def _trace(
    portrait: Portrait, stance: Stance, optics: Optics, qx: NDArray[np.float32], qy: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Find, for every picture position, the portrait pixel seen there (fixed-point iteration)."""
    scale = portrait.pixels_per_m
    ax, ay = portrait.anchor
    per_pixel = stance.distance_m / optics.focal
    target_x = (qx - optics.center_x) * per_pixel - stance.x_m
    target_y = (qy - optics.horizon_y) * per_pixel - stance.y_m
    rotation = _rotation(stance)
    pivot = np.array(portrait.pivot_m, np.float32)
    x, y = target_x.copy(), target_y.copy()
    for _ in range(_ROUNDS):
        field = cv2.remap(
            portrait.field,
            (x * scale + ax) * 0.5 - 0.25,
            (y * scale + ay) * 0.5 - 0.25,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        z, weight = field[..., 0], field[..., 1]
        rx, ry, rz = x - pivot[0], y - pivot[1], z - pivot[2]
        tx, ty, tz = (
            axis[0] * rx + axis[1] * ry + axis[2] * rz + p for axis, p in zip(rotation, pivot, strict=True)
        )
        shrink = stance.distance_m / (stance.distance_m + z + weight * (tz - z))
        # Perspective bends about the axis of view, not about the person.
        seen_x = (x + weight * (tx - x) + stance.x_m) * shrink - stance.x_m
        seen_y = (y + weight * (ty - y) + stance.y_m) * shrink - stance.y_m
        x -= seen_x - target_x
        y -= seen_y - target_y
    return _single(x * scale + ax), _single(y * scale + ay), _single(field)


def _draw_lid(eye: Eye, x: NDArray[np.float32], y: NDArray[np.float32], closed: float) -> NDArray[np.float32]:
    """Draw the upper lid down over the eye: look that much higher up in the portrait."""
    opening = eye.lower - eye.upper
    brow = eye.upper - 2.0 * opening
    above = (y - brow) / (eye.lower - brow)
    below = 1.0 - (y - eye.lower) / (0.5 * opening)
    across = (x - eye.x) / eye.half_width
    amount = np.clip(np.minimum(above, below), 0.0, 1.0) * np.exp(-(across**4))
    return _single(y - closed * opening * amount)


def _single(values: NDArray[np.generic]) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


def _rotation(stance: Stance) -> NDArray[np.float32]:
    """Yaw about y, then pitch about x, then roll about the axis of view."""
    yaw, pitch, roll = (math.radians(a) for a in (stance.yaw, stance.pitch, stance.roll))
    about_y = [[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]]
    about_x = [[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]]
    about_z = [[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]]
    return np.asarray(np.array(about_z) @ np.array(about_x) @ np.array(about_y), dtype=np.float32)


def _shade(field: NDArray[np.float32], stance: Stance) -> NDArray[np.float32]:
    slope_x, slope_y = field[..., 2], field[..., 3]
    steep = 1.0 / np.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
    # Depth grows away from the camera, so the surface faces the side it slopes away to.
    toward = (slope_x * stance.light[0] + slope_y * stance.light[1]) * steep
    return np.asarray(stance.brightness * np.clip(1.0 + toward, 0.4, 1.6), dtype=np.float32)


def _level(portrait: Portrait, stance: Stance, optics: Optics) -> int:
    zoom = optics.focal / stance.distance_m / portrait.pixels_per_m
    return int(np.clip(math.floor(math.log2(1.0 / zoom) + 0.35), 0, len(portrait.levels) - 1))


def _extent(portrait: Portrait, stance: Stance, optics: Optics) -> tuple[int, int, int, int]:
    """The rectangle the person can cover, in whole steps, inside the picture."""
    height, width = portrait.levels[0].shape[:2]
    per_m = optics.focal / stance.distance_m
    zoom = per_m / portrait.pixels_per_m
    eye_x = optics.center_x + stance.x_m * per_m
    eye_y = optics.horizon_y + stance.y_m * per_m
    margin = 0.1 * per_m
    left = eye_x - portrait.anchor[0] * zoom - margin
    top = eye_y - portrait.anchor[1] * zoom - margin
    right = eye_x + (width - portrait.anchor[0]) * zoom + margin
    bottom = eye_y + (height - portrait.anchor[1]) * zoom + margin
    x0, y0 = (
        int(np.clip(v, 0, limit - _STEP)) // _STEP * _STEP
        for v, limit in ((left, optics.width), (top, optics.height))
    )
    x1 = int(np.clip(right, x0 + _STEP, optics.width)) // _STEP * _STEP
    y1 = int(np.clip(bottom, y0 + _STEP, optics.height)) // _STEP * _STEP
    return x0, y0, x1, y1
