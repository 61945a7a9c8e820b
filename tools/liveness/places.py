"""Backgrounds: real pictures, plain walls, and rooms in perspective."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from liveness.kinds import Float, Image


def background(rng: np.random.Generator, backdrops: list[Image], size: int) -> Float:
    """A float32 (size, size, 3) place: a real picture, walls with things, or a room in perspective."""
    kind = rng.random()
    if kind < 0.45:
        canvas = _real_place(rng, backdrops, size)
    elif kind < 0.65:
        canvas = _plain(rng, size)
        for _ in range(rng.integers(0, 9)):
            _thing(rng, canvas, backdrops)
    else:
        canvas = _room(rng, backdrops, size)
    if rng.random() < 0.5:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, size / 80))
    return np.clip(canvas, 0, 255)


def _real_place(rng: np.random.Generator, backdrops: list[Image], size: int) -> Float:
    picture = backdrops[rng.integers(len(backdrops))]
    height, width = picture.shape[:2]
    side = int(min(height, width) * rng.uniform(0.35, 1.0))
    x, y = rng.integers(0, width - side + 1), rng.integers(0, height - side + 1)
    place = cv2.resize(picture[y : y + side, x : x + side], (size, size), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        place = place[:, ::-1]
    return place.astype(np.float32) * np.float32(rng.uniform(0.6, 1.2))


def _plain(rng: np.random.Generator, size: int) -> Float:
    canvas = np.empty((size, size, 3), np.float32)
    canvas[:] = rng.uniform(20, 240) + rng.normal(0, 12, 3)
    slope = rng.normal(0, 25, 2)
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    canvas += (axis[:, None] * slope[0] + axis[None, :] * slope[1])[..., None]
    return canvas


def _room(rng: np.random.Generator, backdrops: list[Image], size: int) -> Float:
    """Floor, ceiling, walls to a vanishing point; lamps, doors, windows, pictures and joints on them."""
    canvas = _plain(rng, size)
    vanish = np.array([rng.uniform(0.2, 0.8), rng.uniform(0.25, 0.7)]) * size
    depth = rng.uniform(0.03, 0.5)
    outer = np.array([[0, 0], [size, 0], [size, size], [0, size]], float) + rng.normal(0, 0.3, (4, 2)) * size
    inner = vanish + (outer - vanish) * depth
    tone = np.array([rng.uniform(60, 235)]) + rng.normal(0, 10, 3)
    cv2.fillPoly(
        canvas, [inner.astype(np.int32)], tuple(map(float, np.clip(tone * rng.uniform(0.5, 1.2), 0, 255)))
    )
    for side in range(4):
        corners = np.array([outer[side], outer[(side + 1) % 4], inner[(side + 1) % 4], inner[side]])
        shade = np.clip(tone * rng.uniform(0.45, 1.15) + rng.normal(0, 8, 3), 0, 255)
        cv2.fillPoly(canvas, [corners.astype(np.int32)], tuple(map(float, shade)), cv2.LINE_AA)

        def on_wall(u: float, v: float, corners: NDArray[np.float64] = corners) -> NDArray[np.float64]:
            near = corners[0] + (corners[1] - corners[0]) * u
            far = corners[3] + (corners[2] - corners[3]) * u
            return near + (far - near) * v

        for _ in range(rng.integers(0, 5)):
            ends = (
                [(u := rng.random(), 0.0), (u, 1.0)]
                if rng.random() < 0.5
                else [(0.0, v := rng.random()), (1.0, v)]
            )
            a, b = (on_wall(*end).astype(int) for end in ends)
            ink = tuple(map(float, np.clip(shade + rng.choice([-35, 30]), 0, 255)))
            cv2.line(
                canvas, tuple(map(int, a)), tuple(map(int, b)), ink, int(rng.integers(1, 3)), cv2.LINE_AA
            )
        for _ in range(rng.integers(0, 4)):
            u, v = rng.uniform(0.05, 0.7), rng.uniform(0.05, 0.8)
            du, dv = rng.uniform(0.08, 0.35), rng.uniform(0.08, 0.3)
            quad = np.array([on_wall(u, v), on_wall(u + du, v), on_wall(u + du, v + dv), on_wall(u, v + dv)])
            _panel(rng, canvas, quad, backdrops)
    return canvas


def _panel(
    rng: np.random.Generator, canvas: Float, quad: NDArray[np.float64], backdrops: list[Image]
) -> None:
    """A lamp or window (bright), a door, a screen that is off, or a framed picture."""
    points = [quad.astype(np.int32)]
    kind = rng.choice(["lamp", "door", "dark", "picture"])
    if kind == "picture":
        source = backdrops[rng.integers(len(backdrops))]
        corners = np.array([[0, 0], [96, 0], [96, 96], [0, 96]], np.float32)
        shown = cv2.resize(source, (96, 96), interpolation=cv2.INTER_AREA).astype(np.float32)
        try:
            warp = cv2.getPerspectiveTransform(corners, quad.astype(np.float32))
        except cv2.error:
            return
        size = canvas.shape[0]
        drawn = cv2.warpPerspective(shown, warp, (size, size))
        cover = cv2.warpPerspective(np.ones((96, 96), np.float32), warp, (size, size))[..., None]
        canvas += (drawn - canvas) * cover
    else:
        level = {"lamp": rng.uniform(230, 330), "door": rng.uniform(40, 200), "dark": rng.uniform(5, 45)}[
            kind
        ]
        cv2.fillPoly(
            canvas, points, tuple(map(float, np.clip(level + rng.normal(0, 15, 3), 0, 330))), cv2.LINE_AA
        )
        if kind == "lamp":
            glow = np.zeros(canvas.shape[:2], np.float32)
            cv2.fillPoly(glow, points, 1.0)
            size = canvas.shape[0]
            canvas += cv2.GaussianBlur(glow, (0, 0), size * rng.uniform(0.01, 0.06))[..., None] * np.float32(
                rng.uniform(0, 90)
            )
    if rng.random() < 0.6:
        rim = float(rng.choice([15, 60, 120, 230]))
        cv2.polylines(canvas, points, True, (rim, rim, rim), int(rng.integers(1, 6)), cv2.LINE_AA)


def _thing(rng: np.random.Generator, canvas: Float, backdrops: list[Image]) -> None:
    """Paint a door, shelf, poster or screen: rectangles belong to living scenes too."""
    size = canvas.shape[0]
    w, h = (rng.uniform(0.05, 0.6, 2) * size).astype(int)
    x, y = (rng.uniform(-0.2, 0.95, 2) * size).astype(int)
    color = np.clip(rng.uniform(0, 255) + rng.normal(0, 25, 3), 0, 255)
    turned = cv2.boxPoints(
        ((float(x + w / 2), float(y + h / 2)), (float(w), float(h)), float(rng.normal(0, 3)))
    )
    cv2.fillPoly(canvas, [turned.astype(np.int32)], tuple(map(float, color)))
    if rng.random() < 0.5:
        rim = float(np.clip(color.mean() + rng.choice([-90, 90]), 0, 255))
        cv2.polylines(canvas, [turned.astype(np.int32)], True, (rim, rim, rim), int(rng.integers(1, 7)))
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, size), min(y + h, size)
    if rng.random() < 0.4 and x1 - x0 > 8 and y1 - y0 > 8:
        picture = backdrops[rng.integers(len(backdrops))]
        canvas[y0:y1, x0:x1] = cv2.resize(picture, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
