"""Snapshot files of galleries: made in a thread of their own, and served piece by piece."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from edge.core.gallery_snapshot import CHUNK_BYTES, Reading, packed
from edge.core.gallery_sync import SnapshotRef
from edge.errors import StoreCorrupt, StoreError, StoreFull, StoreUnwritable
from edge.hub import gallery_tables
from edge.hub.database import HubDatabase
from edge.hub.gallery_tables import Standing
from edge.hub.tables import gallery_rows
from edge.hub.work import Work

KEEP_S = 900.0
"""How long a file that was replaced is kept: devices may be in the middle of it."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot lies ready. total: the operations that are in it."""

    gallery: str
    epoch: int
    snapshot: SnapshotRef
    total: int


class Snapshots:
    """folder: where the files lie, named by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, database: HubDatabase, gallery: str) -> Taken:
        """Write the file of a gallery as it stands, while others go on changing it.

        Raises StoreError; Refused for a gallery that is not there.
        """
        with database.reading() as connection:
            # Everything that is read here is of one moment.
            standing = gallery_tables.load(Work(connection, datetime.now(UTC)), gallery, for_change=False)
            c = gallery_rows.c
            wanted = select(c.person, c.face, c.line).where(c.gallery == gallery)
            rows = connection.execution_options(yield_per=_AT_ONCE).execute(
                wanted.order_by(c.bucket, c.person, c.face)
            )
            reading = Reading()

            def lines() -> Iterator[bytes]:
                for person, face, text in rows:
                    line = text.encode()
                    reading.take((person, face), hashlib.sha256(line).digest())
                    yield line

            sha256, size = self._write(packed(lines()))
        return self._taken(standing, reading, sha256, size)

    def path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.gz"

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def piece(self, sha256: str, index: int) -> bytes | None:
        """The data of one chunk, from 0 on; None beyond the end, and for a file that is not there."""
        try:
            with self.path(sha256).open("rb") as file:
                file.seek(index * CHUNK_BYTES)
                return file.read(CHUNK_BYTES) or None
        except OSError:
            return None

    def prune(self, kept: set[str], now: float) -> None:
        """Delete files that no head names and that have lain there for long. now: seconds since 1970."""
        with contextlib.suppress(OSError):
            for file in self._folder.iterdir():
                if file.stem not in kept and now - file.stat().st_mtime > KEEP_S:
                    file.unlink()

    def _taken(self, standing: Standing, reading: Reading, sha256: str, size: int) -> Taken:
        if reading.tree().root != standing.root:
            self.path(sha256).unlink(missing_ok=True)
            raise StoreCorrupt(
                f"the rows of the gallery {standing.gallery} are not those of its root; restore a backup"
            )
        ref = SnapshotRef(standing.version, standing.root, reading.people, sha256, size)
        return Taken(standing.gallery, standing.epoch, ref, standing.total)

    def _write(self, pieces: Iterator[bytes]) -> tuple[str, int]:
        """Returns the SHA-256 of the file, hexadecimal, and its size."""
        hashed, size = hashlib.sha256(), 0
        unfinished = self._folder / "unfinished"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                for piece in pieces:
                    hashed.update(piece)
                    size += file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(self.path(hashed.hexdigest()))
        except OSError as error:
            # The database may be on the same disk.
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise _explained(self._folder, error) from error
        return hashed.hexdigest(), size


def _explained(folder: Path, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreFull(f"no space left for a snapshot in {folder}; free some on that disk")
    return StoreUnwritable(f"cannot write a snapshot into {folder} ({error.strerror}); check the folder")
