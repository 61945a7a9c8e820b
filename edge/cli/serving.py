"""What commands that run for long have in common: a log on stderr, and an end when told to stop."""

from __future__ import annotations

import logging
import signal
import sys
import threading


def log_to_stderr(level: str) -> None:
    """level: debug, info, warning or error."""
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


def told_to_stop() -> threading.Event:
    """Set by SIGTERM and by Ctrl-C; only for the main thread."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
