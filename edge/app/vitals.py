"""How the device is: measured now and then, published, and shown to whoever else wants to know."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.app.vision_figures import VisionFigures, VisionRate
from edge.core.clock_state import ClockState
from edge.core.events import Json
from edge.errors import StoreError
from edge.host import sensors
from edge.host.clock import kernel_offset_ms
from edge.host.folder import free_bytes
from edge.ports import Outbox
from edge.service.reporting import Clocks

logger = logging.getLogger(__name__)
BEAT_S = 2.0
UNPUBLISHED_S = 60.0
"""How often it is measured where it is not published."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the board does not have, or cannot be read now, is None. depth, oldest: of the outbox."""

    vision: VisionRate
    clock: ClockState | None
    clock_offset_ms: float | None
    uptime_s: float
    temperature_c: float | None
    throttled: list[str] | None
    resident_bytes: int | None
    disk_free: int | None
    depth: int | None
    oldest: int | None

    def body(self) -> dict[str, Json]:
        """Of `tele.health`; without what is not known."""
        stages: dict[str, Json] = {
            stage: {"p50_ms": round(spread.p50_ms, 2), "p95_ms": round(spread.p95_ms, 2)}
            for stage, spread in self.vision.stages.items()
        }
        known: dict[str, Json] = {
            "temp_c": self.temperature_c,
            "throttled": None if self.throttled is None else [*self.throttled],
            "rss": self.resident_bytes,
            "disk_free": self.disk_free,
            "outbox": None if self.depth is None else {"depth": self.depth, "oldest": self.oldest},
            "clock": self._clock(),
        }
        return {
            "fps": round(self.vision.fps, 2),
            "frames": self.vision.frames,
            "stages": stages,
            "uptime_s": round(self.uptime_s),
            **{key: value for key, value in known.items() if value is not None},
        }

    def _clock(self) -> Json:
        if self.clock is None:
            return None
        offset = {} if self.clock_offset_ms is None else {"offset_ms": round(self.clock_offset_ms, 3)}
        return {"state": self.clock.value, **offset}


class VitalsWorker:
    """Runs in one thread. every_s: how often. outbox: over a connection of its own. hear: called there."""

    def __init__(
        self,
        *,
        every_s: float,
        figures: VisionFigures,
        outbox: Outbox,
        folder: Path,
        clocks: Clocks,
        hear: Callable[[Vitals], None],
    ) -> None:
        self._every_s = every_s
        self._figures = figures
        self._outbox = outbox
        self._folder = folder
        self._clocks = clocks
        self._hear = hear
        self._started_at = clocks.monotonic()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Measure at once, and then every so often, until `stop` is set."""
        due = self._started_at
        while not stop.is_set():
            beat()
            if self._clocks.monotonic() >= due:
                due = self._clocks.monotonic() + self._every_s
                self._hear(self.measure())
            stop.wait(min(BEAT_S, self._every_s))

    def measure(self) -> Vitals:
        """Never raises: what cannot be read is not known."""
        depth, oldest = self._backlog()
        return Vitals(
            vision=self._figures.read(),
            clock=self._clocks.state(),
            clock_offset_ms=kernel_offset_ms(),
            uptime_s=self._clocks.monotonic() - self._started_at,
            temperature_c=sensors.temperature_c(),
            throttled=sensors.throttled(),
            resident_bytes=sensors.resident_bytes(),
            disk_free=self._disk_free(),
            depth=depth,
            oldest=oldest,
        )

    def _backlog(self) -> tuple[int | None, int | None]:
        try:
            # In this order: what is sent meanwhile makes the oldest too high, never too low.
            oldest = self._outbox.oldest()
            return self._outbox.depth(), oldest
        except StoreError as error:
            logger.debug("the outbox cannot be read: %s", error)
            return None, None

    def _disk_free(self) -> int | None:
        try:
            return free_bytes(self._folder)
        except OSError:
            return None
