"""Replay a TensorFlow.js graph model as a TensorFlow function, so that it can be converted."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

INPUT = "Placeholder"
CLIP = ("Relu", "Minimum", "Maximum")
"""How Keras once wrote ReLU6. Left in place, its Minimum and Maximum keep XNNPACK from the int8 graph."""


class GraphModel:
    """Callable: float32 `shape` -> the outputs asked for by node name, in that order."""

    def __init__(self, topology: Path, weights: Path, outputs: Sequence[str]) -> None:
        table = json.loads(topology.read_text())
        self.nodes = [node for node in table["modelTopology"]["node"] if node["op"] != "Const"]
        self.outputs = outputs
        self.constants = read_weights(table["weightsManifest"], weights.read_bytes())
        (placeholder,) = (node for node in self.nodes if node["op"] == INPUT)
        sizes = [int(one["size"]) for one in placeholder["attr"]["shape"]["shape"]["dim"]]
        self.shape = (1, *sizes[1:])

    def __call__(self, x: tf.Tensor) -> list[tf.Tensor]:
        values: dict[str, Any] = dict(self.constants)
        by_name = {node["name"]: node for node in self.nodes}
        for node in self.nodes:
            if node["op"] == INPUT:
                values[node["name"]] = x
                continue
            clipped = clipped_at_six(node, by_name, self.constants)
            inputs = [clipped] if clipped else node["input"]
            played = tf.nn.relu6(values[clipped]) if clipped else play(node, [values[i] for i in inputs])
            values[node["name"]] = played
        return [values[name] for name in self.outputs]


def read_weights(manifest: list[dict[str, Any]], content: bytes) -> dict[str, np.ndarray]:
    """By name, float32 or int32; what is packed is widened. Raises ValueError for a file of another size."""
    weights, at = {}, 0
    for entry in (one for group in manifest for one in group["weights"]):
        packed = entry.get("quantization", {})
        stored = np.dtype(packed.get("dtype", entry["dtype"])).newbyteorder("<")
        count = math.prod(entry["shape"])
        values = np.frombuffer(content, stored, count, at).astype(entry["dtype"])
        if "scale" in packed:
            values = (values * packed["scale"] + packed["min"]).astype(entry["dtype"])
        weights[entry["name"]] = values.reshape(entry["shape"])
        at += count * stored.itemsize
    if at != len(content):
        raise ValueError(f"the manifest describes {at} bytes of weights, the file has {len(content)}")
    return weights


def clipped_at_six(
    node: dict[str, Any], nodes: dict[str, Any], constants: dict[str, np.ndarray]
) -> str | None:
    """Where the node is the last of maximum(minimum(relu(x), 6), 0): the name of x."""
    names, limits = [], []
    for op in reversed(CLIP):
        if node is None or node["op"] != op:
            return None
        names.append(node["input"][0])
        limits += [float(constants[name]) for name in node["input"][1:]]
        node = nodes.get(names[-1])
    return names[-1] if limits == [0.0, 6.0] else None


def play(node: dict[str, Any], inputs: list[Any]) -> tf.Tensor:
    """One node. Raises ValueError for an operator without a rule."""
    x, attributes = inputs[0], node.get("attr", {})
    match node["op"]:
        case "Conv2D" | "_FusedConv2D":
            x = tf.nn.conv2d(x, inputs[1], numbers(attributes, "strides"), text(attributes, "padding"))
            return finish(x, inputs, attributes)
        case "DepthwiseConv2dNative":
            return tf.nn.depthwise_conv2d(
                x, inputs[1], numbers(attributes, "strides"), text(attributes, "padding")
            )
        case "_FusedMatMul":
            return finish(tf.matmul(x, inputs[1]), inputs, attributes)
        case "MaxPool":
            size, strides = numbers(attributes, "ksize"), numbers(attributes, "strides")
            return tf.nn.max_pool2d(x, size, strides, text(attributes, "padding"))
        case "Add" | "AddV2":
            return x + inputs[1]
        case "Mul":
            return x * inputs[1]
        case "Minimum":
            return tf.minimum(x, inputs[1])
        case "Maximum":
            return tf.maximum(x, inputs[1])
        case "Relu":
            return tf.nn.relu(x)
        case "Mean":
            return tf.reduce_mean(x, [int(axis) for axis in inputs[1]])
        case "Sigmoid":
            return tf.nn.sigmoid(x)
        case "Softmax":
            return tf.nn.softmax(x)
        case "Identity":
            return tf.identity(x)
        case _:
            raise ValueError(f"no rule for the operator {node['op']}")


def finish(x: tf.Tensor, inputs: list[Any], attributes: dict[str, Any]) -> tf.Tensor:
    """What TensorFlow.js fused behind a convolution or a product: bias, activation."""
    for fused in attributes.get("fused_ops", {}).get("list", {}).get("s", []):
        match base64.b64decode(fused):
            case b"BiasAdd":
                x = tf.nn.bias_add(x, inputs[2])
            case b"Relu":
                x = tf.nn.relu(x)
            case other:
                raise ValueError(f"no rule for the fused operator {other!r}")
    return x


def numbers(attributes: dict[str, Any], name: str) -> list[int]:
    return [int(value) for value in attributes[name]["list"]["i"]]


def text(attributes: dict[str, Any], name: str) -> str:
    return base64.b64decode(attributes[name]["s"]).decode()
