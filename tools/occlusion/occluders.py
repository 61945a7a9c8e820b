"""What hides parts of faces: drawn over a stored face, with how much of each pixel is hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
from liveness.kinds import Float
from numpy.typing import NDArray

from occlusion import textures
from occlusion.textures import SIDE

Layer: TypeAlias = tuple[Float, Float]
"""Color, float32 (112, 112, 3), and cover, float32 (112, 112), 1 where nothing of the face is seen."""
JAW = (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454)
EYES = ((33, 133), (362, 263))
FOREHEAD, BROWS, ROOT, TIP, BASE, LIPS, CHIN = 10, (105, 334), 168, 4, 2, 14, 152


def filled(outline: NDArray[np.float64], softness: float) -> Float:
    cover = np.zeros((SIDE, SIDE), np.float32)
    cv2.fillPoly(cover, [np.rint(outline * 16).astype(np.int32)], 1.0, cv2.LINE_AA, shift=4)
    return cv2.GaussianBlur(cover, (0, 0), softness) if softness > 0.2 else cover


def unit(points: Float) -> float:
    return float(np.ptp(points, axis=0).max())


def around(rng: np.random.Generator, middle: Float, radius: float, corners: int) -> NDArray[np.float64]:
    """A ragged outline."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = radius * rng.uniform(0.6, 1.3, corners)
    stretch = np.exp(rng.normal(0, 0.3, 2))
    return middle + np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None] * stretch


def thing(rng: np.random.Generator, points: Float, faces: NDArray[np.uint8], _: NDArray[np.uint8]) -> Layer:
    """Anything at all, anywhere."""
    at = points[rng.integers(len(points))] + rng.normal(0, 5, 2)
    radius = unit(points) * np.exp(rng.uniform(np.log(0.07), np.log(0.4)))
    corners = int(rng.choice([4, 5, 9, 14]))
    return textures.any_surface(rng, faces), filled(around(rng, at, radius, corners), rng.uniform(0, 1.2))


def hand(rng: np.random.Generator, points: Float, _: NDArray[np.uint8], face: NDArray[np.uint8]) -> Layer:
    """Fingers from below or from a side, sometimes a palm."""
    size = unit(points)
    tip = points[rng.choice([LIPS, CHIN, TIP, 50, 280, 205, 425, 33, 263, 61, 291, 10])] + rng.normal(0, 4, 2)
    heading = rng.choice([np.pi / 2 + rng.normal(0, 0.5), rng.normal(0, 0.5), np.pi + rng.normal(0, 0.5)])
    along = np.array([np.cos(heading), np.sin(heading)])
    beside = np.array([-along[1], along[0]])
    wide = size * rng.uniform(0.08, 0.14)
    color, cover = textures.skin(rng, face), np.zeros((SIDE, SIDE), np.float32)
    count = int(rng.integers(1, 6))
    for k in range(count):
        bent = along + beside * rng.normal(0, 0.15)
        end = tip + beside * wide * 1.05 * (k - (count - 1) / 2) + along * rng.normal(0, 0.5) * wide
        root = end + bent * size * rng.uniform(0.4, 0.8)
        ends = [tuple(int(v) for v in np.rint(p)) for p in (end, root)]
        finger = np.zeros((SIDE, SIDE), np.float32)
        cv2.line(finger, *ends, 1.0, max(2, round(wide)), cv2.LINE_AA)
        shade = cv2.GaussianBlur(finger, (0, 0), max(0.8, wide / 4))
        color = np.where(finger[..., None] > 0, color * (0.62 + 0.45 * shade[..., None]), color)
        cover = np.maximum(cover, finger)
    if rng.random() < 0.5:
        palm = tip + along * size * rng.uniform(0.35, 0.6)
        cover = np.maximum(cover, filled(around(rng, palm, wide * rng.uniform(1.8, 3.2), 12), 1.0))
    return color.astype(np.float32), cover


def mask(rng: np.random.Generator, points: Float, faces: NDArray[np.uint8], _: NDArray[np.uint8]) -> Layer:
    """A face mask over mouth and nose, or worn too low."""
    top = points[ROOT] + (points[TIP] - points[ROOT]) * rng.uniform(0.15, 0.8)
    if rng.random() < 0.25:
        top = points[BASE] + (points[LIPS] - points[BASE]) * rng.uniform(-0.1, 0.5)
    ends = rng.integers(0, 4)
    jaw = points[list(JAW[ends : len(JAW) - ends])].astype(np.float64)
    middle = points[LIPS]
    jaw = middle + (jaw - middle) * rng.uniform(0.85, 1.1)
    jaw[len(jaw) // 2 - 3 : len(jaw) // 2 + 4, 1] += unit(points) * rng.uniform(-0.03, 0.08)
    if rng.random() < 0.5:
        # Straps pull the upper corners in.
        jaw[[0, -1]] += (middle - jaw[[0, -1]]) * rng.uniform(0.0, 0.35)
    bridge = [top + (jaw[-1] - top) * 0.3 - (0, 2), top, top + (jaw[0] - top) * 0.3 - (0, 2)]
    outline = np.vstack([jaw, bridge])
    surface = textures.any_surface(rng, faces) if rng.random() < 0.3 else textures.plain(rng)
    if rng.random() < 0.6:
        y = np.arange(SIDE, dtype=np.float32)[:, None, None]
        folds = 1 + rng.uniform(0.02, 0.15) * np.sin(2 * np.pi * y / rng.uniform(6, 14) + rng.uniform(0, 6))
        surface = surface * folds
    return surface.astype(np.float32), filled(outline, rng.uniform(0, 0.8))


def scarf(rng: np.random.Generator, points: Float, faces: NDArray[np.uint8], _: NDArray[np.uint8]) -> Layer:
    """Cloth across the lower face, from side to side."""
    top = points[rng.choice([TIP, BASE, LIPS, 17, 18, 200])][1] + rng.normal(0, 3)
    x = np.linspace(-5, SIDE + 5, 9)
    edge = top + rng.normal(0, 2.0, 9) + rng.normal(0, 0.12) * (x - SIDE / 2)
    outline = np.vstack([np.column_stack([x, edge]), [(SIDE + 5, SIDE + 5), (-5, SIDE + 5)]])
    return textures.any_surface(rng, faces), filled(outline, rng.uniform(0, 1.0))


def brim(rng: np.random.Generator, points: Float, faces: NDArray[np.uint8], _: NDArray[np.uint8]) -> Layer:
    """A cap, a hood or hair down to the brows or further."""
    forehead, brows = points[FOREHEAD, 1], points[list(BROWS), 1].mean()
    low = forehead + (brows - forehead) * rng.uniform(0.5, 1.7)
    x = np.linspace(-5, SIDE + 5, 15)
    is_hair = rng.random() < 0.6
    edge = low + rng.normal(0, 3.5 if is_hair else 0.8, 15) + rng.normal(0, 0.25) * (x - SIDE / 2)
    edge += rng.normal(0, 6) * ((x - SIDE / 2) / (SIDE / 2)) ** 2
    outline = np.vstack([np.column_stack([x, edge]), [(SIDE + 5, -5), (-5, -5)]])
    surface = textures.hair(rng, lying=False) if is_hair else textures.any_surface(rng, faces)
    return surface, filled(outline, rng.uniform(0, 1.5))


def curtain(rng: np.random.Generator, points: Float, faces: NDArray[np.uint8], _: NDArray[np.uint8]) -> Layer:
    """Hair or a hood over one side."""
    left, right = points[:, 0].min(), points[:, 0].max()
    reach = (right - left) * rng.uniform(0.1, 0.5)
    y = np.linspace(-5, SIDE + 5, 12)
    edge = reach + rng.normal(0, 3, 12)
    if rng.random() < 0.5:
        outline = np.vstack([np.column_stack([left + edge, y]), [(-5, SIDE + 5), (-5, -5)]])
    else:
        outline = np.vstack([np.column_stack([right - edge, y]), [(SIDE + 5, SIDE + 5), (SIDE + 5, -5)]])
    surface = textures.hair(rng, lying=False) if rng.random() < 0.7 else textures.any_surface(rng, faces)
    return surface, filled(outline, rng.uniform(0, 1.5))


def sunglasses(rng: np.random.Generator, points: Float, _: NDArray[np.uint8], __: NDArray[np.uint8]) -> Layer:
    """Dark lenses, with reflections."""
    cover = np.zeros((SIDE, SIDE), np.float32)
    scale, squareness = rng.uniform(0.75, 1.25), rng.uniform(2, 6)
    drop = rng.uniform(-0.1, 0.25)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    for pair in EYES:
        a, b = points[list(pair)]
        wide = float(np.linalg.norm(b - a))
        cx, cy = (a + b) / 2 + (0, drop * wide)
        rim = (np.abs(x - cx) / (wide * scale)) ** squareness
        rim += (np.abs(y - cy) / (wide * scale * rng.uniform(0.6, 0.85))) ** squareness
        cover = np.maximum(cover, np.clip((1.15 - rim) * 4, 0, 1))
    cv2.line(cover, *_ends(points[133], points[362]), 1.0, int(rng.integers(1, 4)), cv2.LINE_AA)
    shade = rng.uniform(0, 70) + rng.normal(0, 8, 3)
    fade = 1 + rng.uniform(-0.2, 0.9) * (y / SIDE)[..., None]
    color = np.clip(shade, 0, 255) * fade
    if rng.random() < 0.5:
        glint = points[rng.choice([159, 386])] + rng.normal(0, 5, 2)
        blob = filled(around(rng, glint, unit(points) * rng.uniform(0.03, 0.1), 7), 1.5)
        color = color + blob[..., None] * rng.uniform(60, 200)
    return color.astype(np.float32), cover * np.float32(rng.uniform(0.8, 1.0))


def spectacles(rng: np.random.Generator, points: Float, _: NDArray[np.uint8], __: NDArray[np.uint8]) -> Layer:
    """A frame with clear lenses, which hide nothing."""
    cover = np.zeros((SIDE, SIDE), np.float32)
    for pair in EYES:
        a, b = points[list(pair)]
        wide = float(np.linalg.norm(b - a))
        middle = tuple(int(v) for v in np.rint((a + b) / 2 + (0, wide * 0.1)))
        axes = (round(wide * rng.uniform(0.75, 1.0)), round(wide * rng.uniform(0.5, 0.75)))
        cv2.ellipse(cover, middle, axes, 0, 0, 360, 1.0, int(rng.integers(1, 3)), cv2.LINE_AA)
    cv2.line(cover, *_ends(points[133], points[362]), 1.0, 1, cv2.LINE_AA)
    return textures.plain(rng), cover * np.float32(rng.uniform(0.5, 1.0))


def microphone(rng: np.random.Generator, points: Float, _: NDArray[np.uint8], __: NDArray[np.uint8]) -> Layer:
    """A ball on a stick, from below. Kept for the figures."""
    head = points[rng.choice([LIPS, CHIN, BASE])] + rng.normal(0, 5, 2) + (0, unit(points) * 0.05)
    radius = unit(points) * rng.uniform(0.1, 0.2)
    foot = head + np.array([rng.normal(0, 25), SIDE])
    cover = np.zeros((SIDE, SIDE), np.float32)
    cv2.line(cover, *_ends(head, foot), 1.0, max(2, round(radius * 0.9)), cv2.LINE_AA)
    cv2.circle(cover, tuple(int(v) for v in np.rint(head)), max(2, round(radius)), 1.0, -1, cv2.LINE_AA)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    round_ = 1 - np.clip(np.hypot(x - head[0], y - head[1]) / radius, 0, 1) ** 2
    grain = rng.normal(1, 0.25, (SIDE, SIDE, 1))
    return ((20 + 90 * round_[..., None]) * grain).astype(np.float32), cover


def paper(rng: np.random.Generator, points: Float, _: NDArray[np.uint8], __: NDArray[np.uint8]) -> Layer:
    """A printed sheet or card held before the face. Kept for the figures."""
    at = points[rng.choice([1, 14, 152, 50, 280, 159, 386, 10])] + rng.normal(0, 6, 2)
    size = unit(points) * rng.uniform(0.15, 0.5, 2)
    box = cv2.boxPoints((tuple(map(float, at)), tuple(map(float, size)), float(rng.uniform(0, 90))))
    color = np.full((SIDE, SIDE, 3), rng.uniform(190, 250), np.float32)
    for line in range(0, SIDE, int(rng.integers(4, 9))):
        color[line : line + 1, rng.integers(0, 10) : SIDE - rng.integers(0, 30)] = rng.uniform(20, 110)
    return color * textures.shading(rng, 0.08), filled(box.astype(np.float64), 0.3)


def _ends(a: Float, b: Float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(int(v) for v in np.rint(a)), tuple(int(v) for v in np.rint(b))


Occluder: TypeAlias = Callable[[np.random.Generator, Float, NDArray[np.uint8], NDArray[np.uint8]], Layer]
TRAINED: dict[Occluder, float] = {
    thing: 0.28,
    hand: 0.18,
    mask: 0.16,
    scarf: 0.06,
    brim: 0.12,
    curtain: 0.06,
    sunglasses: 0.14,
}
"""How often each is used."""
HELD_OUT: tuple[Occluder, ...] = (microphone, paper)
