"""The trained network as an int8 TFLite file: both views through one trunk, a tail for each, their mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from torch import nn

from liveness.export import Float, quantized
from liveness.kinds import VIEWS
from liveness.mobilenet import Convolution, Residual, Tail, Trunk


def to_int8(trunk: Trunk, tails: Sequence[Tail], examples: Iterable[Float]) -> bytes:
    """A TFLite file: float32 (V, S, S, 3) in, RGB, standardized, by the views; float32 (1, 1) out, the logit.

    examples: a few hundred real inputs, that ranges are taken from.
    """
    seen = [np.ascontiguousarray(example) for example in examples]
    return quantized(to_keras(trunk, tails, seen[0].shape[1]), seen)


def scored(content: bytes, inputs: Iterable[Float]) -> NDArray[np.float64]:
    """The file's logits (N,) of inputs float32 (V, S, S, 3) each."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    found = []
    for one in inputs:
        interpreter.set_tensor(taken, one)
        interpreter.invoke()
        found.append(float(interpreter.get_tensor(given).reshape(-1)[0]))
    return np.array(found)


def to_keras(trunk: Trunk, tails: Sequence[Tail], side: int) -> tf.keras.Model:
    """The same function with batch normalization folded into the convolutions."""
    x = inputs = tf.keras.Input((side, side, 3), batch_size=len(tails))
    x = _relu6(_convolve(x, trunk.stem))
    for block in trunk.blocks:
        x = _block(x, block)
    views = tf.keras.ops.split(x, len(tails), 0)
    scores = [_score(x, tail, view.weight) for x, tail, view in zip(views, tails, VIEWS, strict=True)]
    return tf.keras.Model(inputs, tf.keras.layers.Add()(scores))


def _score(x: tf.Tensor, tail: Tail, weight: float) -> tf.Tensor:
    """One tail's part of the mean."""
    for block in tail.blocks:
        x = _block(x, block)
    x = tf.keras.layers.GlobalAveragePooling2D()(_relu6(_convolve(x, tail.head)))
    score = tf.keras.layers.Dense(1)
    x = score(x)
    score.set_weights(
        [tail.score.weight.detach().numpy().T * weight, tail.score.bias.detach().numpy() * weight]
    )
    return x


def _block(x: tf.Tensor, block: nn.Module) -> tf.Tensor:
    assert isinstance(block, Residual)
    y = x if block.expand is None else _relu6(_convolve(x, block.expand))
    y = _convolve(_relu6(_convolve(y, block.filter)), block.project)
    return tf.keras.layers.Add()([x, y]) if block.shortcut else y


def _relu6(x: tf.Tensor) -> tf.Tensor:
    return tf.keras.layers.ReLU(6.0)(x)


def _convolve(x: tf.Tensor, layer: Convolution) -> tf.Tensor:
    filters, norm = layer.filters, layer.norm
    gain = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().numpy()
    kernel = filters.weight.detach().numpy() * gain[:, None, None, None]
    bias = norm.bias.detach().numpy() - norm.running_mean.numpy() * gain
    if filters.groups == 1:
        made = tf.keras.layers.Conv2D(kernel.shape[0], kernel.shape[2], filters.stride[0], "same")
        weights = kernel.transpose(2, 3, 1, 0)
    else:
        made = tf.keras.layers.DepthwiseConv2D(kernel.shape[2], filters.stride[0], "same")
        weights = kernel.transpose(2, 3, 0, 1)
    y = made(x)
    made.set_weights([np.ascontiguousarray(weights), bias])
    return y
