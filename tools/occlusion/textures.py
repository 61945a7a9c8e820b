"""Surfaces for what covers a face: cloth, skin, hair, plastic and pieces of pictures."""

from __future__ import annotations

import cv2
import numpy as np
from liveness.hands import SKIN_BGR
from liveness.kinds import Float
from numpy.typing import NDArray

SIDE = 112


def shading(rng: np.random.Generator, strength: float) -> Float:
    """Slow light and shade, float32 (112, 112, 1) around 1."""
    cells = int(rng.integers(2, 6))
    coarse = rng.normal(1.0, strength, (cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)[..., None]


def plain(rng: np.random.Generator) -> Float:
    """One color, as of cloth or plastic, with light and shade."""
    if rng.random() < 0.4:
        color = np.full(3, rng.uniform(10, 245)) + rng.normal(0, 8, 3)
    else:
        color = rng.uniform(0, 255, 3)
    return color.astype(np.float32) * shading(rng, rng.uniform(0.03, 0.25))


def skin(rng: np.random.Generator, face: NDArray[np.uint8]) -> Float:
    """Skin, half of the time in the tone of the face that it covers."""
    if rng.random() < 0.5:
        tone = np.median(face[40:75, 40:72].reshape(-1, 3), axis=0) * rng.uniform(0.75, 1.15)
    else:
        tone = SKIN_BGR[rng.integers(len(SKIN_BGR))] * rng.uniform(0.7, 1.2)
    return tone.astype(np.float32) * shading(rng, 0.12)


def striped(rng: np.random.Generator) -> Float:
    """Stripes or checks."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    a, b = rng.uniform(0, 255, (2, 3)).astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 24)
    wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
    if rng.random() < 0.5:
        wave *= np.sin(2 * np.pi * (y * np.cos(angle) - x * np.sin(angle)) / period)
    return np.where(wave[..., None] > 0, a, b) * shading(rng, 0.15)


def pictured(rng: np.random.Generator, faces: NDArray[np.uint8]) -> Float:
    """The border of another picture, enlarged: cloth, walls, leaves, whatever was there."""
    other = faces[rng.integers(len(faces))]
    side = int(rng.integers(14, 30))
    y = int(rng.choice([rng.integers(0, 8), SIDE - side - rng.integers(0, 4)]))
    x = int(rng.choice([rng.integers(0, 6), SIDE - side - rng.integers(0, 6)]))
    piece = cv2.resize(other[y : y + side, x : x + side], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return piece.astype(np.float32) * np.float32(rng.uniform(0.6, 1.3))


def hair(rng: np.random.Generator, lying: bool) -> Float:
    """Strands, from black to blond and gray, running down or across."""
    dark, light = rng.uniform(5, 60), rng.uniform(40, 200)
    tone = np.array([0.55, 0.75, 1.0], np.float32) if rng.random() < 0.75 else np.ones(3, np.float32)
    strands = rng.random((4, SIDE)).astype(np.float32)
    strands = cv2.resize(strands, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    strands = cv2.GaussianBlur(strands, (0, 0), sigmaX=0.8, sigmaY=3.0)
    if lying:
        strands = strands.T
    strands = np.clip((strands - strands.min()) / max(1e-3, float(np.ptp(strands))), 0, 1)
    return (dark + (light - dark) * strands)[..., None] * tone * shading(rng, 0.2)


def any_surface(rng: np.random.Generator, faces: NDArray[np.uint8]) -> Float:
    match rng.integers(4):
        case 0:
            return striped(rng)
        case 1:
            return plain(rng)
        case _:
            return pictured(rng, faces)
