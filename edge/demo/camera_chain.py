"""A cheap network camera: what lens, sensor, image processor and JPEG encoder do to a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.frame import Image

_LEVELS = 4096


@dataclass(frozen=True, slots=True)
class SensorModel:
    """full_well: electrons at white. read_noise: electrons. vignetting: loss in the corners, 0..1.
    lens_sigma: blur of the lens, pixels. gains_bgr: how much less blue, green and red light the sensor
    collects than the brightest of them. sharpening: of the image processor. jpeg_quality: 1..100."""

    full_well: float = 2600.0
    read_noise: float = 7.0
    vignetting: float = 0.28
    lens_sigma: float = 0.6
    gains_bgr: tuple[float, float, float] = (0.62, 1.0, 0.56)
    sharpening: float = 0.45
    jpeg_quality: int = 88


class CameraChain:
    """Turns ideal pictures into camera frames of one size; noise depends on seed and frame number only."""

    def __init__(self, width: int, height: int, seed: int, model: SensorModel | None = None) -> None:
        self._model = model or SensorModel()
        self._size = (height, width)
        rng = np.random.default_rng([seed, 0xCA])
        # One large sheet of noise, of which each frame takes another window: drawing it anew costs 8 ms.
        self._noise = rng.standard_normal((height + 128, width + 128), dtype=np.float32)
        self._seed = seed
        self._to_linear = (np.arange(256, dtype=np.float32) / 255.0) ** np.float32(2.2)
        codes = np.arange(_LEVELS, dtype=np.float32) / (_LEVELS - 1)
        self._to_code = (np.clip(codes, 0, 1) ** np.float32(1 / 2.2) * 255.0).round().astype(np.uint8)
        self._filter_gain = _mosaic_of(np.array(self._model.gains_bgr, np.float32), self._size)
        self._falloff = _vignette(self._size, self._model.vignetting) * self._filter_gain
        self._white_balance = np.float32(_LEVELS - 1) / self._filter_gain

    def capture(
        self, image: Image, number: int, light: NDArray[np.float32] | None = None, gain: float = 1.0
    ) -> Image:
        """Take one frame.

        image: uint8 (H, W, 3), BGR, what the lens looks at. number: of the frame. light: float32
        (H, W), factor of linear brightness. gain: exposure. Returns uint8 (H, W, 3), BGR.
        """
        model = self._model
        rng = np.random.default_rng([self._seed, number])
        blurred = cv2.GaussianBlur(image, (0, 0), model.lens_sigma)
        signal = self._to_linear[_mosaic(np.asarray(blurred, dtype=np.uint8))]
        signal *= self._falloff
        if gain != 1.0:
            signal *= np.float32(gain)
        if light is not None:
            signal *= light
        signal += self._window(rng) * np.sqrt(
            signal * np.float32(1 / model.full_well) + np.float32((model.read_noise / model.full_well) ** 2)
        )
        signal *= self._white_balance
        plane = self._to_code[np.clip(signal, 0, _LEVELS - 1).astype(np.uint16)]
        color = cv2.demosaicing(plane, cv2.COLOR_BayerRGGB2BGR_EA)
        soft = cv2.GaussianBlur(color, (0, 0), 1.2)
        sharp = cv2.addWeighted(color, 1 + model.sharpening, soft, -model.sharpening, 0)
        _, packed = cv2.imencode(".jpg", sharp, [cv2.IMWRITE_JPEG_QUALITY, model.jpeg_quality])
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)

    def _window(self, rng: np.random.Generator) -> NDArray[np.float32]:
        height, width = self._size
        y, x = rng.integers(0, 128, 2)
        return self._noise[y : y + height, x : x + width]


def _mosaic(image: Image) -> NDArray[np.uint8]:
    """Keep one color a pixel, as under an RGGB filter."""
    plane = image[..., 1].copy()
    plane[0::2, 0::2] = image[0::2, 0::2, 2]
    plane[1::2, 1::2] = image[1::2, 1::2, 0]
    return plane


def _mosaic_of(bgr: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    plane = np.full(size, bgr[1], np.float32)
    plane[0::2, 0::2] = bgr[2]
    plane[1::2, 1::2] = bgr[0]
    return plane


def _vignette(size: tuple[int, int], loss: float) -> NDArray[np.float32]:
    height, width = size
    y = (np.arange(height, dtype=np.float32)[:, None] - height / 2) / (height / 2)
    x = (np.arange(width, dtype=np.float32)[None, :] - width / 2) / (width / 2)
    radius = (x * x + y * y) / 2
    return np.asarray(1.0 - loss * radius * (0.6 + 0.4 * radius), dtype=np.float32)
