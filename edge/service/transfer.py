"""A file that comes in pieces over MQTT: asked for window by window, and from where it ended."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

from edge.core.events import Json
from edge.core.jobs import CHUNK_BYTES, FileSpec

WINDOW = 16
"""Pieces asked for at a time."""
AGAIN_S = 10.0
_DIGEST_BYTES = 32


class Staged(Protocol):
    @property
    def have(self) -> int: ...

    def append(self, data: bytes, at: int) -> None: ...

    def sync(self) -> None: ...


class ChunkTransfer:
    """Belongs to one thread. ask: sends the body of a `file.request`; False when there is no session.

    Pieces are taken in order; one that is damaged, doubled or early is passed over, and asked for again.
    """

    def __init__(
        self, spec: FileSpec, staged: Staged, ask: Callable[[dict[str, Json]], bool], *, window: int = WINDOW
    ) -> None:
        self._spec = spec
        self._staged = staged
        self._ask = ask
        self._window = window
        self._next = staged.have // CHUNK_BYTES if staged.have < spec.bytes else spec.chunks
        self._until = self._next
        self._ask_at = float("-inf")

    @property
    def id(self) -> str:
        """What its pieces are called in their topics."""
        return self._spec.sha256[:16]

    @property
    def is_whole(self) -> bool:
        return self._next >= self._spec.chunks

    def handle(self, index: int, payload: bytes, now: float) -> None:
        """Take a piece: 32 bytes SHA-256 of the data, then the data. Raises StoreError. now: monotonic s."""
        data = payload[_DIGEST_BYTES:]
        if index != self._next or self.is_whole or len(data) != self._length(index):
            return
        if hashlib.sha256(data).digest() != payload[:_DIGEST_BYTES]:
            return
        self._staged.append(data, index * CHUNK_BYTES)
        self._next += 1
        self._ask_at = now + AGAIN_S
        if self._next >= self._until or self.is_whole:
            self._staged.sync()
            self._ask_at = now

    def tick(self, now: float) -> None:
        """Ask for the next window, or once more for what did not come; call it often."""
        if self.is_whole or now < self._ask_at:
            return
        count = min(self._window, self._spec.chunks - self._next)
        if self._ask({"sha256": self._spec.sha256, "from": self._next, "count": count}):
            self._until = self._next + count
            self._ask_at = now + AGAIN_S

    def _length(self, index: int) -> int:
        return min(CHUNK_BYTES, self._spec.bytes - index * CHUNK_BYTES)
