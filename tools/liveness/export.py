"""The trained network as an int8 TFLite file: rebuilt in Keras, quantized on real crops."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from torch import nn

from liveness.network import Block, FaceNet

Float = NDArray[np.float32]


def to_int8(net: FaceNet, examples: Iterable[Float]) -> bytes:
    """A TFLite file: float32 (1, S, S, 3) in, RGB, standardized; float32 (1, N) logits out; int8 between.

    examples: a few hundred real inputs, float32 (S, S, 3), that size and ranges are taken from.
    """
    seen = [np.ascontiguousarray(example)[None] for example in examples]
    return quantized(to_keras(net, seen[0].shape[1]), seen)


def quantized(model: tf.keras.Model, seen: list[Float]) -> bytes:
    """A Keras model as int8, its ranges taken from what is `seen`: float32 inputs, batch included."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([one] for one in seen)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with contextlib.redirect_stdout(io.StringIO()):  # Keras lists every variable
        return bytes(converter.convert())


def to_keras(net: FaceNet, side: int) -> tf.keras.Model:
    """The same function with batch normalization folded into the convolutions."""
    x = inputs = tf.keras.Input((side, side, 3), batch_size=1)
    x = _convolve(x, net.stem[0], net.stem[1], relu=True)
    for stage in net.stages:
        for block in stage:
            x = _block(x, block)
    x = _convolve(x, net.head[0], net.head[1], relu=True)
    x = tf.keras.layers.GlobalAveragePooling2D()(x)
    score = tf.keras.layers.Dense(net.score.out_features)
    x = score(x)
    score.set_weights([net.score.weight.detach().numpy().T, net.score.bias.detach().numpy()])
    return tf.keras.Model(inputs, x)


def _block(x: tf.Tensor, block: Block) -> tf.Tensor:
    body = block.body
    y = _convolve(x, body[0], body[1], relu=True)
    y = _convolve(y, body[3], body[4], relu=True)
    y = _convolve(y, body[6], body[7], relu=False)
    return tf.keras.layers.Add()([x, y]) if block.shortcut else y


def _convolve(x: tf.Tensor, layer: nn.Conv2d, norm: nn.BatchNorm2d, relu: bool) -> tf.Tensor:
    gain = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().numpy()
    kernel = layer.weight.detach().numpy() * gain[:, None, None, None]
    bias = norm.bias.detach().numpy() - norm.running_mean.numpy() * gain
    stride = layer.stride[0]
    padding = "same"
    if stride == 2:
        # TensorFlow's `same` pads stride-2 windows at the end only; PyTorch on both sides.
        x = tf.keras.layers.ZeroPadding2D(1)(x)
        padding = "valid"
    if layer.groups == 1:
        made = tf.keras.layers.Conv2D(kernel.shape[0], kernel.shape[2], stride, padding)
        weights = kernel.transpose(2, 3, 1, 0)
    else:
        made = tf.keras.layers.DepthwiseConv2D(kernel.shape[2], stride, padding)
        weights = kernel.transpose(2, 3, 0, 1)
    y = made(x)
    made.set_weights([weights, bias])
    return tf.keras.layers.ReLU(6.0)(y) if relu else y
