"""Changes to a converted .tflite file that the converter has no option for."""

from __future__ import annotations

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

OPERATORS = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
WEIGHTED = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
"""By operator: the axis of its weights (input 1) that has a scale per entry."""
LEAST_WEIGHTS = 256
"""Smaller tensors stay float: nothing to gain."""


def read(content: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromPackedBuf(content, 0)


def pack(model: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def operator_names(model: schema.ModelT) -> list[str]:
    codes = [OPERATORS[max(c.builtinCode, c.deprecatedBuiltinCode)] for c in model.operatorCodes]
    return [codes[op.opcodeIndex] for op in model.subgraphs[0].operators]


def pack_weights(content: bytes) -> bytes:
    """Store the weights as int8 with a scale per output channel, each behind a DEQUANTIZE."""
    model = read(content)
    graph = model.subgraphs[0]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    code.version = 5
    unpackers = []
    done: set[int] = set()
    for name, op in zip(operator_names(model), graph.operators, strict=True):
        if name not in WEIGHTED or int(op.inputs[1]) in done:
            continue
        at = int(op.inputs[1])
        weights = graph.tensors[at]
        data = model.buffers[weights.buffer].data
        if weights.type != schema.TensorType.FLOAT32 or data is None or len(data) < 4 * LEAST_WEIGHTS:
            continue
        done.add(at)
        values = np.frombuffer(bytes(data), np.float32).reshape(weights.shape)
        stored = schema.TensorT()
        stored.name = weights.name + b"/int8"
        stored.shape = weights.shape
        stored.type = schema.TensorType.INT8
        stored.quantization, small = _per_channel(values, WEIGHTED[name])
        stored.buffer = len(model.buffers)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(small.tobytes(), np.uint8)
        model.buffers.append(buffer)
        weights.buffer = 0
        unpacker = schema.OperatorT()
        unpacker.opcodeIndex = len(model.operatorCodes)
        unpacker.inputs = np.array([len(graph.tensors)], np.int32)
        unpacker.outputs = np.array([at], np.int32)
        graph.tensors.append(stored)
        unpackers.append(unpacker)
    model.operatorCodes.append(code)
    graph.operators = unpackers + graph.operators
    _drop_unused_buffers(model)
    return pack(model)


def _per_channel(values: np.ndarray, axis: int) -> tuple[schema.QuantizationParametersT, np.ndarray]:
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.maximum(np.abs(values).max(axis=others), 1e-12) / 127.0
    shape = [-1 if i == axis else 1 for i in range(values.ndim)]
    small = np.clip(np.round(values / scale.reshape(shape)), -127, 127).astype(np.int8)
    parameters = schema.QuantizationParametersT()
    parameters.scale = scale.astype(np.float32)
    parameters.zeroPoint = np.zeros(len(scale), np.int64)
    parameters.quantizedDimension = axis
    return parameters, small


def _drop_unused_buffers(model: schema.ModelT) -> None:
    used = {0} | {tensor.buffer for tensor in model.subgraphs[0].tensors}
    used |= {entry.buffer for entry in model.metadata or []}
    for number, buffer in enumerate(model.buffers):
        if number not in used:
            buffer.data = None
