"""Read tensors from dlib's own serialization."""

from __future__ import annotations

from pathlib import Path

import numpy as np

TENSOR_VERSION = 2


class Weights:
    """The tensors of the file in file order, each asked for by its size."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content = path.read_bytes()
        self.at = 0

    def take(self, count: int) -> np.ndarray:
        """The next tensor, which must hold `count` numbers; float64 (count,)."""
        for at in range(self.at, len(self.content)):
            start = _tensor_start(self.content, at, count)
            if start is not None:
                self.at = start + 4 * count
                return np.frombuffer(self.content, "<f4", count, start).astype(np.float64)
        raise ValueError(f"{self.path} has no further tensor of {count} numbers")


def _tensor_start(content: bytes, at: int, count: int) -> int | None:
    """Where the floats begin, if a tensor of `count` numbers is serialized at `at`.

    An integer is a control byte (low four bits: length) and so many little-endian bytes.
    A tensor is its version, four sizes, and the numbers.
    """
    values = []
    for _ in range(5):
        if at >= len(content):
            return None
        length = content[at]
        if not 1 <= length <= 4:
            return None
        values.append(int.from_bytes(content[at + 1 : at + 1 + length], "little"))
        at += 1 + length
    fits = values[0] == TENSOR_VERSION and values[1] * values[2] * values[3] * values[4] == count
    return at if fits and at + 4 * count <= len(content) else None
