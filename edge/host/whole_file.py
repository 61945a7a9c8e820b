"""Write a small file so that a crash or a power cut leaves either all of the old or all of the new."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from edge.errors import StoreFull, StoreUnwritable


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file, for its owner alone. Raises StoreFull or StoreUnwritable; then the old one is there."""
    unfinished = path.with_name(f".{path.name}.new")
    try:
        with suppress(FileNotFoundError):
            unfinished.unlink()
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(f"no space left for {path}; free some") from error
        raise StoreUnwritable(f"{path} cannot be written ({error.strerror}); check its folder") from error


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
