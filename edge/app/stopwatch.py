"""Time the stages of the recognition pipeline from outside, without a line of measuring code inside it."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edge.core.events import Json

STAGES = ("detect", "landmarks", "quality", "liveness", "embed", "match")


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile, milliseconds."""

    p50_ms: float
    p95_ms: float

    @staticmethod
    def of(seconds: Iterable[float]) -> Spread:
        p50, p95 = np.percentile(np.fromiter(seconds, np.float64) * 1000, [50, 95])
        return Spread(float(p50), float(p95))


@dataclass(frozen=True, slots=True)
class StageTimes:
    """around: the stage as a whole. bare_invoke_ms: median spent in the network alone."""

    around: Spread
    bare_invoke_ms: float

    def as_json(self) -> dict[str, Json]:
        return {
            "p50_ms": round(self.around.p50_ms, 4),
            "p95_ms": round(self.around.p95_ms, 4),
            "bare_invoke_ms": round(self.bare_invoke_ms, 4),
        }


@dataclass(slots=True)
class Lap:
    """One frame, seconds: around and in the networks, by stage."""

    around: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    bare: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    ended: dict[str, float] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)

    @property
    def bare_s(self) -> float:
        return sum(self.bare.values())

    def seconds(self) -> dict[str, float]:
        """Of each of STAGES that the frame came through.

        Quality is judged between the mesh and the liveness network, and is not an adapter's method.
        """
        quality = self.began.get("liveness", -math.inf) - self.ended.get("landmarks", math.inf)
        return {**self.around, "quality": quality} if quality >= 0 else dict(self.around)


class Stopwatch:
    """Sums the time of each stage over one frame. `lap` begins the next frame."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._lap = Lap()

    def lap(self) -> Lap:
        """The frame that has ended; a new one begins."""
        ended, self._lap = self._lap, Lap()
        return ended

    def timed(
        self, stage: str, function: Callable[..., Any], engines: Sequence[Any] = ()
    ) -> Callable[..., Any]:
        """The same function, timed. engines: networks it runs, for the bare time."""

        def run(*arguments: Any, **named: Any) -> Any:
            lap, bare = self._lap, sum(engine.invoke_total_s for engine in engines)
            began = self._clock()
            try:
                return function(*arguments, **named)
            finally:
                ended = self._clock()
                lap.began.setdefault(stage, began)
                lap.ended[stage] = ended
                lap.around[stage] += ended - began
                lap.bare[stage] += sum(engine.invoke_total_s for engine in engines) - bare

        return run


class Timed:
    """Stands in for an adapter: the method `name` is timed, all else is passed on."""

    def __init__(self, adapter: object, name: str, method: Callable[..., Any]) -> None:
        self._adapter = adapter
        setattr(self, name, method)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)
