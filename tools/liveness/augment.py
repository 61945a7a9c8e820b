"""What training does to a stored scene before the network sees it: the same to live and attack."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.vision.liveness import standardized_rgb
from liveness.kinds import View

Image = NDArray[np.uint8]

INPUT = 96
"""Side of the network's input, pixels."""
FLOOR = 8.0
"""Least standard deviation that a channel is divided by, in grey levels."""


def central_crop(scene: Image, view: View) -> Image:
    """What the network looks at of a stored view, as uint8 (96, 96, 3)."""
    return window(scene, view, view.crop, 0.0, 0.0)


def window(scene: Image, view: View, crop: float, dx: float, dy: float) -> Image:
    """A square `crop` face sides wide, its center off by (dx, dy) face sides."""
    unit = scene.shape[0] / view.span
    side = round(crop * unit)
    x0 = int(np.clip(round(scene.shape[1] / 2 + dx * unit - side / 2), 0, scene.shape[1] - side))
    y0 = int(np.clip(round(scene.shape[0] / 2 + dy * unit - side / 2), 0, scene.shape[0] - side))
    return cv2.resize(scene[y0 : y0 + side, x0 : x0 + side], (INPUT, INPUT), interpolation=cv2.INTER_AREA)


def network_input(crop: Image) -> NDArray[np.float32]:
    """What the network takes of a uint8 (96, 96, 3) BGR crop: float32, RGB, standardized."""
    return standardized_rgb(crop, FLOOR)


def augment(rng: np.random.Generator, scene: Image, view: View) -> Image:
    """One varied uint8 (96, 96, 3) crop of a stored view."""
    if rng.random() < 0.35:
        middle = (scene.shape[1] / 2, scene.shape[0] / 2)
        turn = cv2.getRotationMatrix2D(middle, rng.normal(0, 7 if rng.random() < 0.7 else 40), 1.0)
        scene = cv2.warpAffine(scene, turn, scene.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    seen = float(np.exp(rng.uniform(np.log(view.nearest), np.log(view.farthest))))
    crop = window(scene, view, seen, *rng.normal(0, 0.03 * view.crop, 2))
    if rng.random() < 0.5:
        crop = np.ascontiguousarray(crop[:, ::-1])
    if rng.random() < 0.2:
        crop = _leave_frame(rng, crop)
    if rng.random() < 0.1:
        crop = _letterbox(rng, crop)
    if rng.random() < 0.3:
        crop = _turn_hue(rng, crop)
    return degrade(rng, crop)


def _leave_frame(rng: np.random.Generator, crop: Image) -> Image:
    side = rng.integers(4)
    cut = int(INPUT * rng.uniform(0.03, 0.27))
    lines = np.rot90(crop, side)
    kept = lines[:-cut]
    lines = np.concatenate([kept, np.repeat(kept[-1:], cut, 0)])
    return np.ascontiguousarray(np.rot90(lines, -side))


def _letterbox(rng: np.random.Generator, crop: Image) -> Image:
    """Black bars as a wide camera leaves them in a 4:3 frame: above and below, outside the face."""
    crop = crop.copy()
    shade = int(rng.integers(0, 12))
    top, bottom = (int(INPUT * rng.uniform(0, 0.3)) for _ in range(2))
    crop[:top] = shade
    crop[INPUT - bottom :] = shade
    return crop


def degrade(rng: np.random.Generator, crop: Image) -> Image:
    """Haze, uneven light, poor color, blur, low resolution, noise and JPEG."""
    light = crop.astype(np.float32)
    side = crop.shape[0]
    if rng.random() < 0.5:
        light = 255 * np.power(light / 255, np.float32(np.exp(rng.normal(0, 0.25))))
    if rng.random() < 0.3:
        grey = light.mean(2, keepdims=True)
        light = grey + (light - grey) * np.float32(rng.uniform(0, 1.6))
    if rng.random() < 0.35:
        light += (255 * rng.uniform(0.4, 1.0) - light) * np.float32(rng.uniform(0, 0.5))
    if rng.random() < 0.35:
        axis = np.linspace(-1, 1, side, dtype=np.float32)
        slope = rng.normal(0, 0.3, 2).astype(np.float32)
        light *= np.clip(1 + axis[:, None] * slope[0] + axis[None, :] * slope[1], 0.15, 2)[..., None]
    if rng.random() < 0.5:
        light *= np.exp(rng.normal(0, 0.12, 3)).astype(np.float32)
    if rng.random() < 0.3:
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.3, 1.3))
    if rng.random() < 0.15:
        light = _shake(rng, light)
    if rng.random() < 0.25:
        small = int(rng.uniform(0.375, 0.875) * side)
        light = cv2.resize(cv2.resize(light, (small, small), interpolation=cv2.INTER_AREA), (side, side))
    if rng.random() < 0.3:
        light += rng.standard_normal(light.shape, dtype=np.float32) * np.float32(rng.uniform(0, 9))
    out = np.clip(light, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        _, stored = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(30, 95))])
        out = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR), np.uint8)
    return out


def _turn_hue(rng: np.random.Generator, crop: Image) -> Image:
    """Other walls and clothes: all colors turn by as much."""
    turned = cv2.cvtColor(crop, cv2.COLOR_BGR2HSV)
    turned[..., 0] = (turned[..., 0].astype(int) + int(rng.normal(0, 18))) % 180
    return np.asarray(cv2.cvtColor(turned, cv2.COLOR_HSV2BGR), np.uint8)


def _shake(rng: np.random.Generator, light: NDArray[np.float32]) -> NDArray[np.float32]:
    length = int(rng.integers(2, 6))
    kernel = np.zeros((length, length), np.float32)
    ends = (0, int(rng.integers(length))), (length - 1, int(rng.integers(length)))
    cv2.line(kernel, *ends, 1.0)
    if rng.random() < 0.5:
        kernel = kernel.T.copy()
    return np.asarray(
        cv2.filter2D(light, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.float32
    )
