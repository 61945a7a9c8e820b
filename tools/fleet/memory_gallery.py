"""The copy of a gallery that a virtual door keeps: in memory, and shared with the doors that have the same.

It does all that a real one does but for templates: those are opened to see that they can be, and dropped.
A thousand doors that follow one gallery have the same rows most of the time, so what the first of them has
computed and compared with its root, the others take over.
"""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from edge.core.face import PersonId
from edge.core.gallery_following import Fit, fit
from edge.core.gallery_rows import (
    FaceRow,
    Key,
    PersonRow,
    Removal,
    Row,
    Secrets,
    about,
    digest,
    person_hash,
)
from edge.core.gallery_snapshot import CHUNK_BYTES, Reading, chunk_count, read_line, unpacked
from edge.core.gallery_sync import Changing, Delta, Have, Head, Mark, SnapshotRef
from edge.core.merkle import EMPTY, Tree, bucket_hash, bucket_of
from edge.core.person import PersonRecord
from edge.core.policy import Standing
from edge.core.wire_template import unpack
from edge.errors import MessageMalformed, RootMismatch

Unseal = Callable[[bytes, bytes], bytes]


class Rows:
    """All rows of one version; never changed. Those of a bucket are together."""

    def __init__(self, buckets: Mapping[int, Mapping[Key, Row]], tree: Tree) -> None:
        self.buckets = buckets
        self.tree = tree
        self.people = sum(
            isinstance(row, PersonRow) for bucket in buckets.values() for row in bucket.values()
        )

    def of(self, person: str) -> PersonRow | None:
        row = self.buckets.get(bucket_of(person), {}).get((person, ""))
        return row if isinstance(row, PersonRow) else None

    def keys(self) -> set[Key]:
        return {key for bucket in self.buckets.values() for key in bucket}


NOTHING = Rows(MappingProxyType({}), EMPTY)
_shared: weakref.WeakValueDictionary[str, Rows] = weakref.WeakValueDictionary()
"""By their root: who has the same root has the same rows."""


class MemoryGallery:
    """`roster.SyncedGallery` without a disk. unseal: opens the sealed parts of rows; None does not look."""

    def __init__(self, gallery: str, unseal: Unseal | None = None) -> None:
        self.gallery = gallery
        self._unseal = unseal
        self._rows = NOTHING
        self._mark = Mark(0, 0)
        self._ahead: dict[str, tuple[Mark, bool]] = {}
        self._erased: list[str] = []
        self._ref: SnapshotRef | None = None
        self._chunks: list[bytes] = []
        self._steps: Iterator[float] | None = None

    def have(self) -> Have:
        return Have(
            self.gallery, self._mark.epoch, self._mark.version, self._rows.tree.root, self._rows.people
        )

    def changing(self) -> Changing | None:
        """Never: a snapshot takes the place of what was there in one moment."""
        return None

    def standing(self, person: PersonId) -> Standing | None:
        """What the door's policy asks."""
        row = self._rows.of(person)
        if row is None:
            return None
        return Standing(person, row.valid_from, row.valid_until, row.revoked or person in self._ahead)

    def apply(self, delta: Delta) -> Have:
        if fit(self.have(), delta) is not Fit.APPLIES:
            raise RootMismatch(f"delta to version {delta.to_version} does not begin at what is here")
        rows = _shared.get(delta.root)
        if rows is None:
            rows = self._after(delta)
            _shared[delta.root] = rows
        gone = [op.person for op in delta.ops if isinstance(op, Removal) and not op.face]
        self._reach(delta.mark, rows, [person for person in gone if self._rows.of(person) is not None])
        return self.have()

    def adopt(self, head: Head) -> Have:
        if head.root != self._rows.tree.root or head.mark < self._mark:
            raise RootMismatch(f"version {head.version} of gallery {self.gallery} has other rows")
        self._reach(head.mark, self._rows, ())
        return self.have()

    def revoke(self, person: PersonId, mark: Mark, *, contained: bool) -> bool:
        known = self._rows.of(person) is not None
        if not (contained and mark <= self._mark):
            before = self._ahead.get(person, (Mark(0, 0), True))
            # At equal marks what is not contained is the stronger one.
            if (mark, not contained) > (before[0], not before[1]):
                self._ahead[person] = (mark, contained)
        return known

    def deny(self, people: Sequence[PersonId], mark: Mark) -> None:
        for person in people:
            self.revoke(person, mark, contained=True)

    def staged(self, ref: SnapshotRef) -> int:
        return len(self._chunks) if ref == self._ref else 0

    def stage(self, ref: SnapshotRef, index: int, data: bytes) -> int:
        if index != self.staged(ref) or index == chunk_count(ref.bytes):
            return self.staged(ref)
        if len(data) != min(CHUNK_BYTES, ref.bytes - index * CHUNK_BYTES):
            raise MessageMalformed(f"chunk {index} of the snapshot has {len(data)} bytes, not what it should")
        if index == 0:
            self._ref, self._chunks = ref, []
        self._chunks.append(data)
        return len(self._chunks)

    def drop_staged(self) -> None:
        self._ref, self._chunks, self._steps = None, [], None

    def replace(self, target: Changing) -> None:
        self._steps = self._replacing(target)

    def step(self) -> float | None:
        if self._steps is None:
            return None
        try:
            return next(self._steps)
        except StopIteration:
            self._steps = None
        except Exception:
            self._steps = None
            raise
        return None

    def receipts(self, limit: int) -> Sequence[str]:
        return self._erased[:limit]

    def receipts_given(self, told: Sequence[str]) -> None:
        self._erased = [one for one in self._erased if one not in set(told)]

    def enrolled_here(self, after: str, limit: int) -> Sequence[PersonRecord]:
        """Nobody: a virtual door has no camera."""
        return []

    def _after(self, delta: Delta) -> Rows:
        touched = {bucket_of(op.person) for op in delta.ops}
        changed = {bucket: dict(self._rows.buckets.get(bucket, {})) for bucket in touched}
        for op in delta.ops:
            if isinstance(op, Removal):
                bucket = changed[bucket_of(op.person)]
                gone = [key for key in bucket if key == op.key or (not op.face and key[0] == op.person)]
                for key in gone:
                    del bucket[key]
        for op in sorted((op for op in delta.ops if not isinstance(op, Removal)), key=lambda op: op.key):
            bucket = changed[bucket_of(op.person)]
            if isinstance(op, FaceRow) and (op.person, "") not in bucket:
                raise MessageMalformed(f"there is a face of person {op.person}, who is not there")
            self._open(op)
            bucket[op.key] = op
        tree = self._rows.tree.with_buckets(
            {bucket: _hash(rows.values()) for bucket, rows in changed.items()}
        )
        if tree.root != delta.root:
            raise RootMismatch(f"delta to version {delta.to_version} leads to other rows than its root says")
        return Rows({**self._rows.buckets, **changed}, tree)

    def _replacing(self, target: Changing) -> Iterator[float]:
        ref = target.ref
        rows = _shared.get(ref.root)
        try:
            if rows is None:
                rows = _read(ref, self._chunks)
                for bucket in rows.buckets.values():
                    for row in bucket.values():
                        self._open(row)
                _shared[ref.root] = rows
            elif hashlib.sha256(b"".join(self._chunks)).hexdigest() != ref.sha256:
                raise RootMismatch(f"the snapshot of gallery {self.gallery} is not the one announced")
        except (RootMismatch, MessageMalformed):
            self.drop_staged()
            raise
        yield 0.0
        gone = {person for person, _ in self._rows.keys() - rows.keys() if rows.of(person) is None}
        self._reach(target.mark, rows, sorted(gone))
        self.drop_staged()

    def _reach(self, mark: Mark, rows: Rows, gone: Iterable[str]) -> None:
        self._erased += [person_hash(self.gallery, person) for person in gone]
        self._mark, self._rows = mark, rows
        for person, (revoked_at, contained) in list(self._ahead.items()):
            row = rows.of(person)
            if (contained and revoked_at <= mark) or (
                not contained and revoked_at < mark and (row is None or row.revoked)
            ):
                del self._ahead[person]

    def _open(self, row: Row) -> None:
        if self._unseal is None:
            return
        if isinstance(row, FaceRow):
            unpack(self._unseal(row.sealed, about(self.gallery, row.person, row.face, row.model)))
        else:
            Secrets.from_bytes(self._unseal(row.sealed, about(self.gallery, row.person)))


def _read(ref: SnapshotRef, chunks: Sequence[bytes]) -> Rows:
    hashed = hashlib.sha256()
    for one in chunks:
        hashed.update(one)
    reading = Reading()
    buckets: dict[int, dict[Key, Row]] = {}
    for text in unpacked(chunks):
        row = read_line(text)
        reading.take(row.key, hashlib.sha256(text).digest())
        buckets.setdefault(bucket_of(row.person), {})[row.key] = row
    tree = reading.tree()
    if hashed.hexdigest() != ref.sha256 or tree.root != ref.root or reading.people != ref.count:
        raise RootMismatch("the snapshot is not the one that was announced; it is fetched again")
    return Rows(buckets, tree)


def _hash(rows: Iterable[Row]) -> bytes:
    return bucket_hash((*row.key, digest(row)) for row in sorted(rows, key=lambda row: row.key))
