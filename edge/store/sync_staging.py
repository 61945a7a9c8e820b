"""The part of a snapshot that has arrived: a file beside the store, which outlives restarts and power cuts.

It holds the chunks as they came, each behind its SHA-256, from the first one on without a gap. What a power
cut left of the last ones is noticed by that, and asked for again.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from edge.core.gallery_snapshot import CHUNK_BYTES, chunk, chunk_count, opened_chunk, transfer
from edge.core.gallery_sync import SnapshotRef
from edge.core.merkle import DIGEST_BYTES
from edge.errors import MessageMalformed, StoreError, StoreFull, StoreUnwritable
from edge.store import spare

_RECORD = DIGEST_BYTES + CHUNK_BYTES


class Staging:
    """Of one store; holds one snapshot at a time."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._counted: tuple[str, int] | None = None

    def count(self, ref: SnapshotRef) -> int:
        """How many chunks of it are here. Raises StoreError."""
        if self._counted is None or self._counted[0] != ref.sha256:
            self._counted = (ref.sha256, self._count(ref))
        return self._counted[1]

    def is_whole(self, ref: SnapshotRef) -> bool:
        return self.count(ref) == chunk_count(ref.bytes)

    def add(self, ref: SnapshotRef, index: int, data: bytes) -> int:
        """Keep a chunk; what is no gapless continuation is passed over. Returns how many there are.

        A snapshot that was staged before is dropped for it. Raises StoreFull and StoreUnwritable, and
        MessageMalformed for a chunk of another size.
        """
        here = self.count(ref)
        if index != here or self.is_whole(ref):
            return here
        if len(data) != min(CHUNK_BYTES, ref.bytes - index * CHUNK_BYTES):
            raise MessageMalformed(f"chunk {index} of the snapshot has {len(data)} bytes, not what it should")
        if index == 0:
            self.drop()
        spare.require(self._store, len(data))
        with self._translated(), self._opened(ref) as handle:
            try:
                os.pwrite(handle, chunk(data), index * _RECORD)
            except OSError:
                os.ftruncate(handle, index * _RECORD)
                raise
        self._counted = (ref.sha256, index + 1)
        return index + 1

    def pieces(self, ref: SnapshotRef) -> Iterator[bytes]:
        """The data of the chunks that are here. Raises StoreError."""
        with self._translated(), self._path(ref).open("rb") as file:
            while record := file.read(_RECORD):
                yield record[DIGEST_BYTES:]

    def drop(self) -> None:
        """Remove whatever is staged."""
        self._counted = None
        for path in self._store.parent.glob(self._store.name + "-gallery-*"):
            with contextlib.suppress(OSError):
                path.unlink()

    def _count(self, ref: SnapshotRef) -> int:
        """Whole and right chunks; what follows them is cut off."""
        path = self._path(ref)
        whole = 0
        with self._translated(), contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
            with contextlib.suppress(MessageMalformed):
                while whole < chunk_count(ref.bytes):
                    opened_chunk(file.read(_RECORD))
                    whole += 1
            end = min(whole * _RECORD, ref.bytes + whole * DIGEST_BYTES)
            if path.stat().st_size != end:
                file.truncate(end)
        return whole

    def _path(self, ref: SnapshotRef) -> Path:
        return self._store.with_name(f"{self._store.name}-gallery-{transfer(ref.sha256)}")

    @contextlib.contextmanager
    def _opened(self, ref: SnapshotRef) -> Iterator[int]:
        handle = os.open(self._path(ref), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield handle
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _ours(error, self._store) from error


def _ours(error: OSError, store: Path) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreFull(f"no space left beside the store {store} for the gallery; free some on that disk")
    return StoreUnwritable(
        f"cannot write the gallery beside the store {store}: {error.strerror}; give the user that runs"
        f" ostiary write access to {store.parent}"
    )
