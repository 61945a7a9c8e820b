"""Even out the channels between a depthwise and a pointwise convolution, so that one int8 scale serves all.

Nothing lies between the two, so a channel divided by a number after the first and multiplied by it in the
weights of the second leaves the network as it is. After Nagel et al., *Data-Free Quantization Through Weight
Equalization and Bias Correction* (2019), with the ranges seen on real pictures in place of the first one's
weights.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from models_build.graph import Replay

LEAST_SHARE = 1e-3
"""A channel is taken to reach at least this share of the widest one: a dead one must not become noise."""


def equalize(network: Replay, inputs: Iterable[np.ndarray]) -> None:
    """Change the weights of `network` in place. inputs: float32 (H, W, 3), as the network takes them."""
    pairs = network.pairs("DEPTHWISE_CONV_2D", "CONV_2D")
    between = [int(first.outputs[0]) for first, _ in pairs]

    @tf.function(autograph=False)
    def reach(x: tf.Tensor) -> list[tf.Tensor]:
        values = network.values(x)
        return [tf.reduce_max(tf.abs(values[i]), (0, 1, 2)) for i in between]

    seen = [[one.numpy() for one in reach(tf.constant(x[None], tf.float32))] for x in inputs]
    for (first, second), of_pair in zip(pairs, zip(*seen, strict=True), strict=True):
        widest = np.max(of_pair, axis=0)
        widest = np.maximum(widest, LEAST_SHARE * widest.max())
        weights = network.constants[int(second.inputs[1])]
        heaviest = np.maximum(np.abs(weights).max(axis=(0, 1, 2)), 1e-6)
        # The geometric middle: what the channels gain, the weights lose no more than.
        factors = np.sqrt(widest / heaviest)
        factors /= factors.max()
        for i in first.inputs[1:3]:
            network.constants[int(i)] = network.constants[int(i)] / factors
        network.constants[int(second.inputs[1])] = weights * factors
