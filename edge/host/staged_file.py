"""A file that is being fetched: it grows over power cuts, and counts once its digest is right."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from pathlib import Path

from edge.errors import JobFailed, StoreError, StoreFull, StoreUnwritable

_BLOCK = 1 << 20


class StagedFile:
    """Belongs to one thread. path: where the whole file will be. size: how many bytes it will have.

    What came so far lies beside it, so that fetching goes on where it ended.
    """

    def __init__(self, path: Path, *, sha256: str, size: int) -> None:
        self.path = path
        self.size = size
        self._sha256 = sha256
        self._part = path.with_name(f"{path.name}.part")

    @property
    def have(self) -> int:
        """How many bytes are there."""
        try:
            return self._part.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return self.size if self.path.is_file() else 0

    @property
    def is_whole(self) -> bool:
        return self.path.is_file()

    def append(self, data: bytes, at: int) -> None:
        """Write a piece that begins at byte `at`; what was behind it is dropped. Durable after `sync`.

        Raises StoreFull or StoreUnwritable.
        """
        try:
            self._part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._part.open("r+b" if self._part.exists() else "xb") as file:
                file.truncate(at)
                file.seek(at)
                file.write(data)
        except OSError as error:
            raise self._unwritable(error) from error

    def sync(self) -> None:
        """Make what came so far durable. Raises StoreFull or StoreUnwritable."""
        try:
            with self._part.open("r+b") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self) -> Path:
        """Check all of it and give it its name. A wrong one is thrown away. Raises JobFailed, StoreError."""
        if self.path.is_file():
            return self.path
        try:
            with self._part.open("rb") as file:
                digest = hashlib.sha256()
                while block := file.read(_BLOCK):
                    digest.update(block)
                os.fsync(file.fileno())
            if digest.hexdigest() != self._sha256:
                self.drop()
                text = f"what came is not the file wanted (sha256 {digest.hexdigest()[:12]}…); send it again"
                raise JobFailed(text, "digest")
            self._part.replace(self.path)
        except OSError as error:
            raise self._unwritable(error) from error
        return self.path

    def drop(self) -> None:
        """Remove all that came."""
        for path in (self._part, self.path):
            with suppress(OSError):
                path.unlink()

    def _unwritable(self, error: OSError) -> StoreError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StoreFull(f"no space left for {self.path.name}; free some")
        return StoreUnwritable(f"{self.path} cannot be written ({error.strerror}); check its folder")
