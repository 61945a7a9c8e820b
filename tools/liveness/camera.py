"""One camera for every simulated scene, living or not: lens, color filter, noise, sharpening, JPEG."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def photograph(rng: np.random.Generator, light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turn float32 (H, W, 3) BGR light, 0..255, into what a cheap camera stores of it."""
    seen = light
    if rng.random() < 0.7:
        seen = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.3, 1.1))
    gains = np.exp(rng.normal(0, 0.06, 3)).astype(np.float32) * np.float32(
        rng.uniform(0.75, 1.2) if rng.random() < 0.8 else rng.uniform(0.25, 0.75)
    )
    seen = np.clip(seen * gains, 0, 255)
    noise = rng.uniform(0, 5)
    grain = rng.standard_normal(seen.shape, dtype=np.float32) * np.float32(noise)
    shot = np.clip(seen + grain * (0.4 + np.sqrt(seen / 255)), 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        shot = _bayer(shot)
    if rng.random() < 0.4:
        soft = cv2.GaussianBlur(shot, (0, 0), 1.0)
        shot = cv2.addWeighted(shot, 1 + (amount := float(rng.uniform(0.2, 1.2))), soft, -amount, 0)
    quality = int(rng.uniform(45, 96))
    _, stored = cv2.imencode(".jpg", shot, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR), np.uint8)


def _bayer(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Sample one color per pixel (RGGB as OpenCV's BG pattern) and interpolate the others."""
    raw = np.empty(picture.shape[:2], np.uint8)
    raw[0::2, 0::2] = picture[0::2, 0::2, 2]
    raw[0::2, 1::2] = picture[0::2, 1::2, 1]
    raw[1::2, 0::2] = picture[1::2, 0::2, 1]
    raw[1::2, 1::2] = picture[1::2, 1::2, 0]
    return np.asarray(cv2.demosaicing(raw, cv2.COLOR_BayerBG2BGR), np.uint8)
