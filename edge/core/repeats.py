"""Whether a camera shows pictures of a face that it showed before.

The noise of a sensor is never the same twice, and no face holds still to the last gray level. A stream that
was put in place of the camera's and plays a recording again and again, or stands still, has the same grain
again. It is compared inside the face only: of a quiet background strong compression repeats the grain for
seconds. A single frame that comes twice in a row is no sign: cameras and networks do that.

Measured on two clips of living people in H.264 and VP8: of the cells of two pictures of a face half a second
and more apart at most one in five agrees; of a recording that comes again in raw pictures, MJPEG or VP8,
mostly all do. One that is compressed anew by MPEG-4 escapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.core.suspicion import Suspicion

Grain = NDArray[np.int8]

ROWS, COLUMNS = 48, 64
"""Cells of a grain, over the whole picture."""
_TELLS = 3
"""Grain of less than this is that of a smooth, dark or overexposed place, which may look the same again."""


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """grain: int8 (ROWS, COLUMNS), what sets one pixel of each cell apart from those around it. face: the
    rows and the columns of the cells that the face covers."""

    grain: Grain
    face: tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class RepeatsConfig:
    """still_s: a face whose grain stays the same for so long is frozen, in still_frames frames at least.
    again_s: what is the same after less is not counted as coming again. hits: so many frames within hits_s
    must have come again. alike: share of the telling cells that agree within a gray level or so. cells: how
    many must tell. memory, memory_s: how many frames are remembered, and for how long."""

    still_s: float = 1.0
    still_frames: int = 5
    again_s: float = 1.0
    hits: int = 3
    hits_s: float = 2.0
    alike: float = 0.7
    cells: int = 16
    memory: int = 450
    memory_s: float = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """The frames of one camera, oldest first. grains: int8 (N, ROWS, COLUMNS). times: float64 (N,), monotonic
    seconds. hits: when frames came again."""

    grains: NDArray[np.int8] = field(default_factory=lambda: np.empty((0, ROWS, COLUMNS), np.int8))
    times: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    hits: tuple[float, ...] = ()


DEFAULT = RepeatsConfig()


def recall(
    memory: Memory, new: Print, at: float, config: RepeatsConfig = DEFAULT
) -> tuple[Memory, Suspicion | None]:
    """Take a frame with a face, taken at `at`. Returns the memory with it, and what speaks against it."""
    went_back = memory.times.size > 0 and not memory.times[-1] <= at
    kept = len(memory.times) if went_back else int(np.searchsorted(memory.times, at - config.memory_s))
    grains, times = memory.grains[kept:], memory.times[kept:]
    same = _same(grains, new, config)
    hits = tuple(hit for hit in memory.hits if 0.0 <= at - hit <= config.hits_s)
    is_frozen = _is_frozen(same, times, at, config)
    if not is_frozen and bool((same & (times <= at - config.again_s)).any()):
        hits = (*hits, at)
    after = Memory(
        np.concatenate([grains[-(config.memory - 1) :], new.grain[None]]),
        np.append(times[-(config.memory - 1) :], at),
        hits,
    )
    if is_frozen:
        return after, Suspicion.FROZEN
    return after, Suspicion.REPEATED if len(hits) >= config.hits else None


def is_still(memory: Memory, new: Print, config: RepeatsConfig = DEFAULT) -> bool:
    """Whether a frame has the grain of the one before it, the latest of the memory.

    That is no sign of an attack yet, and no evidence of a camera either.
    """
    return bool(_same(memory.grains[-1:], new, config).any())


def repeated(
    prints: Sequence[Print], times: Sequence[float], config: RepeatsConfig = DEFAULT
) -> Suspicion | None:
    """What speaks against the frames of a whole clip, the first of it."""
    memory = Memory()
    for new, at in zip(prints, times, strict=True):
        memory, suspicion = recall(memory, new, at, config)
        if suspicion is not None:
            return suspicion
    return None


def _same(grains: NDArray[np.int8], new: Print, config: RepeatsConfig) -> NDArray[np.bool_]:
    """Which of the frames, bool (N,), has the grain of the new one where that shows its face."""
    mine = new.grain[new.face].reshape(-1).astype(np.int16)
    theirs = grains[:, new.face[0], new.face[1]].reshape(len(grains), mine.size)
    tells = (np.abs(mine) >= _TELLS) | (np.abs(theirs) >= _TELLS)
    agree = np.abs(theirs - mine) <= 1
    count = tells.sum(axis=1)
    return np.asarray((count >= config.cells) & ((agree & tells).sum(axis=1) >= config.alike * count))


def _is_frozen(same: NDArray[np.bool_], times: NDArray[np.float64], at: float, config: RepeatsConfig) -> bool:
    """Whether all frames of the last while are like the new one, over a stretch that is long enough."""
    others = np.flatnonzero(~same)
    first = int(others[-1]) + 1 if others.size else 0
    frames = len(same) - first + 1
    return frames >= config.still_frames and at - float(times[first]) >= config.still_s
