"""dlib's sliding-window face detector (MMOD), at one scale, from the weights in its .dat file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from models_build.dlib_net import MEAN, STD
from models_build.dlib_weights import Weights

SIDE = 128
LAYERS = (
    (16, 5, 2),
    (32, 5, 2),
    (32, 5, 2),
    (45, 5, 1),
    (45, 5, 1),
    (45, 5, 1),
    (1, 9, 1),
)
"""Filters, their size, stride; after each but the last batch normalization and ReLU."""
EPSILON = 1e-4
"""dlib's DEFAULT_BATCH_NORM_EPS."""


def build(path: Path) -> Callable[[tf.Tensor], tf.Tensor]:
    """float32 (1, H, W, 3) RGB pixels 0..255 -> (1, h, w, 1): above 0 where a face of about 80 pixels is.

    The place (0, 0) is around pixel 14, 14; the next ones are 8 pixels on.
    """
    tensors = Weights(path)
    layers = []
    channels = 3
    for filters, size, stride in LAYERS:
        kernel, bias = _convolution(tensors, filters, channels, size)
        if channels == 3:
            # Without padding, so exactly.
            kernel = kernel / STD
            bias = bias - np.tensordot(MEAN, kernel.sum(axis=(0, 1)), axes=1)
        layers.append((kernel.astype(np.float32), bias.astype(np.float32), stride))
        channels = filters

    def run(x: tf.Tensor) -> tf.Tensor:
        for kernel, bias, stride in layers:
            x = tf.nn.conv2d(x, kernel, stride, "SAME" if stride == 1 else "VALID") + bias
            x = tf.nn.relu(x) if kernel.shape[-1] > 1 else x
        return x

    return run


def _convolution(tensors: Weights, filters: int, channels: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel (size, size, channels, filters) and bias with the batch normalization after it folded in."""
    count = filters * channels * size * size
    flat = tensors.take(count + filters)
    kernel = flat[:count].reshape(filters, channels, size, size).transpose(2, 3, 1, 0)
    bias = flat[count:]
    if filters == 1:
        return kernel, bias
    gain, shift = np.split(tensors.take(2 * filters), 2)
    # Mean and inverse deviation of the last batch seen in training come first, then the running ones.
    _, _, mean, variance = (tensors.take(filters) for _ in range(4))
    gain = gain / np.sqrt(variance + EPSILON)
    return kernel * gain, (bias - mean) * gain + shift
