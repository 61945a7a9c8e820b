"""The digests of all rows of a gallery in memory, so that each change tells the new root at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from edge.core.gallery_rows import Key, Op, Removal, digest
from edge.core.merkle import EMPTY, Tree, bucket_hash, bucket_of


class KnownRows:
    """Belongs to one thread. people: how many there are."""

    def __init__(self) -> None:
        self._buckets: dict[int, dict[Key, bytes]] = {}
        self._tree = EMPTY
        self.people = 0

    @classmethod
    def of(cls, rows: Iterable[tuple[int, str, str, str]]) -> KnownRows:
        """rows: bucket, person, face, and the row's line."""
        known = cls()
        for bucket, person, face, line in rows:
            row_digest = hashlib.sha256(line.encode()).digest()
            known._buckets.setdefault(bucket, {})[person, face] = row_digest
            known.people += not face
        known._tree = Tree.of({bucket: _hash(some) for bucket, some in known._buckets.items()})
        return known

    @property
    def root(self) -> str:
        return self._tree.root

    def has(self, key: Key) -> bool:
        return key in self._buckets.get(bucket_of(key[0]), {})

    def changes(self, op: Op) -> bool:
        """Whether the operation would change anything."""
        if isinstance(op, Removal):
            return self.has(op.key)
        return self._buckets.get(bucket_of(op.person), {}).get(op.key) != digest(op)

    def apply(self, ops: Iterable[Op]) -> None:
        touched: set[int] = set()
        for op in ops:
            bucket = bucket_of(op.person)
            rows = self._buckets.setdefault(bucket, {})
            touched.add(bucket)
            if isinstance(op, Removal):
                self._remove(rows, op)
            else:
                self.people += not op.key[1] and op.key not in rows
                rows[op.key] = digest(op)
        self._tree = self._tree.with_buckets({bucket: _hash(self._buckets[bucket]) for bucket in touched})

    def _remove(self, rows: dict[Key, bytes], op: Removal) -> None:
        gone = [op.key] if op.face else [key for key in rows if key[0] == op.person]
        for key in gone:
            if rows.pop(key, None) is not None:
                self.people -= not key[1]


def _hash(rows: dict[Key, bytes]) -> bytes:
    return bucket_hash((*key, row_digest) for key, row_digest in sorted(rows.items()))
