"""FaceBoxes from the weights of a TensorFlow.js model, whose own graph ends in loops and suppression."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from models_build.tfjs import read_weights


class FaceBoxes:
    """Callable: float32 (1, H, W, 3), RGB pixels 0..255 -> encoded boxes (1, N, 4), logits (1, N, 1)."""

    def __init__(self, topology: Path, weights: Path) -> None:
        table = json.loads(topology.read_text())
        self.weights = read_weights(table["weightsManifest"], weights.read_bytes())

    def __call__(self, x: tf.Tensor) -> list[tf.Tensor]:
        x = x * (1.0 / 127.5) - 1.0
        x = tf.nn.max_pool2d(self._both_signs(x, "conv1", 4), 3, 2, "SAME")
        x = tf.nn.max_pool2d(self._both_signs(x, "conv2", 2), 3, 2, "SAME")
        for number in (1, 2, 3):
            x = self._inception(x, f"inception{number}")
        levels = [x]
        for number in (3, 4):
            x = self._relu(self._relu(x, f"conv{number}_1"), f"conv{number}_2", 2)
            levels.append(x)
        return [self._boxes(levels), self._logits(levels)]

    def _inception(self, x: tf.Tensor, name: str) -> tf.Tensor:
        pooled = tf.nn.max_pool2d(x, 3, 1, "SAME")
        third = self._relu(x, f"{name}/conv_1x1_path3")
        fourth = self._relu(self._relu(x, f"{name}/conv_1x1_path4"), f"{name}/conv_3x3_path4")
        paths = [
            self._relu(x, f"{name}/conv_1x1_path1"),
            self._relu(pooled, f"{name}/conv_1x1_path2"),
            self._relu(third, f"{name}/conv_3x3_path3"),
            self._relu(fourth, f"{name}/conv_3x3_second_path4"),
        ]
        return tf.concat(paths, -1)

    def _both_signs(self, x: tf.Tensor, name: str, stride: int) -> tf.Tensor:
        """CReLU, as one convolution with every filter and its negative."""
        kernel, bias = self._folded(name)
        kernel, bias = np.concatenate([kernel, -kernel], -1), np.concatenate([bias, -bias])
        return tf.nn.relu(convolve(x, kernel, bias, stride))

    def _relu(self, x: tf.Tensor, name: str, stride: int = 1) -> tf.Tensor:
        return tf.nn.relu(convolve(x, *self._folded(name), stride))

    def _folded(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        return self.weights[f"{name}/Conv2D_weights"], self.weights[f"{name}/Conv2D_bn_offset"]

    def _boxes(self, levels: list[tf.Tensor]) -> tf.Tensor:
        encoded = [convolve(x, *self._head("box_encoding", i)) for i, x in enumerate(levels)]
        return tf.concat([tf.reshape(x, (1, -1, 4)) for x in encoded], 1)

    def _logits(self, levels: list[tf.Tensor]) -> tf.Tensor:
        """Face less background: the softmax of two is the sigmoid of their difference."""
        logits = []
        for i, x in enumerate(levels):
            kernel, bias = self._head("class", i)
            difference = convolve(x, kernel[..., 1::2] - kernel[..., 0::2], bias[1::2] - bias[0::2])
            logits.append(tf.reshape(difference, (1, -1, 1)))
        return tf.concat(logits, 1)

    def _head(self, kind: str, level: int) -> tuple[np.ndarray, np.ndarray]:
        name = f"prediction_layers/{kind}_predictor_{level}"
        return self.weights[f"{name}/weights"], self.weights[f"{name}/biases"]


def convolve(x: tf.Tensor, kernel: np.ndarray, bias: np.ndarray, stride: int = 1) -> tf.Tensor:
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, stride, "SAME"), bias)
