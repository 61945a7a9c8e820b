"""Warnings of the log, published: few, redacted, and never because of themselves."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from edge.app.voice import Voice
from edge.core.events import Json
from edge.core.log_line import redacted
from edge.mqtt.topics import Topics

BURST = 10
EVERY_S = 6.0
"""So many lines at once, and one more in so many seconds: a storm of warnings must not use up the line."""
BEAT_S = 0.5
_OURS = "edge."
_WAITING = 100
_SEVERITIES = ((logging.CRITICAL, "critical"), (logging.ERROR, "error"), (logging.WARNING, "warning"))


@dataclass(frozen=True, slots=True)
class _Line:
    severity: str
    logger: str
    text: str


class LogPost(logging.Handler):
    """Takes warnings and worse on any thread, and publishes them on its own; only those of our own modules,
    for what a library says may hold anything.

    Lines are not kept for a broker that is away; `untold` in the next line says how many went by.
    """

    def __init__(self, voice: Voice, topics: Topics, monotonic: Callable[[], float]) -> None:
        super().__init__(logging.WARNING)
        self._voice = voice
        self._topics = topics
        self._monotonic = monotonic
        self._waiting: queue.Queue[_Line] = queue.Queue(_WAITING)
        self._counting = threading.Lock()
        self._untold = 0
        self._allowance = float(BURST)
        self._counted_at = monotonic()

    @contextmanager
    def attached(self) -> Iterator[Self]:
        """Hear what anybody logs from now until the end of the block."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield self
        finally:
            root.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Enqueue; a thread that logs must not wait for the broker."""
        if not record.name.startswith(_OURS):
            return
        try:
            severity = next(name for least, name in _SEVERITIES if record.levelno >= least)
            self._waiting.put_nowait(_Line(severity, record.name, redacted(record.getMessage())))
        except queue.Full:
            self._pass_over(1)
        except Exception:  # noqa: BLE001 - as every handler of logging
            self.handleError(record)

    @property
    def is_idle(self) -> bool:
        """Nothing waits to be published."""
        return self._waiting.empty()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Publish until `stop` is set."""
        while not stop.is_set():
            beat()
            try:
                line = self._waiting.get(timeout=BEAT_S)
            except queue.Empty:
                continue
            self.publish(line)

    def publish(self, line: _Line) -> None:
        """Publish a line if it is not one too many."""
        now = self._monotonic()
        self._allowance = min(BURST, self._allowance + (now - self._counted_at) / EVERY_S)
        self._counted_at = now
        if self._allowance < 1:
            self._pass_over(1)
            return
        with self._counting:
            untold, self._untold = self._untold, 0
        body: dict[str, Json] = {
            "level": line.severity,
            "logger": line.logger,
            "text": line.text,
            "untold": untold,
        }
        if self._voice.say(self._topics.log(line.severity), "log.line", body, qos=0):
            self._allowance -= 1
        else:
            self._pass_over(untold + 1)

    def _pass_over(self, lines: int) -> None:
        with self._counting:
            self._untold += lines
