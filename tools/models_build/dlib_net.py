"""dlib's face recognition network: read its weights from the .dat file and rebuild it in Keras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras

from models_build.dlib_weights import Weights

SIZE = 150
MEAN = np.array([122.782, 117.001, 104.298], np.float64)
STD = 256.0
STEM = (7, 3, 32)
BLOCKS = [
    *[(32, False)] * 3,
    (64, True), *[(64, False)] * 3,
    (128, True), *[(128, False)] * 2,
    (256, True), *[(256, False)] * 2,
    (256, True),
]  # fmt: skip
"""Residual blocks from the input on: filters, and whether the block halves the picture."""
EMBEDDING = 128


def build(path: Path) -> keras.Model:
    """float32 (1, 150, 150, 3) RGB pixels 0..255 -> float32 (1, 128), not normalized.

    The normalization is folded into the first convolution, which has no padding, so exactly.
    """
    tensors = Weights(path)
    inputs = keras.Input(batch_shape=(1, SIZE, SIZE, 3))
    x = keras.layers.ReLU()(_convolve(inputs, tensors, STEM[0], STEM[1], STEM[2], 2, first=True))
    x = keras.layers.MaxPooling2D(3, 2)(x)
    for filters, halves in BLOCKS:
        x = _block(x, tensors, filters, halves)
    x = keras.layers.GlobalAveragePooling2D()(x)
    last = keras.layers.Dense(EMBEDDING, use_bias=False)
    y = last(x)
    last.set_weights([tensors.take(int(x.shape[-1]) * EMBEDDING).reshape(-1, EMBEDDING)])
    return keras.Model(inputs, y)


def _block(x: tf.Tensor, tensors: Weights, filters: int, halves: bool) -> tf.Tensor:
    """Two convolutions and a shortcut; the smaller of the two is padded with zeros at the end."""
    shortcut, channels = x, int(x.shape[-1])
    stride = 2 if halves else 1
    x = keras.layers.ReLU()(_convolve(x, tensors, 3, channels, filters, stride))
    x = _convolve(x, tensors, 3, filters, filters, 1)
    if halves:
        shortcut = keras.layers.AveragePooling2D(2, 2)(shortcut)
    height, width = (max(a, b) for a, b in zip(x.shape[1:3], shortcut.shape[1:3], strict=True))
    x = _grow(x, height, width, filters)
    shortcut = _grow(shortcut, height, width, filters)
    return keras.layers.ReLU()(keras.layers.Add()([x, shortcut]))


def _grow(x: tf.Tensor, height: int, width: int, channels: int) -> tf.Tensor:
    missing = [[0, 0], [0, height - x.shape[1]], [0, width - x.shape[2]], [0, channels - x.shape[3]]]
    return keras.ops.pad(x, missing) if any(b for _, b in missing) else x


def _convolve(
    x: tf.Tensor, tensors: Weights, size: int, channels: int, filters: int, stride: int,
    first: bool = False,
) -> tf.Tensor:  # fmt: skip
    """One convolution with its affine layer folded in."""
    count = filters * channels * size * size
    flat = tensors.take(count + filters)
    affine = tensors.take(2 * filters)
    kernel = flat[:count].reshape(filters, channels, size, size).transpose(2, 3, 1, 0) * affine[:filters]
    bias = flat[count:] * affine[:filters] + affine[filters:]
    if first:
        kernel = kernel / STD
        bias = bias - np.tensordot(MEAN, kernel.sum(axis=(0, 1)), axes=1)
    layer = keras.layers.Conv2D(filters, size, stride, padding="same" if stride == 1 else "valid")
    x = layer(x)
    layer.set_weights([kernel.astype(np.float32), bias.astype(np.float32)])
    return x
