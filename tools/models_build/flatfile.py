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
        unpackers.append(_operator(len(model.operatorCodes), len(graph.tensors), at))
        graph.tensors.append(stored)
    model.operatorCodes.append(code)
    graph.operators = unpackers + graph.operators
    _drop_unused_buffers(model)
    return pack(model)


def float_heads(content: bytes) -> bytes:
    """Compute the last convolutions of an int8 network in float32, up to the outputs.

    For outputs float32 that are lists of what several convolutions say: one scale for all of them is too
    coarse. The weights stay int8, behind a DEQUANTIZE.
    """
    model = read(content)
    graph = model.subgraphs[0]
    names = operator_names(model)
    heads = _heads(graph, names)
    code = graph.operators[names.index("DEQUANTIZE")].opcodeIndex
    unpacked: dict[int, int] = {}
    operators = []

    def unpack(at: int) -> int:
        if at not in unpacked:
            unpacked[at] = _add_float(graph, graph.tensors[at], 0)
            operators.append(_operator(code, at, unpacked[at]))
        return unpacked[at]

    for name, op in zip(names, graph.operators, strict=True):
        if name == "DEQUANTIZE" and int(op.inputs[0]) in heads:
            continue
        if (result := int(op.outputs[0])) in heads:
            if name == "CONV_2D":
                x, weights, bias = (int(i) for i in op.inputs)
                inputs = [unpack(x), unpack(weights), _float_bias(model, x, weights, bias)]
                op.inputs = np.array(inputs, np.int32)
            graph.tensors[result].type = schema.TensorType.FLOAT32
            graph.tensors[result].quantization = None
            op.outputs = np.array([heads[result]], np.int32)
        operators.append(op)
    graph.operators = operators
    _drop_unused_buffers(model)
    return pack(model)


def _heads(graph: schema.SubGraphT, names: list[str]) -> dict[int, int]:
    """The int8 tensors from the last convolutions to the outputs, and what takes the place of each."""
    heads: dict[int, int] = {}
    for name, op in zip(reversed(names), reversed(graph.operators), strict=True):
        result = int(op.outputs[0])
        if name == "DEQUANTIZE" and result in graph.outputs:
            heads[int(op.inputs[0])] = result
        elif name in {"CONCATENATION", "RESHAPE"} and result in heads:
            sources = op.inputs if name == "CONCATENATION" else op.inputs[:1]
            heads.update((int(i), int(i)) for i in sources)
    return heads


def _float_bias(model: schema.ModelT, x: int, weights: int, bias: int) -> int:
    graph = model.subgraphs[0]
    scale = graph.tensors[x].quantization.scale[0] * np.asarray(graph.tensors[weights].quantization.scale)
    steps = np.frombuffer(bytes(model.buffers[graph.tensors[bias].buffer].data), np.int32)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer((steps * scale).astype(np.float32).tobytes(), np.uint8)
    model.buffers.append(buffer)
    return _add_float(graph, graph.tensors[bias], len(model.buffers) - 1)


def _add_float(graph: schema.SubGraphT, like: schema.TensorT, buffer: int) -> int:
    tensor = schema.TensorT()
    tensor.name = like.name + b"/float"
    tensor.shape = like.shape
    tensor.type = schema.TensorType.FLOAT32
    tensor.buffer = buffer
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _operator(code: int, source: int, result: int) -> schema.OperatorT:
    operator = schema.OperatorT()
    operator.opcodeIndex = code
    operator.inputs = np.array([source], np.int32)
    operator.outputs = np.array([result], np.int32)
    return operator


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
