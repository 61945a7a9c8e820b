"""The last lines of the log, kept in memory so that they can be asked for."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Self

from edge.core.device_orders import LEVELS
from edge.core.log_line import LogLine, redacted

KEPT = 2000
_NUMBERS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class LogMemory(logging.Handler):
    """Remembers the last KEPT lines, redacted. Any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[LogLine] = deque(maxlen=KEPT)

    @classmethod
    @contextmanager
    def of_everything(cls) -> Iterator[Self]:
        """Remember what is logged from now on, by anybody, until the end of the block."""
        memory = cls()
        root = logging.getLogger()
        root.addHandler(memory)
        try:
            yield memory
        finally:
            root.removeHandler(memory)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
            if record.exc_info and record.exc_info[1] is not None:
                text = f"{text}\n{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
            at = datetime.fromtimestamp(record.created, UTC)
            self._lines.append(LogLine(at, level_of(record.levelno), record.name, redacted(text)))
        except Exception:  # noqa: BLE001 - as every handler of logging
            self.handleError(record)

    def last(self, count: int, since: datetime | None = None, level: str = "debug") -> list[LogLine]:
        """The newest `count` lines of at least that weight, oldest first."""
        least = _NUMBERS[level]
        with self.lock or _unlocked():
            known = list(self._lines)
        chosen = [
            line for line in known if _NUMBERS[line.level] >= least and (since is None or line.at >= since)
        ]
        return chosen[-count:]


def level_of(number: int) -> str:
    """The name of a weight; what is worse than an error is one."""
    return next(name for name in reversed(LEVELS) if number >= _NUMBERS[name] or name == LEVELS[0])


@contextmanager
def _unlocked() -> Iterator[None]:
    yield
