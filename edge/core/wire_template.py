"""A biometric template as it travels between devices: one byte for each number.

A vector of norm 1 loses nothing that matters by it: scaled so that its largest number becomes 127, each is
off by at most half a step.
"""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Vector
from edge.errors import MessageMalformed

SCALE_BYTES = 4
_LARGEST = 127
_MOST = 16_384
"""Numbers of a template; none has more than a few hundred."""


def pack(vector: Vector) -> bytes:
    """vector: float32 (D,). Returns the scale as little-endian float32, then D times int8.

    Raises ValueError for an empty vector, one of zeros, and one with numbers that are not finite.
    """
    values = np.asarray(vector, np.float64)
    if values.ndim != 1 or not 1 <= values.size <= _MOST or not np.isfinite(values).all():
        raise ValueError(
            f"a template of shape {values.shape} cannot be packed; it is one row of finite numbers"
        )
    scale = float(np.float32(np.abs(values).max() / _LARGEST))
    if not scale > 0:
        raise ValueError("a template of zeros cannot be packed; enroll that face again")
    steps = np.clip(np.rint(values / scale), -_LARGEST, _LARGEST).astype(np.int8)
    return struct.pack("<f", scale) + steps.tobytes()


def unpack(packed: bytes) -> Vector:
    """Returns float32 (D,), norm 1. Raises MessageMalformed for what `pack` did not write."""
    steps = np.frombuffer(_checked(packed), np.int8, offset=SCALE_BYTES).astype(np.float32)
    unit: Vector = _unit(steps[np.newaxis])[0]
    return unit


def unpack_all(packed: list[bytes]) -> NDArray[np.float32]:
    """Returns float32 (N, D), rows as `unpack` gives them. Raises MessageMalformed, also where D differs."""
    if not packed:
        return np.empty((0, 0), np.float32)
    if len({len(one) for one in packed}) > 1:
        raise MessageMalformed("templates of one model differ in size; send those of one model")
    rows = np.frombuffer(b"".join(_checked(one) for one in packed), np.int8).reshape(len(packed), -1)
    return _unit(rows[:, SCALE_BYTES:].astype(np.float32))


def _unit(steps: Vector) -> NDArray[np.float32]:
    norms = np.sqrt(np.einsum("nd,nd->n", steps, steps, dtype=np.float64))[:, np.newaxis]
    return np.ascontiguousarray(steps / norms, np.float32)


def _checked(packed: bytes) -> bytes:
    if not SCALE_BYTES < len(packed) <= SCALE_BYTES + _MOST:
        raise MessageMalformed(f"a template of {len(packed)} bytes cannot be read; send one that was packed")
    (scale,) = struct.unpack_from("<f", packed)
    if not (math.isfinite(scale) and scale > 0) or not any(packed[SCALE_BYTES:]):
        raise MessageMalformed("a template has no direction; send one that was packed")
    return packed
