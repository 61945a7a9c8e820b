"""How fast the door sees: frames a second, and where their time goes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge.app.stopwatch import Lap, Spread

_KEPT = 1000
"""Of each stage; a minute of full frames."""


@dataclass(frozen=True, slots=True)
class VisionRate:
    """frames: since the start. fps: of the time since the last reading. stages: of that time, by name."""

    frames: int
    fps: float
    stages: dict[str, Spread]


class VisionFigures:
    """`frame` is called by the vision thread, `read` by one other. monotonic: seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._read_at = monotonic()
        self._frames = 0
        self._frames_read = 0
        self._recent: dict[str, deque[float]] = {}

    def frame(self, lap: Lap) -> None:
        """A frame was looked at."""
        with self._lock:
            self._frames += 1
            for stage, seconds in lap.seconds().items():
                self._recent.setdefault(stage, deque(maxlen=_KEPT)).append(seconds)

    def read(self) -> VisionRate:
        """Since the last reading, or the start; then the next one begins."""
        now = self._monotonic()
        with self._lock:
            frames, recent, self._recent = self._frames, self._recent, {}
        fps = (frames - self._frames_read) / max(now - self._read_at, 1e-3)
        self._read_at, self._frames_read = now, frames
        return VisionRate(frames, fps, {stage: Spread.of(seconds) for stage, seconds in recent.items()})
