"""Follow the gallery in a thread of its own: reading many new faces must delay no frame and no relock."""

from __future__ import annotations

import threading
from collections.abc import Callable

from edge.errors import StoreError
from edge.store.index import GalleryIndex

FOLLOW_S = 1.0
LONGEST_S = 600.0
"""Millions of faces take minutes to read anew."""


class GalleryFollower:
    """trouble: why the gallery cannot be followed, in one line; None while it is.

    Until it is again, new people are unknown; removed and revoked ones are refused all the same.
    """

    def __init__(self, index: GalleryIndex) -> None:
        self._index = index
        self.trouble: str | None = None

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        while not stop.wait(FOLLOW_S):
            beat()
            self.follow()

    def follow(self) -> None:
        """See what has changed; a store in trouble is tried again the next time."""
        try:
            self._index.refresh()
        except StoreError as error:
            self.trouble = str(error)
        else:
            self.trouble = None
