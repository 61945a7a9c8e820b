"""A portrait photograph as a body with depth: picture, matte, and how far each pixel lies behind the nose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.frame import Image

FOLDER = Path(__file__).resolve().parent / "portraits"
FACE_WIDTH_M = 0.14
"""Breadth of an adult's face between the cheekbones; it gives the portrait its scale."""

_EXTRA_ROWS = 440
_FIELD_STEP = 2


@dataclass(frozen=True, slots=True)
class Eye:
    """x: middle, half_width, upper, lower: edges of the lids, all in portrait pixels."""

    x: float
    half_width: float
    upper: float
    lower: float


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A person cut out of a photograph, in portrait pixels unless said otherwise.

    picture: the photograph, uint8 (H, W, 3), BGR. levels: premultiplied uint8 BGRA, each half
    as large as the one before. field: float32 (h, w, 4) at half size: depth behind the face in
    meters, head weight 0..1 (1 turns with the head), and the surface slope along x and y.
    anchor: pixel (x, y) between the eyes. pivot_m: point the head turns about, meters from the
    anchor. pixels_per_m: scale. face_box: x0, y0, x1, y1 of the face mesh.
    """

    picture: Image
    levels: tuple[NDArray[np.uint8], ...]
    field: NDArray[np.float32]
    eyes: tuple[Eye, Eye]
    anchor: tuple[float, float]
    pivot_m: tuple[float, float, float]
    pixels_per_m: float
    face_box: tuple[float, float, float, float]


@lru_cache(maxsize=4)
def load_portrait(name: str) -> Portrait:
    """Load `portraits/<name>.jpg` with its matte and face mesh."""
    picture = _read(FOLDER / f"{name}.jpg", cv2.IMREAD_COLOR)
    matte = _read(FOLDER / f"{name}_matte.png", cv2.IMREAD_GRAYSCALE)
    mesh = np.loadtxt(FOLDER / f"{name}_mesh.csv", delimiter=",", skiprows=1, dtype=np.float32)
    x0, y0 = mesh[:, :2].min(axis=0)
    x1, y1 = mesh[:, :2].max(axis=0)
    scale = float(x1 - x0) / FACE_WIDTH_M
    eyes = mesh[[33, 133, 362, 263]].mean(axis=0)
    color, alpha = _lengthen(_decontaminate(picture, matte), matte)
    premultiplied = np.dstack([color * (alpha[..., None] / 255.0), alpha]).round().astype(np.uint8)
    levels = [premultiplied]
    for _ in range(3):
        half = cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(half, dtype=np.uint8))
    return Portrait(
        picture=picture,
        levels=tuple(levels),
        field=_relief(mesh, alpha, scale),
        eyes=(_eye(mesh, 33, 133, 159, 145), _eye(mesh, 362, 263, 386, 374)),
        anchor=(float(eyes[0]), float(eyes[1])),
        pivot_m=(0.0, 0.05, 0.085),
        pixels_per_m=scale,
        face_box=(float(x0), float(y0), float(x1), float(y1)),
    )


def _eye(mesh: NDArray[np.float32], one: int, other: int, upper: int, lower: int) -> Eye:
    x0, x1 = float(mesh[one, 0]), float(mesh[other, 0])
    return Eye((x0 + x1) / 2, abs(x1 - x0) / 2, float(mesh[upper, 1]), float(mesh[lower, 1]))


def _read(path: Path, flags: int) -> Image:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise FileNotFoundError(f"the demo's picture {path.name} is missing; install the package again")
    return np.asarray(image, dtype=np.uint8)


def _decontaminate(picture: Image, matte: Image) -> NDArray[np.float32]:
    """Give half-transparent pixels the color of the person next to them, not of the old background."""
    solid = (matte > 250).astype(np.float32)[..., None]
    color = picture.astype(np.float32)
    total = cv2.GaussianBlur(color * solid, (0, 0), 2.5)
    weight = cv2.GaussianBlur(solid, (0, 0), 2.5)[..., None]
    near = total / np.maximum(weight, 1e-4)
    keep = np.maximum(solid, np.clip(1.0 - weight * 50.0, 0.0, 1.0))
    return np.asarray(color * keep + near * (1.0 - keep), dtype=np.float32)


def _lengthen(color: NDArray[np.float32], matte: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Continue clothes below the photograph's lower edge, so that a person far away is not cut off."""
    strip = np.clip(color[-40:], 0, 255).astype(np.uint8)
    last = cv2.GaussianBlur(cv2.medianBlur(strip, 39)[:8].astype(np.float32), (31, 1), 0).mean(axis=0)
    shade = np.linspace(1.0, 0.75, _EXTRA_ROWS, dtype=np.float32)[:, None, None]
    body = np.repeat(last.reshape(1, -1, 3), _EXTRA_ROWS, axis=0) * shade
    weave = np.random.default_rng(7).normal(0.0, 3.0, (*body.shape[:2], 1)).astype(np.float32)
    body = np.clip(body + cv2.GaussianBlur(weave, (0, 0), 1.0)[..., None] * 2.0, 0, 255)
    edge = np.repeat(matte[-1:].astype(np.float32), _EXTRA_ROWS, axis=0)
    alpha = np.vstack([matte.astype(np.float32), edge])
    # The photograph's side edges cut the arms: round them off.
    ramp = np.clip(np.arange(alpha.shape[1], dtype=np.float32) / 5.0, 0.0, 1.0)
    alpha *= np.minimum(ramp, ramp[::-1])
    return np.vstack([color, body]).astype(np.float32), alpha


def _relief(mesh: NDArray[np.float32], alpha: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Depth, head weight and slopes over the whole figure, from the face mesh outwards."""
    height, width = alpha.shape[0] // _FIELD_STEP, alpha.shape[1] // _FIELD_STEP
    points = mesh[:, :2] / np.float32(_FIELD_STEP)
    face = float(np.ptp(points[:, 0]))
    value = np.zeros((height, width), np.float32)
    weight = np.zeros((height, width), np.float32)
    solid = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA) > 128
    distance = cv2.distanceTransform(solid.astype(np.uint8), cv2.DIST_L2, 5)
    hull = cv2.convexHull(points.round().astype(np.int32))
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, hull, 1)
    # Head, neck and body outside the mesh are rounded: the silhouette lies deepest.
    depth_face = mesh[:, 2] / scale
    rim = float(np.percentile(depth_face, 96))
    round_off = 0.07 * np.exp(-distance / (0.16 * face))
    ground = (rim - 0.01 + round_off).astype(np.float32)
    apart = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    far = apart > 0.14 * face
    value[far], weight[far] = ground[far], 0.6
    xs = np.clip(points[:, 0].round().astype(int), 0, width - 1)
    ys = np.clip(points[:, 1].round().astype(int), 0, height - 1)
    value[ys, xs], weight[ys, xs] = depth_face, 1.0
    depth = _spread(value, weight, face)
    depth = np.asarray(cv2.GaussianBlur(depth, (0, 0), 0.02 * face), dtype=np.float32)
    return np.dstack([depth, _head_weight(points, (height, width)), *_slopes(depth, scale)]).astype(
        np.float32
    )


def _spread(value: NDArray[np.float32], weight: NDArray[np.float32], face: float) -> NDArray[np.float32]:
    """Fill the gaps between known values smoothly, nearest knowledge first."""
    result = np.zeros_like(value)
    trust = np.zeros_like(value)
    for sigma in (0.03 * face, 0.08 * face, 0.2 * face, 0.8 * face):
        blurred_weight = cv2.GaussianBlur(weight, (0, 0), sigma)
        layer = cv2.GaussianBlur(value * weight, (0, 0), sigma) / np.maximum(blurred_weight, 1e-6)
        part = (1.0 - trust) * np.clip(blurred_weight / 0.05, 0.0, 1.0)
        result += part * layer
        trust += part
    return np.asarray(result / np.maximum(trust, 1e-6), dtype=np.float32)


def _head_weight(points: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """1 above the chin, falling to 0 at the collar and sideways on the shoulders."""
    height, width = shape
    x0, y0 = points.min(axis=0)
    x1, y1 = points.max(axis=0)
    size = float(y1 - y0)
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    fall = np.clip(((y1 + 0.55 * size) - y) / (0.55 * size), 0.0, 1.0)
    side = np.abs(x - (x0 + x1) / 2) / (x1 - x0)
    near = np.clip((1.5 - side) / 0.5, 0.0, 1.0)
    weight = fall * fall * (3 - 2 * fall) * near * near * (3 - 2 * near)
    return np.asarray(weight, dtype=np.float32)


def _slopes(depth: NDArray[np.float32], scale: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    smooth = cv2.GaussianBlur(depth, (0, 0), 2.0)
    rows, columns = np.gradient(smooth * scale / _FIELD_STEP)
    return np.asarray(columns, dtype=np.float32), np.asarray(rows, dtype=np.float32)
