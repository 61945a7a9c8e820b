"""How a medium stands before the camera and what light does to it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from liveness.kinds import Float, Image


def held(
    rng: np.random.Generator, shape: tuple[int, ...], at: tuple[float, float], size: int, fixed: bool
) -> tuple[Float, NDArray[np.float64]]:
    """How the medium stands before the camera: its corners in the scene, and the homography."""
    height, width = shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = np.deg2rad(rng.normal(0, 4 if fixed else 11))
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32)
    moved = (corners - np.array(at, np.float32)) @ spin.T
    lean = rng.normal(0, 0.16, 2) / (size / 2)
    depth = np.clip(1 + moved @ lean.astype(np.float32), 0.5, 2.0)[:, None]
    quad = (moved / depth + size / 2).astype(np.float32)
    return quad, cv2.getPerspectiveTransform(corners, quad)


def warped(medium: Float, alpha: Float, warp: NDArray[np.float64], size: int) -> tuple[Float, Float]:
    seen = cv2.warpPerspective(
        medium, warp, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    cover = cv2.warpPerspective(alpha, warp, (size, size), flags=cv2.INTER_LINEAR)
    return seen.astype(np.float32), cv2.GaussianBlur(cover, (0, 0), 0.5)[..., None]


def _medium_coordinates(warp: NDArray[np.float64], size: int) -> tuple[Float, Float]:
    inverse = np.linalg.inv(warp).astype(np.float32)
    x, y = np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32))
    w = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
    return (
        (inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]) / w,
        (inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]) / w,
    )


def subpixels(rng: np.random.Generator, warp: NDArray[np.float64], size: int, pitch: float) -> Float:
    """The panel's red, green and blue stripes, sampled at the sensor's points: they alias to moire.

    The finer the pitch (panel pixels over sensor pixels), the less the lens lets through.
    """
    u, v = _medium_coordinates(warp, size)
    passed = float(np.exp(-0.9 / max(pitch, 0.3))) * rng.uniform(0, 0.5)
    grid = np.empty((size, size, 3), np.float32)
    rows = 0.35 * np.cos(2 * np.pi * v / pitch)
    for channel in range(3):
        grid[..., channel] = passed * (np.cos(2 * np.pi * (u / pitch + channel / 3)) + rows)
    return grid


def halftone(rng: np.random.Generator, warp: NDArray[np.float64], size: int) -> Float:
    """Ink dots of three screens at three angles."""
    u, v = _medium_coordinates(warp, size)
    pitch = rng.uniform(0.5, 3.5)
    depth = rng.uniform(0.02, 0.3)
    dots = np.empty((size, size, 3), np.float32)
    for channel, degrees in enumerate((0, 75, 15)):
        angle = np.deg2rad(degrees)
        a, b = u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)
        dots[..., channel] = depth * np.cos(2 * np.pi * a / pitch) * np.cos(2 * np.pi * b / pitch)
    return dots


def glare(rng: np.random.Generator, seen: Float, size: int) -> Float:
    """A lamp or a window mirrored in the surface."""
    glow = np.zeros((size, size), np.float32)
    center = tuple(map(int, rng.uniform(0.2, 0.8, 2) * size))
    if rng.random() < 0.5:
        axes = tuple(map(int, rng.uniform(0.02, 0.2, 2) * size))
        cv2.ellipse(glow, center, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    else:
        box = (
            tuple(map(float, center)),
            tuple(map(float, rng.uniform(0.05, 0.4, 2) * size)),
            float(rng.uniform(-30, 30)),
        )
        cv2.fillPoly(glow, [cv2.boxPoints(box).astype(np.int32)], 1.0)
    glow = cv2.GaussianBlur(glow, (0, 0), size * rng.uniform(0.005, 0.08))
    return seen + glow[..., None] * np.float32(rng.uniform(15, 170))


def shadow(rng: np.random.Generator, scene: Float, cover: Float) -> Float:
    size = scene.shape[0]
    shift = np.array(
        [[1, 0, rng.normal(0, size * 0.02)], [0, 1, abs(rng.normal(0, size * 0.02))]], np.float32
    )
    dark = cv2.GaussianBlur(
        cv2.warpAffine(cover[..., 0], shift, (size, size)), (0, 0), size * rng.uniform(0.005, 0.04)
    )
    return scene * (1 - np.float32(rng.uniform(0, 0.5)) * dark[..., None])


def light_unevenly(rng: np.random.Generator, scene: Float) -> Float:
    """Uneven light over the whole scene."""
    size = scene.shape[0]
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    slope = rng.normal(0, 0.12, 2).astype(np.float32)
    return np.clip(scene, 0, 255) * (1 + axis[:, None] * slope[0] + axis[None, :] * slope[1])[..., None]


def leave_frame(rng: np.random.Generator, shot: Image, bottom: float | None) -> Image:
    """Let the scene leave the camera's frame on some sides: the last row or column repeats."""
    size = shot.shape[0]
    cut = [0, size, 0, size]
    if rng.random() < 0.2:
        cut[0] = int(size * rng.uniform(0, 0.28))
    if rng.random() < 0.2:
        cut[2] = int(size * rng.uniform(0, 0.3))
    if rng.random() < 0.2:
        cut[3] = int(size * rng.uniform(0.7, 1))
    if bottom is not None or rng.random() < 0.35:
        cut[1] = min(size, int(bottom) - 1 if bottom is not None else int(size * rng.uniform(0.65, 1)))
    part = shot[cut[0] : max(cut[1], cut[0] + 8), cut[2] : cut[3]]
    return cv2.copyMakeBorder(
        part,
        cut[0],
        size - cut[0] - part.shape[0],
        cut[2],
        size - cut[2] - part.shape[1],
        cv2.BORDER_REPLICATE,
    )
