"""The thread that follows the gallery of the hub: rows of thousands must delay no frame and no relock."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from edge.ports import Message
from edge.service.gallery_sync import GallerySync

logger = logging.getLogger(__name__)
WAITING = 128
"""Messages; what finds no room is asked for again."""
STALE_S = 120.0
"""Comparing tens of thousands of rows on a slow card takes its time."""


class GalleryWorker:
    """monotonic: seconds."""

    def __init__(self, sync: GallerySync, monotonic: Callable[[], float]) -> None:
        self._sync = sync
        self._monotonic = monotonic
        self._waiting: queue.Queue[Message] = queue.Queue(WAITING)

    def put(self, message: Message) -> None:
        """Take a message, from any thread."""
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            logger.debug("a message about the gallery is passed over: %d wait", WAITING)

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Follow until `stop` is set. Between two steps others get to write, so none comes too early."""
        due = self._monotonic()
        while not stop.is_set():
            beat()
            if self._monotonic() >= due:
                pause = self._sync.tick(self._monotonic())
                due = self._monotonic() + pause
            try:
                self._sync.handle(self._waiting.get(timeout=max(0.0, due - self._monotonic())))
            except queue.Empty:
                continue
