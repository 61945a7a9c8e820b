"""A flat or bent thing held up to the camera: which of its points is seen at which pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.demo.optics import Optics

Map = NDArray[np.float32]

_STEP = 8
_TO_LAMP = np.array((-0.12, -0.80, -0.59), np.float32)
"""Towards the lamp that lights what is held up: above and a little behind the camera."""


@dataclass(frozen=True, slots=True)
class Grip:
    """Where the middle of the thing is (meters right, down and away from the camera) and how it is
    turned (degrees). bend: curvature about its upright axis, 1/m."""

    x_m: float
    y_m: float
    distance_m: float
    yaw: float
    pitch: float
    roll: float
    bend: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Coarse maps over the picture, one value each 8 pixels. a, b: point of the thing in meters from its
    middle. lit: diffuse light. gloss: mirrored lamp, 0..1."""

    a: Map
    b: Map
    lit: Map
    gloss: Map
    size: tuple[int, int]

    def full(self, field: Map) -> Map:
        """Enlarge a coarse map to the picture."""
        width, height = self.size
        grown = cv2.resize(field, (width + 2 * _STEP, height + 2 * _STEP))
        return np.asarray(grown[_STEP : _STEP + height, _STEP : _STEP + width], dtype=np.float32)

    def per_pixel(self, field: Map) -> tuple[Map, Map]:
        """How much a coarse map changes from pixel to pixel, rightwards and downwards."""
        down, right = np.gradient(field, _STEP)
        return np.asarray(right, dtype=np.float32), np.asarray(down, dtype=np.float32)


def look_at(grip: Grip, optics: Optics, shininess: float) -> Sight:
    """Meet every line of sight with the (bent) surface z = bend * a**2, in closed form."""
    columns, rows = optics.width // _STEP + 2, optics.height // _STEP + 2
    qx = ((np.arange(columns, dtype=np.float32) - 0.5) * _STEP - 0.5 - optics.center_x) / optics.focal
    qy = ((np.arange(rows, dtype=np.float32) - 0.5) * _STEP - 0.5 - optics.horizon_y) / optics.focal
    turn = _rotation(grip)
    ray = np.stack(np.broadcast_arrays(qx[None, :], qy[:, None], np.float32(1.0)), axis=-1) @ turn
    eye = -np.array((grip.x_m, grip.y_m, grip.distance_m), np.float32) @ turn
    square = grip.bend * ray[..., 0] ** 2
    linear = 2 * grip.bend * eye[0] * ray[..., 0] - ray[..., 2]
    constant = grip.bend * eye[0] ** 2 - eye[2]
    root = np.sqrt(np.maximum(linear**2 - 4 * square * constant, 0.0))
    along = 2 * constant / (root - linear)
    a, b = eye[0] + along * ray[..., 0], eye[1] + along * ray[..., 1]
    normal = np.dstack([2 * grip.bend * a, np.zeros_like(a), -np.ones_like(a)])
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    lamp = _TO_LAMP @ turn
    view = -ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    half = lamp + view
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    gloss = np.clip((normal * half).sum(-1), 0.0, 1.0) ** shininess
    lit = np.clip(normal @ lamp, 0.0, 1.0)
    to32 = np.float32
    return Sight(
        a.astype(to32), b.astype(to32), lit.astype(to32), gloss.astype(to32), (optics.width, optics.height)
    )


def _rotation(grip: Grip) -> Map:
    """Columns are the axes of the thing in camera coordinates: roll, then pitch, then yaw."""
    yaw, pitch, roll = (math.radians(v) for v in (grip.yaw, grip.pitch, grip.roll))
    about_y = [[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]]
    about_x = [[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]]
    about_z = [[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]]
    return np.asarray(np.array(about_y) @ np.array(about_x) @ np.array(about_z), dtype=np.float32)
