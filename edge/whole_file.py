"""Files that are there whole or not at all, for their owner's eyes alone, after a power cut, too."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from edge.errors import StoreFull, StoreUnwritable


def write_whole(path: Path, content: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Write a file, or replace it in one step. durable: it is on the disk when this returns.

    Raises StoreFull or StoreUnwritable; then an older file is as it was.
    """
    unfinished = unfinished_beside(path)
    try:
        write_anew(unfinished, content, mode=mode, durable=durable)
        unfinished.replace(path)
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(f"no space left for {path}; free some") from error
        raise StoreUnwritable(
            f"{path} cannot be written ({error.strerror}); check the folder and its permissions"
        ) from error


def unfinished_beside(path: Path) -> Path:
    """Where a file is written before it is there under its name."""
    return path.with_name(f".{path.name}.new")


def write_anew(path: Path, content: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Write a file in place of one that an earlier try may have left. Raises OSError."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), mode)
        if durable:
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make a folder of mode 0700 with those above it; one that is there stays. Raises StoreUnwritable."""
    try:
        for folder in (*reversed(path.parents), path):
            # `parents=True` would make those above with the usual mode.
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreUnwritable(
            f"the folder {path} cannot be made ({error.strerror}); choose another place"
        ) from None


def read_whole(path: Path) -> bytes:
    """Raises StoreUnwritable when there is nothing to be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreUnwritable(
            f"{path} cannot be read ({error.strerror}); check the path and its permissions"
        ) from None
