"""The rows of a large gallery in a file beside the store, mapped at the start instead of read from SQLite.

The file may be lost at any time: the store is the truth. It says which model and which entry of the
history of changes it belongs to; one that is damaged, of another model or not of this history is not used.

Layout, little-endian: one page with a magic, the length of a JSON object and that, and in its last four
bytes the CRC-32 of what is before them; int8 vectors, int64 numbers and int32 owners, each from a whole page
on; the CRC-32 of each MiB of those.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import math
import mmap
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from edge.core.face import ModelId
from edge.store.face_changes import Position
from edge.store.quantized import Columns
from edge.whole_file import sync_folder

logger = logging.getLogger(__name__)

_MAGIC = b"OSTIDX01"
_PAGE = 4096
_BLOCK = 2**20


class SnapshotUnusable(Exception):
    """Why the file does not help; never leaves the store."""


@dataclass(frozen=True, slots=True)
class Header:
    """rows, dimensions: of the vectors. scale: levels per unit. number, mark: the newest change in it."""

    model: ModelId
    rows: int
    dimensions: int
    scale: float
    number: int
    mark: int

    @property
    def position(self) -> Position:
        return Position(self.number, self.mark)

    @property
    def numbers_at(self) -> int:
        return _PAGE + _whole(self.rows * self.dimensions)

    @property
    def owners_at(self) -> int:
        return self.numbers_at + _whole(self.rows * 8)

    @property
    def checksums_at(self) -> int:
        return self.owners_at + _whole(self.rows * 4)

    @property
    def blocks(self) -> int:
        return -(-(self.checksums_at - _PAGE) // _BLOCK)

    @property
    def size(self) -> int:
        return self.checksums_at + 4 * self.blocks


def path_beside(store: Path) -> Path:
    return store.with_name(store.name + "-index")


def write(
    path: Path, model: ModelId, dimensions: int, scale: float, position: Position, columns: Iterable[Columns]
) -> None:
    """Put a new file in place of the old one, whole or not at all. columns: by rising number.

    Raises OSError when it cannot be written.
    """
    _sweep(path)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w+b") as file:
            numbers, owners = _write_vectors(file, columns)
            header = Header(model, len(numbers), dimensions, scale, position.number, position.mark)
            for at, column in ((header.numbers_at, numbers), (header.owners_at, owners)):
                file.seek(at)
                file.write(column.tobytes())
            file.truncate(header.checksums_at)
            file.flush()
            checksums = np.array(list(_checksums(file, header, range(header.blocks))), "<u4")
            file.seek(header.checksums_at)
            file.write(checksums.tobytes())
            file.seek(0)
            file.write(_packed(header))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync_folder(path.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def load(path: Path, model: ModelId) -> tuple[Header, Columns]:
    """Check the file and map it. Raises SnapshotUnusable, FileNotFoundError when there is none."""
    with path.open("rb") as file:
        header = read_header(file)
        if header.model != model:
            raise SnapshotUnusable(f"it is of {header.model}")
        mapped = mmap.mmap(file.fileno(), header.size, access=mmap.ACCESS_READ)
    mapped.madvise(mmap.MADV_WILLNEED)
    view = memoryview(mapped)
    stored = np.frombuffer(view[header.checksums_at :], "<u4")
    for number in range(header.blocks):
        start = _PAGE + number * _BLOCK
        if zlib.crc32(view[start : min(start + _BLOCK, header.checksums_at)]) != stored[number]:
            raise SnapshotUnusable(f"the block at byte {start} is damaged")
    columns = _mapped(view, header)
    if (
        columns.owners.min() < 0
        or columns.owners.max() >= header.rows
        or np.any(np.diff(columns.numbers) <= 0)
    ):
        raise SnapshotUnusable("its faces are numbered as none are")
    return header, columns


def read_header(file: BinaryIO) -> Header:
    """Raises SnapshotUnusable."""
    page = file.read(_PAGE)
    if len(page) < _PAGE or not page.startswith(_MAGIC):
        raise SnapshotUnusable("it is not an index of this version")
    if zlib.crc32(page[:-4]) != struct.unpack("<I", page[-4:])[0]:
        raise SnapshotUnusable("its first page is damaged")
    (length,) = struct.unpack_from("<I", page, len(_MAGIC))
    header = Header(**json.loads(page[len(_MAGIC) + 4 : len(_MAGIC) + 4 + length]))
    counts = (header.rows, header.dimensions, header.number, header.mark)
    if any(type(count) is not int for count in counts) or min(header.rows, header.dimensions) < 1:
        raise SnapshotUnusable("its header counts what cannot be counted")
    if type(header.scale) is not float or not 0.0 < header.scale < math.inf:
        raise SnapshotUnusable(f"its scale is {header.scale}")
    if os.fstat(file.fileno()).st_size != header.size:
        raise SnapshotUnusable("it is not whole")
    return header


def vectors_of(
    file: BinaryIO, header: Header, wanted: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Those of these faces that are in the file, and what it has of each, int8 (N, D). wanted: rising."""
    mapped = mmap.mmap(file.fileno(), header.size, access=mmap.ACCESS_READ)
    columns = _mapped(memoryview(mapped), header)
    rows = _rows_of(columns.numbers, wanted)
    return columns.numbers[rows], columns.vectors[rows]


def blank(file: BinaryIO, header: Header, gone: NDArray[np.int64]) -> None:
    """Overwrite the vectors of these faces, where they are in it, and keep the checksums true.

    gone: rising.

    Who has mapped the file sees zeros there, which are similar to nobody.
    """
    mapped = mmap.mmap(file.fileno(), header.size)
    view = memoryview(mapped)
    try:
        numbers = np.frombuffer(view[header.numbers_at :], "<i8", header.rows)
        rows = _rows_of(numbers, gone)
        vectors = np.frombuffer(view[_PAGE:], np.int8, header.rows * header.dimensions)
        vectors.reshape(header.rows, -1)[rows] = 0
        del numbers, vectors
        mapped.flush()
        ends = np.stack([rows, rows + 1]) * header.dimensions - np.array([[0], [1]])
        touched = sorted(set((ends // _BLOCK).ravel().tolist()))
        for number, checksum in zip(touched, _checksums(file, header, touched), strict=True):
            struct.pack_into("<I", mapped, header.checksums_at + 4 * number, checksum)
        mapped.flush()
    finally:
        view.release()
        mapped.close()


@contextlib.contextmanager
def opened_for_change(path: Path) -> Iterator[BinaryIO]:
    """The file, changed by nobody else meanwhile. Raises OSError."""
    with path.open("r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _write_vectors(file: BinaryIO, columns: Iterable[Columns]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    numbers, owners = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
    file.seek(_PAGE)
    for some in columns:
        file.write(np.ascontiguousarray(some.vectors).data)
        numbers.append(np.asarray(some.numbers, "<i8"))
        owners.append(np.asarray(some.owners, "<i4"))
    return np.concatenate(numbers), np.concatenate(owners)


def _checksums(file: BinaryIO, header: Header, blocks: Iterable[int]) -> Iterator[int]:
    for number in blocks:
        start = _PAGE + number * _BLOCK
        file.seek(start)
        yield zlib.crc32(file.read(min(_BLOCK, header.checksums_at - start)))


def _mapped(view: memoryview, header: Header) -> Columns:
    vectors = np.frombuffer(view[_PAGE:], np.int8, header.rows * header.dimensions)
    return Columns(
        vectors.reshape(header.rows, header.dimensions),
        np.frombuffer(view[header.numbers_at :], "<i8", header.rows),
        np.frombuffer(view[header.owners_at :], "<i4", header.rows),
    )


def _rows_of(numbers: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where these faces are; those that are not there are passed over. Both rising."""
    rows = np.searchsorted(numbers, wanted)
    rows = rows[rows < len(numbers)]
    return np.asarray(rows[np.isin(numbers[rows], wanted)], np.intp)


def _packed(header: Header) -> bytes:
    text = json.dumps(asdict(header)).encode()
    page = (_MAGIC + struct.pack("<I", len(text)) + text).ljust(_PAGE - 4, b"\0")
    return page + struct.pack("<I", zlib.crc32(page))


def _whole(size: int) -> int:
    return -(-size // _PAGE) * _PAGE


def _sweep(path: Path) -> None:
    """Remove what a process that was killed left unfinished: templates are in it."""
    for left in path.parent.glob(f"{path.name}.*"):
        owner = left.suffix[1:]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            left.unlink(missing_ok=True)
