"""Which rows may be the most similar ones: a pass over bytes, for floats to decide between.

The integer kernels are NumKong's. Measured with 256 dimensions, one probe, int8 where not said otherwise,
on two cores (x86-64 with AVX-512), milliseconds for 1 and 3 million faces with the best five picked:

    NumKong dots_packed, one thread                         12.9    36
    SimSIMD cdist, one thread                               12.0    36    became NumKong, no new releases
    faiss IndexScalarQuantizer QT_8bit_direct_signed        10.0    40    in floats on aarch64 until 1.15
    faiss IndexScalarQuantizer QT_8bit_uniform              14.7    44
    usearch search(exact=True), one thread / two            74 / 47
    NumPy einsum, float32                                   51            and four times the memory

The fast ones are bound by the speed of memory; a second thread gains nothing. What decides: with a bare
kernel the rows stay ours, and can lie in a mapped file, grow in place and be left out one by one; it
brings no pool of threads (faiss: OpenMP and OpenBLAS, 65 MB of files); importing it takes 20 ms and 2 MB;
it compares four probes in the time of one and lets other threads run meanwhile; it has wheels for
aarch64 and picks the kernel (NEON, SDOT, SVE) at run time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.face import Vector
from edge.store.quantized import LEVELS, QuantizedRows, quantized

AT_ONCE = 8
"""Probes compared in one pass."""
_DEVIATIONS = 6.0
"""By so many standard deviations of what rounding does to a comparison a candidate may lag behind."""
_MOST = 4096
"""Candidates; more come only where so many faces are almost the same."""
_BLOCK = 64
_PICKED_SHARE = 8
"""When only one row in so many counts they are picked out; else all are compared and the others ignored."""
_PICKED = 32_768
_NEVER = np.iinfo(np.int32).min


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One probe against the rows. dots: int32 (M,). rows: which ones those were, None is all.
    slack: how far in `dots` rounding may lead astray."""

    dots: NDArray[np.int32]
    rows: NDArray[np.intp] | None
    slack: float

    def candidates(self, count: int) -> NDArray[np.intp]:
        """The rows that may be among the `count` most similar ones, rising."""
        dots = self.dots
        count = min(count, len(dots))
        if count < 1:
            return np.empty(0, np.intp)
        whole = len(dots) // _BLOCK * _BLOCK
        tops = dots[:whole].reshape(-1, _BLOCK).max(axis=1)
        if len(tops) > count:
            # The best of the best blocks are at most as good as the best of all.
            least = np.partition(tops, len(tops) - count)[len(tops) - count] - self.slack
            blocks = np.flatnonzero(tops >= least)
            at = (blocks[:, np.newaxis] * _BLOCK + np.arange(_BLOCK)).ravel()
            at = np.concatenate([at, np.arange(whole, len(dots))])
        else:
            at = np.arange(len(dots))
        found = dots[at].astype(np.int64)
        least = np.partition(found, len(found) - count)[len(found) - count] - self.slack
        kept = np.flatnonzero((found >= least) & (found > _NEVER))
        if len(kept) > max(_MOST, count):
            kept = np.sort(kept[np.argsort(-found[kept], kind="stable")[: max(_MOST, count)]])
        at = at[kept]
        return at if self.rows is None else self.rows[at]


def compare(
    faces: QuantizedRows, probes: Sequence[Vector], allowed: NDArray[np.bool_] | None
) -> list[Compared]:
    """Compare probes, at most AT_ONCE, with all rows. allowed: bool (N,), None is all that are alive.

    probes: float32 (D,), finite.
    """
    rows = None
    if allowed is not None:
        allowed = allowed & faces.alive
        if np.count_nonzero(allowed) * _PICKED_SHARE <= len(allowed):
            rows = np.flatnonzero(allowed)
    scales = [LEVELS / max(float(np.abs(probe).max(initial=0.0)), 1e-6) for probe in probes]
    levels = np.stack([quantized(probe, scale) for probe, scale in zip(probes, scales, strict=True)])
    dots = _all_dots(faces, levels) if rows is None else _some_dots(faces, levels, rows)
    dots = np.ascontiguousarray(dots.T)
    if rows is None and allowed is not None:
        dots[:, ~allowed] = _NEVER
    elif rows is None and len(faces.dead):
        dots[:, faces.dead] = _NEVER
    # Rounding errors are uniform in one level: each side adds a variance of 1/12 level squared over the
    # norm of the other side, and two rows are compared with each other.
    return [
        Compared(row, rows, _DEVIATIONS * math.sqrt((faces.scale**2 + scale**2) / 6))
        for row, scale in zip(dots, scales, strict=True)
    ]


def _all_dots(faces: QuantizedRows, levels: NDArray[np.int8]) -> NDArray[np.int32]:
    import numkong

    packed = numkong.dots_pack(levels, dtype="int8")
    dots = np.empty((len(faces.alive), len(levels)), np.int32)
    start = 0
    for part in (faces.base, faces.tail):
        if len(part):
            out = numkong.from_dlpack(dots[start : start + len(part)])
            numkong.dots_packed(part.vectors, packed, out=out)
        start += len(part)
    return dots


def _some_dots(faces: QuantizedRows, levels: NDArray[np.int8], rows: NDArray[np.intp]) -> NDArray[np.int32]:
    import numkong

    packed = numkong.dots_pack(levels, dtype="int8")
    dots = np.empty((len(rows), len(levels)), np.int32)
    for start in range(0, len(rows), _PICKED):
        some = rows[start : start + _PICKED]
        picked = np.ascontiguousarray(faces.vectors_at(some))
        numkong.dots_packed(picked, packed, out=numkong.from_dlpack(dots[start : start + len(some)]))
    return dots
