"""Portraits cut out of their pictures and put into a place."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from liveness.kinds import SPAN, Float, Image


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One portrait. image: uint8 (H, W, 3), BGR. mask: float32 (H, W), 1 where the person is.
    center: of the face's box, pixels. face: longer side of the box, pixels. clean: whether the
    picture has no black wedges, so that it can be shown as it is."""

    image: Image
    mask: Float
    center: tuple[float, float]
    face: float
    clean: bool


def place(
    rng: np.random.Generator, canvas: Float, person: Person, face: float, center: tuple[float, float]
) -> float:
    """Put a cut-out person into the room; returns the row where the portrait ends."""
    size = canvas.shape[0]
    k = face / person.face
    image = person.image.astype(np.float32) * np.float32(rng.uniform(0.8, 1.15))
    mirrored = rng.random() < 0.5
    cx = person.image.shape[1] - person.center[0] if mirrored else person.center[0]
    mask = person.mask
    if mirrored:
        image, mask = image[:, ::-1], mask[:, ::-1]
    tilt = np.deg2rad(rng.normal(0, 4))
    cos, sin = k * np.cos(tilt), k * np.sin(tilt)
    warp = np.array([[cos, -sin, 0], [sin, cos, 0]], np.float32)
    warp[:, 2] = np.array(center) - warp[:, :2] @ np.array([cx, person.center[1]])
    image, mask = _with_body(rng, image, mask, cx, person.face)
    if rng.random() < 0.5:
        _clothe(rng, image, cx, person.center[1] + person.face * rng.uniform(0.62, 0.85), person.face)
    if k < 1:
        image = cv2.GaussianBlur(image, (0, 0), max(0.01, 0.4 * (1 / k - 1)))
    flags = cv2.INTER_LINEAR
    seen = cv2.warpAffine(image, warp, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpAffine(mask, warp, (size, size), flags=flags)[..., None]
    canvas += (seen - canvas) * cover
    return float(center[1] + (person.image.shape[0] - person.center[1]) * k)


def _with_body(
    rng: np.random.Generator, image: Float, mask: Float, middle: float, face: float
) -> tuple[Float, Float]:
    """Let the body go on below the portrait, wider by and by, in the colors of its last rows."""
    height, width = mask.shape
    last = int(height * rng.uniform(0.9, 0.985))
    rows = np.arange(height + int(2.5 * face), dtype=np.float32)
    beyond = np.maximum(rows - last, 0) / face
    flare = 1 + rng.uniform(0.3, 0.9) * beyond / (1 + 0.5 * beyond)
    columns = np.arange(width, dtype=np.float32)
    x = (middle + (columns[None, :] - middle) / flare[:, None]).astype(np.float32)
    wander = (
        beyond[:, None]
        * rng.normal(0, 6)
        * np.sin(columns[None, :] / rng.uniform(15, 60) + rng.uniform(0, 6.3))
    )
    y = np.minimum(rows, last)[:, None] - np.abs(wander)
    y = np.broadcast_to(y, x.shape).astype(np.float32)
    image = cv2.remap(np.ascontiguousarray(image), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    image[last:] = cv2.GaussianBlur(image[last:], (0, 0), rng.uniform(0.5, 5))
    y = np.broadcast_to(np.minimum(rows, last)[:, None], x.shape).astype(np.float32)
    return image, cv2.remap(
        np.ascontiguousarray(mask), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def bystander(rng: np.random.Generator, canvas: Float, person: Person) -> None:
    size = canvas.shape[0]
    center = (size * rng.choice([rng.uniform(0, 0.28), rng.uniform(0.72, 1)]), size * rng.uniform(0.3, 0.6))
    place(rng, canvas, person, size / SPAN * rng.uniform(0.3, 1.2), center)


def _clothe(rng: np.random.Generator, image: Float, middle: float, neckline: float, face: float) -> None:
    """Other clothes below the neckline: any color, collars, stripes, badges and straps."""
    height, width = image.shape[:2]
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    hollow = face * rng.uniform(0.0, 0.35) * np.exp(-(((x - middle) / (0.35 * face)) ** 2))
    worn = np.clip((y - neckline - hollow) / (0.06 * face), 0, 1)[..., None]
    if not worn.any():
        return
    folds = image.mean(2, keepdims=True)
    folds = rng.uniform(0.15, 1.0) * (folds - folds.mean())
    cloth = np.float32(rng.uniform(5, 250, 3)) + folds
    if rng.random() < 0.3:
        angle, period = rng.uniform(0, np.pi), face * rng.uniform(0.08, 0.5)
        wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period) > rng.uniform(-0.5, 0.5)
        cloth = cloth + wave[..., None] * np.float32(rng.normal(0, 60, 3))
    cloth = np.ascontiguousarray(cloth, np.float32)
    for _ in range(rng.integers(0, 7)):
        ink = tuple(map(float, rng.uniform(0, 255, 3)))
        at = (int(middle + rng.normal(0, 0.8) * face), int(neckline + rng.uniform(0, 2.2) * face))
        match rng.integers(4):
            case 0:
                axes = tuple(map(int, rng.uniform(0.05, 0.5, 2) * face))
                cv2.ellipse(cloth, at, axes, float(rng.uniform(0, 180)), 0, 360, ink, -1, cv2.LINE_AA)
            case 1:
                box = (at, tuple(map(float, rng.uniform(0.05, 0.6, 2) * face)), float(rng.normal(0, 15)))
                cv2.fillPoly(cloth, [cv2.boxPoints(box).astype(np.int32)], ink, cv2.LINE_AA)
            case 2:
                collar = (int(middle), int(neckline + rng.uniform(0, 0.2) * face))
                axes = (int(face * rng.uniform(0.35, 0.8)), int(face * rng.uniform(0.12, 0.5)))
                thick = max(1, int(face * rng.uniform(0.04, 0.25)))
                cv2.ellipse(cloth, collar, axes, 0, 0, 360, ink, thick, cv2.LINE_AA)
            case _:
                end = (int(at[0] + rng.normal(0, 1) * face), int(at[1] + rng.uniform(0.3, 2) * face))
                cv2.line(cloth, at, end, ink, max(1, int(face * rng.uniform(0.02, 0.2))), cv2.LINE_AA)
    image += (np.clip(cloth, 0, 255) - image) * worn
