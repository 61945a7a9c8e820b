"""Files that are there whole or not at all, for their owner's eyes alone."""

from __future__ import annotations

import os
from pathlib import Path

from edge.errors import StoreUnwritable


def write_whole(path: Path, content: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Write a file, or replace it in one step. durable: it is on the disk when this returns.

    Raises StoreUnwritable; then an older file is as it was.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        try:
            beside.unlink(missing_ok=True)
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                if durable:
                    os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise StoreUnwritable(
            f"{path} cannot be written ({error.strerror}); check the folder and the space on its disk"
        ) from None


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
