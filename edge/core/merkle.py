"""One number that stands for all rows of a gallery, and changes with any of them: a Merkle root.

A person belongs to one of 4,096 buckets, by the first 12 bits of the SHA-256 of the id. Bottom up:

    bucket  SHA-256( 00 | for each row, by (person, face): person 00 face 00 digest )
    node    SHA-256( 01 | its 16 children )       256 of them, above these 16, above these the root

`digest` is the SHA-256 of the row, 32 bytes; the row of the person itself has the face "". The first byte
keeps a bucket from being taken for a node, as in RFC 6962. When a row changes, its bucket is hashed anew,
and three nodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

BUCKETS = 4096
FAN_OUT = 16
DIGEST_BYTES = 32

Leaf: TypeAlias = tuple[str, str, bytes]
"""Person, face (or ""), and the digest of that row."""


def bucket_of(person: str) -> int:
    """0..4095."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:2], "big") >> 4


def bucket_hash(rows: Iterable[Leaf]) -> bytes:
    """rows: of one bucket, rising by (person, face). 32 bytes."""
    hashed = hashlib.sha256(b"\0")
    for person, face, digest in rows:
        hashed.update(f"{person}\0{face}\0".encode())
        hashed.update(digest)
    return hashed.digest()


EMPTY_BUCKET = bucket_hash(())


@dataclass(frozen=True, slots=True)
class Tree:
    """levels: the hashes of the buckets, of their nodes, of the nodes above, and the root, 32 bytes each."""

    levels: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, buckets: Mapping[int, bytes]) -> Tree:
        """buckets: the hash of each that is not empty."""
        return EMPTY.with_buckets(buckets)

    @property
    def root(self) -> str:
        """64 hexadecimal digits."""
        return self.levels[-1].hex()

    def with_buckets(self, changed: Mapping[int, bytes]) -> Tree:
        """The tree in which these buckets have these hashes. Raises ValueError for a number that is none."""
        if not all(0 <= bucket < BUCKETS for bucket in changed):
            raise ValueError(f"a bucket is a number of 0 to {BUCKETS - 1}")
        hashes = dict(changed)
        levels = []
        for level in self.levels:
            renewed = bytearray(level)
            for place, hashed in hashes.items():
                renewed[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES] = hashed
            levels.append(bytes(renewed))
            hashes = {place: _node(renewed, place) for place in {one // FAN_OUT for one in hashes}}
        return Tree(tuple(levels))


def _node(level: bytes | bytearray, place: int) -> bytes:
    width = FAN_OUT * DIGEST_BYTES
    return hashlib.sha256(b"\1" + level[place * width : (place + 1) * width]).digest()


def _empty() -> Tree:
    levels = [EMPTY_BUCKET * BUCKETS]
    while len(levels[-1]) > DIGEST_BYTES:
        node = hashlib.sha256(b"\1" + levels[-1][: FAN_OUT * DIGEST_BYTES]).digest()
        levels.append(node * (len(levels[-1]) // DIGEST_BYTES // FAN_OUT))
    return Tree(tuple(levels))


EMPTY = _empty()
"""Of a gallery with nobody in it."""
