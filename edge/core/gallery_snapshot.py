"""A whole gallery as one file, and the chunks it travels in.

The file is gzip (RFC 1952, without a time) of the rows' lines, each ended by a line feed, rising by bucket,
person and face: whoever reads it can compute the Merkle root and compare it with what there is in passing.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator

from edge.core.gallery_rows import MOST_SEALED, Key, Row, order, read_row
from edge.core.merkle import DIGEST_BYTES, Tree, bucket_hash, bucket_of
from edge.errors import MessageMalformed

CHUNK_BYTES = 96 * 1024
"""Of data in each chunk but the last."""
WINDOW = 16
"""Chunks asked for at a time."""
_LONGEST_LINE = 2 * MOST_SEALED
_GZIP = 31
_BLOCK = 1 << 16


def packed(lines: Iterable[bytes], level: int = 1) -> Iterator[bytes]:
    """The file, piece by piece. lines: in order, without their ends. level: of compression, 1..9; what is
    sealed cannot be compressed but for its base64, so more than 1 gains next to nothing."""
    deflate = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
    for line in lines:
        if piece := deflate.compress(line + b"\n"):
            yield piece
    yield deflate.flush()


def unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a file. Raises MessageMalformed for what is not gzip, cut short, or not lines."""
    rest = b""
    for block in _inflated(pieces):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
        if len(rest) > _LONGEST_LINE:
            raise MessageMalformed(f"a line of the snapshot has more than {_LONGEST_LINE} bytes")
    if rest:
        raise MessageMalformed("the last line of the snapshot has no end; fetch it again")


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """In blocks of a bounded size, however far a piece inflates."""
    inflate = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            while piece:
                if inflate.eof:
                    raise MessageMalformed("the snapshot goes on behind its end; fetch it again")
                yield inflate.decompress(piece, _BLOCK)
                piece = inflate.unconsumed_tail or inflate.unused_data
        yield inflate.flush()
    except zlib.error as error:
        raise MessageMalformed(f"the snapshot is not gzip ({error}); fetch it again") from error
    if not inflate.eof:
        raise MessageMalformed("the snapshot ends too early; fetch it again")


def read_line(line: bytes) -> Row:
    """The row of a line. Raises MessageMalformed.

    Whether it is spelled as it has to be shows in the root: the digest of a row is that of its line.
    """
    try:
        return read_row(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise MessageMalformed("a line of the snapshot is not JSON; fetch it again") from error


class Reading:
    """Follows the lines of a snapshot: their order, how many people they are, and the Merkle tree."""

    def __init__(self) -> None:
        self.people = 0
        self._last: tuple[int, str, str] = (-1, "", "")
        self._bucket: list[tuple[str, str, bytes]] = []
        self._hashes: dict[int, bytes] = {}

    def take(self, key: Key, digest: bytes) -> None:
        """The next row. Raises MessageMalformed for one out of order, and for a face of nobody."""
        place = order(key)
        if place <= self._last:
            raise MessageMalformed("the rows of the snapshot are out of order; fetch it again")
        if key[1] and key[0] != self._last[1]:
            raise MessageMalformed("the snapshot has a face of a person it does not have; fetch it again")
        if place[0] != self._last[0]:
            self._close()
        self._last = place
        self._bucket.append((*key, digest))
        self.people += not key[1]

    def tree(self) -> Tree:
        """Of all rows taken."""
        self._close()
        return Tree.of(self._hashes)

    def _close(self) -> None:
        if self._bucket:
            self._hashes[self._last[0]] = bucket_hash(self._bucket)
            self._bucket = []


def chunk_count(size: int) -> int:
    """Of a file of so many bytes."""
    return -(-size // CHUNK_BYTES)


def transfer(sha256: str) -> str:
    """How the chunks of a file are named in their topics. sha256: of the file, hexadecimal."""
    return sha256[:16]


def chunk(data: bytes) -> bytes:
    """The payload of one chunk: its SHA-256, then itself."""
    return hashlib.sha256(data).digest() + data


def opened_chunk(payload: bytes) -> bytes:
    """The data of a chunk. Raises MessageMalformed when it was cut or changed."""
    data = payload[DIGEST_BYTES:]
    if not 0 < len(data) <= CHUNK_BYTES or hashlib.sha256(data).digest() != payload[:DIGEST_BYTES]:
        raise MessageMalformed(f"a chunk of {len(payload)} bytes is not what its digest says; send it again")
    return data


def rows_tree(rows: Iterable[tuple[str, str, bytes]]) -> Tree:
    """The tree of rows in any order: person, face, digest."""
    buckets: dict[int, list[tuple[str, str, bytes]]] = {}
    for row in rows:
        buckets.setdefault(bucket_of(row[0]), []).append(row)
    return Tree.of({bucket: bucket_hash(sorted(some)) for bucket, some in buckets.items()})
