"""Make the copy of the hub's gallery what a staged snapshot has, in steps that a crash may come between.

First the file is read whole and compared with its digest and its root. Then, in short transactions: who is
not in it goes and who is revoked in it is refused, and only then the rest is put. What is done already
differs no more from the file, so that whoever begins anew goes on where another was cut short.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from edge.core.events import Json
from edge.core.gallery_rows import Key, order, read_row
from edge.core.gallery_snapshot import Reading, read_line, unpacked
from edge.core.gallery_sync import SnapshotRef
from edge.core.merkle import Tree, bucket_hash
from edge.errors import MessageMalformed, RootMismatch
from edge.store import spare, sync_rows
from edge.store.database import Database
from edge.store.erasure import erase
from edge.store.revision import NEXT, PAUSE_S, change
from edge.store.sync_rows import Unseal
from edge.store.sync_staging import Staging

LONGEST_S = 0.15
"""What a transaction is meant to take: a relock may wait for its end."""
_BLOCK = 500
"""Lines compared with the store at once."""
_CHECKED = 2_000
_FEWEST, _MOST = 250, 8_000
"""Rows put in one transaction."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a replacement needs. monotonic: seconds. utc: aware UTC."""

    database: Database
    staging: Staging
    gallery: str
    ref: SnapshotRef
    unseal: Unseal
    monotonic: Callable[[], float]
    utc: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Line:
    """value: the line as JSON."""

    key: Key
    revoked: bool
    value: dict[str, Json]
    digest: bytes


def checked(job: Job) -> Iterator[float]:
    """Read the file whole; each step says how long to pause after it, in seconds.

    Raises RootMismatch when it is not the one that was announced, MessageMalformed when it cannot be read.
    """
    hashed = hashlib.sha256()
    reading = Reading()

    def pieces() -> Iterator[bytes]:
        for piece in job.staging.pieces(job.ref):
            hashed.update(piece)
            yield piece

    for number, text in enumerate(unpacked(pieces()), 1):
        reading.take(read_line(text).key, hashlib.sha256(text).digest())
        if number % _CHECKED == 0:
            yield 0.0
    is_right = hashed.hexdigest() == job.ref.sha256
    if not is_right or reading.tree().root != job.ref.root or reading.people != job.ref.count:
        raise RootMismatch(
            f"the snapshot of gallery {job.gallery} is not the one that was announced; it is fetched again"
        )


def replaced(job: Job) -> Iterator[float]:
    """Change what differs from a file that was checked. Raises SealBroken, ModelMismatch, StoreError."""
    if job.database.row("SELECT 1 FROM synced_rows LIMIT 1") is not None:
        yield from _deny(job)
    yield from _put(job)


def tree(database: Database) -> Tree:
    """Of all rows there are."""
    hashes: dict[int, bytes] = {}
    last = -1
    sql = "SELECT person, face, digest FROM synced_rows WHERE bucket = ? ORDER BY person, face"
    while (row := database.row("SELECT min(bucket) FROM synced_rows WHERE bucket > ?", (last,))) != (None,):
        assert row is not None
        last = row[0]
        hashes[last] = bucket_hash(database.rows(sql, (last,)))
    return Tree.of(hashes)


def _deny(job: Job) -> Iterator[float]:
    gone: list[Key] = []
    revoked: list[str] = []
    erased = False

    def deny() -> None:
        with change(job.database):
            sync_rows.remove(job.database, job.gallery, gone)
            job.database.insert_all(
                f"UPDATE people SET revoked = 1, version = {NEXT} WHERE id = ?",  # noqa: S608
                [(person,) for person in revoked],
            )
        gone.clear()
        revoked.clear()

    for absent, changed in _differences(job):
        gone += absent
        revoked += [line.key[0] for line in changed if line.revoked]
        erased |= bool(absent)
        if len(gone) + len(revoked) >= _FEWEST:
            deny()
            yield PAUSE_S
        else:
            yield 0.0
    if gone or revoked:
        deny()
        yield PAUSE_S
    if erased:
        erase(job.database)
        yield 0.0


def _put(job: Job) -> Iterator[float]:
    size = _FEWEST
    waiting: list[_Line] = []
    for _, changed in _differences(job):
        waiting += changed
        while len(waiting) >= size:
            took = _put_some(job, waiting[:size])
            del waiting[:size]
            yield PAUSE_S
            size = min(_MOST, max(_FEWEST, int(size * min(4.0, LONGEST_S / max(took, 0.001)))))
        if not changed:
            yield 0.0
    if waiting:
        _put_some(job, waiting)
        yield PAUSE_S


def _put_some(job: Job, lines: list[_Line]) -> float:
    """Returns how long others could not write, in seconds."""
    rows = [(read_row(line.value), line.digest) for line in lines]
    opened = sync_rows.opened(rows, job.gallery, job.unseal)
    spare.require(job.database.path)
    began = job.monotonic()
    try:
        with change(job.database):
            sync_rows.put(job.database, opened, job.utc())
    except sqlite3.IntegrityError as error:
        raise MessageMalformed(f"rows of gallery {job.gallery} contradict each other ({error})") from error
    return job.monotonic() - began


def _differences(job: Job) -> Iterator[tuple[list[Key], list[_Line]]]:
    """Block by block: the rows that are not in the file, and the lines that are not in the store.

    A row that was put, or taken out, while this goes on lies behind it: the two are walked in one order.
    """
    lines = unpacked(job.staging.pieces(job.ref))
    after = (-1, "", "")
    while block := [_line(text) for text in islice(lines, _BLOCK)]:
        upto = order(block[-1].key)
        there = _stored(job.database, after, upto)
        yield (
            list(there.keys() - {line.key for line in block}),
            [line for line in block if there.get(line.key) != line.digest],
        )
        after = upto
    while rest := _stored(job.database, after, None):
        after = max(order(key) for key in rest)
        yield list(rest), []


def _line(text: bytes) -> _Line:
    """Of a file that was checked."""
    row = json.loads(text)
    return _Line(
        (row["person"], row.get("face", "")), row.get("revoked", False), row, hashlib.sha256(text).digest()
    )


def _stored(
    database: Database, after: tuple[int, str, str], upto: tuple[int, str, str] | None
) -> dict[Key, bytes]:
    """The digests of the rows behind one place, up to another, or of the next block."""
    sql = "SELECT person, face, digest FROM synced_rows WHERE (bucket, person, face) > (?, ?, ?)"
    if upto is None:
        rows = database.rows(f"{sql} ORDER BY bucket, person, face LIMIT {_BLOCK}", after)
    else:
        rows = database.rows(f"{sql} AND (bucket, person, face) <= (?, ?, ?)", (*after, *upto))
    return {(person, face): digest for person, face, digest in rows}
