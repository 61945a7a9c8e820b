"""Fetch a snapshot, one window of chunks at a time; what is here already is not asked for again."""

from __future__ import annotations

from collections.abc import Callable

from edge.core.gallery_snapshot import WINDOW, chunk_count, opened_chunk, transfer
from edge.core.gallery_sync import REQUEST, Changing, ChunksWanted
from edge.roster import SyncedGallery
from edge.service.gallery_asking import Asking
from edge.service.gallery_line import GalleryLine

SPREAD_S = 2.0
"""Doors that learn of a snapshot in the same moment begin within that time."""
_NOT_NOW_S = 2.0
GIVE_UP = 3
"""After so many windows that nobody sent, another snapshot is as good."""


class SnapshotFetch:
    """Of one gallery. random: 0..1."""

    def __init__(
        self, copy: SyncedGallery, gallery: str, line: GalleryLine, random: Callable[[], float]
    ) -> None:
        self._copy = copy
        self._gallery = gallery
        self._line = line
        self._upto = 0
        self.asking = Asking(random)
        self.target: Changing | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every chunk is here. Raises StoreError."""
        ref = None if self.target is None else self.target.ref
        return ref is not None and self._copy.staged(ref) == chunk_count(ref.bytes)

    @property
    def is_given_up(self) -> bool:
        """Whether the hub seems to have it no longer."""
        return self.asking.tries > GIVE_UP

    def aim(self, target: Changing, now: float) -> None:
        """Fetch this one from now on."""
        if self.target != target:
            self.asking.done()
            self.target = target
        self.asking.soon(now, SPREAD_S)

    def forget(self) -> None:
        """Ask for nothing; what is here stays."""
        self.target = None
        self.asking.done()

    def drop(self) -> None:
        """It is needed no longer. Raises StoreError."""
        if self.target is not None:
            self.forget()
            self._copy.drop_staged()

    def receive(self, name: str, index: int, payload: bytes, now: float) -> bool:
        """Take a chunk; whether it was the last one. Raises MessageMalformed, StoreError."""
        if self.target is None or name != transfer(self.target.ref.sha256) or self.is_whole:
            return False
        ref = self.target.ref
        here = self._copy.staged(ref)
        if self._copy.stage(ref, index, opened_chunk(payload)) == here:
            return False
        self.asking.answered(now)
        if self.is_whole:
            self.asking.done()
            return True
        if here + 1 == self._upto:
            self._ask(now)
        return False

    def tick(self, now: float) -> None:
        """Ask for the next window when it is time to. Raises StoreError."""
        if self.target is not None and self.asking.due is not None and now >= self.asking.due:
            self._ask(now)

    def _ask(self, now: float) -> None:
        assert self.target is not None
        ref = self.target.ref
        first = self._copy.staged(ref)
        count = min(WINDOW, chunk_count(ref.bytes) - first)
        if count <= 0:
            return
        wanted = ChunksWanted(self._gallery, ref.version, ref.sha256, first, count)
        if self._line.say(self._line.request, REQUEST, wanted.body()):
            self._upto = first + count
            self.asking.asked(now)
        else:
            self.asking.later(now, _NOT_NOW_S)
