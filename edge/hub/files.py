"""Files that jobs bring to the devices: models and wheels, named by their SHA-256."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from pathlib import Path

from edge.core.jobs import CHUNK_BYTES
from edge.hub.refusal import Refused

LARGEST = 512 * 2**20


class JobFiles:
    """folder: where they lie; one that is not yet whole has the ending .part."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, sha256: str, size: int, chunk: int, data: bytes) -> int | None:
        """Take the next chunk of a file, from 0 on. Returns the number of the one that is wanted next, None
        when the file is whole. Raises Refused for one that does not fit, or cannot be written."""
        if self.has(sha256):
            return None
        if not 0 < size <= LARGEST:
            raise Refused("size", f"a file has 1 to {LARGEST} bytes; this one says {size}")
        part = self._folder / f"{sha256}.part"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            there = part.stat().st_size if part.exists() else 0
            wanted = there // CHUNK_BYTES
            if chunk != wanted:
                return wanted
            if len(data) != min(CHUNK_BYTES, size - there):
                raise Refused("size", f"chunk {chunk} must have {min(CHUNK_BYTES, size - there)} bytes")
            _append(part, there, data)
            if there + len(data) < size:
                return wanted + 1
            self._finish(part, sha256)
        except OSError as error:
            # Not a StoreError: the database may be well, and all else goes on.
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise Refused("disk_full", f"no room for files in {self._folder}; free some") from error
            text = f"the hub cannot write {self._folder} ({error.strerror}); check the folder"
            raise Refused("unwritable", text) from error
        return None

    def has(self, sha256: str) -> bool:
        return self._path(sha256).is_file()

    def piece(self, sha256: str, index: int) -> bytes | None:
        """The data of one chunk; None beyond the end, and for a file that is not there."""
        try:
            with self._path(sha256).open("rb") as file:
                file.seek(index * CHUNK_BYTES)
                return file.read(CHUNK_BYTES) or None
        except OSError:
            return None

    def listed(self) -> list[tuple[str, int]]:
        """The whole files: SHA-256 and bytes."""
        with contextlib.suppress(OSError):
            found = (file for file in self._folder.iterdir() if not file.suffix)
            return sorted((file.name, file.stat().st_size) for file in found)
        return []

    def _finish(self, part: Path, sha256: str) -> None:
        with part.open("rb") as file:
            os.fsync(file.fileno())
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            part.unlink()
            raise Refused("digest", f"the file has the digest {found[:16]}…, not the one it was sent under")
        part.rename(self._path(sha256))

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256


def _append(part: Path, there: int, data: bytes) -> None:
    """All of it or nothing: what a full disk took of a chunk would shift all that follows."""
    with part.open("ab", buffering=0) as file:
        try:
            if file.write(data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            file.truncate(there)
            raise
