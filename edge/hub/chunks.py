"""Pieces of snapshots and job files that devices wait for, sent as fast as the broker takes them.

They are read when there is room for them, one device after the other: what a thousand devices ask for at once
would fit into no memory.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TypeAlias

from edge.core.gallery_snapshot import chunk, transfer
from edge.mqtt.codec import Outgoing
from edge.mqtt.topics import SiteTopics

Read: TypeAlias = Callable[[str, int], bytes | None]
"""SHA-256 of a file and the number of a piece, to its data; None when there is no such piece."""
WINDOW = 16


class ChunkQueue:
    def __init__(self, topics: SiteTopics) -> None:
        self._topics = topics
        self._wanted: OrderedDict[tuple[str, str], deque[tuple[Read, int]]] = OrderedDict()

    def want(self, dev: str, sha256: str, read: Read, first: int, count: int) -> None:
        """A device asks for pieces; what it asked for of that file before is forgotten."""
        numbers = range(first, first + min(count, WINDOW))
        self._wanted[dev, sha256] = deque((read, number) for number in numbers)

    def next(self) -> Outgoing | None:
        """The next piece to send; None when nobody waits for one."""
        while self._wanted:
            (dev, sha256), waiting = self._wanted.popitem(last=False)
            read, number = waiting.popleft()
            if waiting:
                self._wanted[dev, sha256] = waiting
            if (data := read(sha256, number)) is not None:
                return Outgoing(self._topics.device(dev).chunk(transfer(sha256), number), chunk(data))
            self._wanted.pop((dev, sha256), None)
        return None

    def clear(self) -> None:
        """The session ended; whoever still waits asks again."""
        self._wanted.clear()
