"""One daemon for each store: two would take the relay and the broker's session from each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.errors import StoreLocked, StoreUnwritable


@contextmanager
def sole_keeper(folder: Path) -> Iterator[None]:
    """Be the only daemon on this folder; the kernel ends the claim with the process.

    Raises StoreLocked when there is another one, StoreUnwritable when nothing can be claimed.
    """
    file = folder / "ostiary.lock"
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnwritable(f"{file} cannot be written: {error.strerror}; check the folder") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StoreLocked(f"another daemon keeps the door of {folder}; stop it first") from None
    finally:
        os.close(descriptor)
