"""Training samples: a face, perhaps covered, as some camera sees it, and how much of each region shows."""

from __future__ import annotations

import cv2
import numpy as np
from liveness.augment import degrade
from liveness.kinds import Image
from numpy.typing import NDArray

from edge.vision.liveness import standardized_rgb
from occlusion.material import CROP, ROOM, SIDE, STORED, Faces
from occlusion.occluders import TRAINED, Occluder, spectacles
from occlusion.regions import REGIONS, visible

CLEAN = 0.3
"""Share of samples that nothing covers."""
SPECTACLES = 0.2
FLOOR = 8.0
"""Least standard deviation that a channel is divided by, in gray levels."""


def network_input(crop: Image) -> NDArray[np.float32]:
    """What the network takes of a uint8 (64, 64, 3) BGR crop: float32, RGB, standardized."""
    return standardized_rgb(crop, FLOOR)


def sample(rng: np.random.Generator, faces: Faces, k: int) -> tuple[Image, NDArray[np.float32]]:
    """A varied uint8 (64, 64, 3) crop of face k, and the visible share of each region."""
    used: list[Occluder] = []
    if rng.random() >= CLEAN:
        kinds, weights = list(TRAINED), np.array(list(TRAINED.values()))
        count = 1 if rng.random() < 0.75 else 2
        used = [kinds[i] for i in rng.choice(len(kinds), count, p=weights / weights.sum())]
    if rng.random() < SPECTACLES:
        used.insert(0, spectacles)
    scene, shares = covered(rng, faces, k, used)
    crop = degrade(rng, moved(rng, scene))
    return (np.ascontiguousarray(crop[:, ::-1]) if rng.random() < 0.5 else crop), shares


def covered(
    rng: np.random.Generator, faces: Faces, k: int, used: list[Occluder]
) -> tuple[Image, NDArray[np.float32]]:
    """Face k, uint8 (112, 112, 3), under these occluders."""
    scene = faces.crops[k].astype(np.float32)
    total = np.zeros((STORED, STORED), np.float32)
    for occluder in used:
        color, cover = occluder(rng, faces.points[k], faces.crops, faces.crops[k])
        if rng.random() < 0.3:
            # The shadow beside it is no cover.
            shadow = cv2.GaussianBlur(np.roll(cover, (2, 2), (0, 1)), (0, 0), 2.0)[..., None]
            scene *= 1 - rng.uniform(0.1, 0.5) * shadow
        scene += (np.clip(color, 0, 255) - scene) * cover[..., None]
        if occluder is not spectacles:
            total = np.maximum(total, cover)
    shares = visible(faces.masks(k), total) if used else np.ones(len(REGIONS), np.float32)
    return np.clip(scene, 0, 255).astype(np.uint8), shares


def moved(rng: np.random.Generator, scene: Image) -> Image:
    """The square the network sees, off by as much as a mesh on a covered face is."""
    scale = SIDE / (STORED * CROP / ROOM) * float(np.exp(rng.normal(0, 0.06)))
    turn = cv2.getRotationMatrix2D((STORED / 2, STORED / 2), rng.normal(0, 4), scale)
    turn[:, 2] += SIDE / 2 - STORED / 2 + rng.normal(0, 0.03 * SIDE, 2)
    # Shrinking is by less than a third: linear sampling does not alias much.
    return cv2.warpAffine(scene, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


def centered(scene: Image) -> Image:
    """The square the network sees, where the mesh is right."""
    return moved(_Still(), scene)


class _Still(np.random.Generator):
    """A source of randomness that has none."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def normal(self, loc=0.0, scale=1.0, size=None):
        return np.full(size, loc) if size else loc
