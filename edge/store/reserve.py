"""Disk space set aside beside the store. Given up when the disk is full, it lets the door go on deciding."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

SIZE = 2**20
"""Bytes; about 1,000 decisions with their events."""

_AMPLE = 16 * SIZE
"""Free bytes from which on the reserve may be taken: it must not be what fills the disk."""


class Reserve:
    """The space set aside for one store, a file of zeros beside it."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + "-reserve")

    def hold(self) -> None:
        """Set the space aside when there is plenty; without it the store works until the disk is full."""
        with contextlib.suppress(OSError):
            status = os.statvfs(self._path.parent)
            if self._path.exists() or status.f_bavail * status.f_frsize < _AMPLE:
                return
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, SIZE)
            finally:
                os.close(handle)

    def release(self) -> bool:
        """Give the space back to the disk. Returns whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
