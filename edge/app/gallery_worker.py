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
"""Messages about the gallery; what finds no room is asked for again."""
HEADS = 16
"""Heads that find room beside those: nobody asks for one."""
STALE_S = 120.0
"""Comparing tens of thousands of rows on a slow card takes its time."""


class GalleryWorker:
    """head: the topic of what alone is retained. monotonic: seconds."""

    def __init__(self, sync: GallerySync, head: str, monotonic: Callable[[], float]) -> None:
        self._sync = sync
        self._head = head
        self._monotonic = monotonic
        self._waiting: queue.Queue[Message] = queue.Queue(WAITING + HEADS)

    def put(self, message: Message) -> None:
        """Take a message, from the bus's thread."""
        if message.topic != self._head and (message.retain or self._waiting.qsize() >= WAITING):
            logger.debug("a message about the gallery is passed over")
            return
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            logger.warning("the head of a gallery is passed over: %d messages wait", WAITING + HEADS)

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
