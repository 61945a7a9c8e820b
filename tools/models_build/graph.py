"""Replay a float .tflite file as a TensorFlow function, so that it can be converted again.

The interpreter that ships with TensorFlow unpacks half-precision and sparse constants; the graph
is then played back operator by operator with those constants baked in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tensorflow.lite.python import schema_py_generated as schema

OPERATORS = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
PADDINGS = {schema.Padding.SAME: "SAME", schema.Padding.VALID: "VALID"}
ACTIVATIONS: dict[int, Callable] = {
    schema.ActivationFunctionType.NONE: lambda x: x,
    schema.ActivationFunctionType.RELU: tf.nn.relu,
    schema.ActivationFunctionType.RELU6: tf.nn.relu6,
}
CONSTANT_FOLDED = {"DEQUANTIZE", "DENSIFY"}


class Replay:
    """Callable: float32 (1, H, W, 3) -> list of outputs, flattened to (1, N) or (1, N, K), in file order."""

    def __init__(self, path: Path, size_wh: tuple[int, int] | None = None) -> None:
        """size_wh: another input size, for a network of nothing but convolutions and pooling."""
        model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
        self.graph = model.subgraphs[0]
        self.codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
        self.shape = tuple(int(n) for n in self.graph.tensors[self.graph.inputs[0]].shape)
        self.constants = self._constants(path)
        if size_wh is not None:
            self.shape = (1, size_wh[1], size_wh[0], 3)

    def _constants(self, path: Path) -> dict[int, np.ndarray]:
        interpreter = Interpreter(
            model_path=str(path),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
        interpreter.set_tensor(self.graph.inputs[0], np.zeros(self.shape, np.float32))
        interpreter.invoke()
        computed = {
            i for op in self.graph.operators if self._operator(op) not in CONSTANT_FOLDED for i in op.outputs
        } | set(self.graph.inputs)
        used = {
            i
            for op in self.graph.operators
            if self._operator(op) not in CONSTANT_FOLDED
            for i in op.inputs
            if i >= 0
        }
        return {int(i): interpreter.get_tensor(int(i)).copy() for i in used - computed}

    def _operator(self, op: schema.OperatorT) -> str:
        return OPERATORS[self.codes[op.opcodeIndex]]

    def __call__(self, x: tf.Tensor) -> list[tf.Tensor]:
        values = self.values(x)
        return [_flat(values[int(i)]) for i in self.graph.outputs]

    def pairs(self, first: str, second: str) -> list[tuple[schema.OperatorT, schema.OperatorT]]:
        """The operators `first` without activation whose result goes into one `second` and nowhere else."""
        readers: dict[int, list[schema.OperatorT]] = {}
        for op in self.graph.operators:
            for i in op.inputs:
                readers.setdefault(int(i), []).append(op)
        return [
            (op, readers[int(op.outputs[0])][0])
            for op in self.graph.operators
            if self._operator(op) == first
            and op.builtinOptions.fusedActivationFunction == schema.ActivationFunctionType.NONE
            and [self._operator(reader) for reader in readers.get(int(op.outputs[0]), [])] == [second]
        ]

    def values(self, x: tf.Tensor) -> dict[int, tf.Tensor]:
        """All that is computed, by the number of the tensor."""
        values: dict[int, tf.Tensor] = {int(self.graph.inputs[0]): x}

        def value(i: int):
            return values[i] if i in values else self.constants[i]

        for op in self.graph.operators:
            name = self._operator(op)
            if name in CONSTANT_FOLDED:
                continue
            inputs = [value(int(i)) for i in op.inputs if i >= 0]
            values[int(op.outputs[0])] = play(name, inputs, op.builtinOptions)
        return values


def _flat(x: tf.Tensor) -> tf.Tensor:
    """(1, 1, 1, N) as (1, N); everything else as it is."""
    return tf.reshape(x, (1, x.shape[-1])) if len(x.shape) == 4 else x


def play(name: str, inputs: list, options) -> tf.Tensor:
    """One operator. Constants arrive as NumPy arrays in TFLite's layout."""
    x = inputs[0]
    match name:
        case "CONV_2D":
            # TFLite keeps filters as (out, height, width, in).
            kernel = np.transpose(inputs[1], (1, 2, 3, 0))
            x = tf.nn.conv2d(x, kernel, (1, options.strideH, options.strideW, 1), PADDINGS[options.padding])
            x = tf.nn.bias_add(x, inputs[2])
        case "DEPTHWISE_CONV_2D":
            kernel = np.transpose(inputs[1], (1, 2, 3, 0))
            strides = (1, options.strideH, options.strideW, 1)
            x = tf.nn.depthwise_conv2d(x, kernel, strides, PADDINGS[options.padding])
            x = tf.nn.bias_add(x, inputs[2])
        case "ADD":
            x = x + inputs[1]
        case "PAD":
            return tf.pad(x, inputs[1])
        case "MAX_POOL_2D":
            size = (options.filterHeight, options.filterWidth)
            x = tf.nn.max_pool2d(x, size, (options.strideH, options.strideW), PADDINGS[options.padding])
        case "RELU":
            return tf.nn.relu(x)
        case "PRELU":
            return prelu(x, np.asarray(inputs[1]).reshape(-1))
        case "RESHAPE":
            shape = np.asarray(options.newShape if len(inputs) < 2 else inputs[1])
            # Lists of anchors grow with the input.
            return tf.reshape(x, (shape[0], -1, shape[2]) if len(shape) == 3 else shape)
        case "CONCATENATION":
            return tf.concat(inputs, options.axis)
        case "RESIZE_BILINEAR":
            return tf.compat.v1.image.resize_bilinear(
                x, inputs[1], align_corners=options.alignCorners, half_pixel_centers=options.halfPixelCenters
            )
        case "DEPTH_TO_SPACE":
            return tf.nn.depth_to_space(x, options.blockSize)
        case _:
            raise ValueError(f"no rule for the operator {name}")
    return ACTIVATIONS[options.fusedActivationFunction](x)


def prelu(x: tf.Tensor, slope: np.ndarray) -> tf.Tensor:
    """relu(x) - slope * relu(-x), in the form the converter turns into one PRELU."""
    return tf.nn.relu(x) + (-slope.reshape(1, 1, -1)) * tf.nn.relu(-x)
