"""The authoritative galleries: rows sealed as they came, a version for each change, and the way between two.

The hub needs no gallery key: it never opens what is sealed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select, tuple_

from edge.core.events import Json
from edge.core.gallery_bodies import read_epoch
from edge.core.gallery_rows import FaceRow, Op, PersonRow, Removal, read_op, read_row
from edge.core.gallery_sync import NO_MODEL, Delta, Head, Mark, SnapshotRef
from edge.core.merkle import EMPTY, bucket_of
from edge.errors import MessageMalformed, StoreCorrupt
from edge.hub import gallery_tables
from edge.hub.database import insert_new
from edge.hub.gallery_tables import Standing
from edge.hub.known_rows import KnownRows
from edge.hub.merging import Step, cut, merged
from edge.hub.refusal import Refused
from edge.hub.tables import galleries, gallery_rows
from edge.hub.work import Work

SNAPSHOT_OPS = 500
"""After so many operations a new snapshot is made."""


@dataclass(frozen=True, slots=True)
class Change:
    """What came of a change. deltas: told to everybody; none when all was so already."""

    head: Head
    deltas: tuple[Delta, ...] = ()


class HubGallery:
    """Every method raises Refused for what cannot be done as it is asked, in particular for a gallery that is
    not kept here, and StoreError.

    What it remembers between two transactions is compared with the database by its root, so that it does not
    matter when one of them failed.
    """

    def __init__(self) -> None:
        self._known: dict[str, KnownRows] = {}
        self._asked: tuple[str, Mark, Mark, str] | None = None
        self._answer: list[Delta] = []

    def make(self, work: Work, names: Iterable[str]) -> None:
        """See to it that these galleries are there."""
        new = {"epoch": 1, "version": 0, "root": EMPTY.root, "count": 0, "model": NO_MODEL}
        rows = [{"gallery": name, **new, "total": 0, "snapshot_total": 0} for name in names]
        work.connection.execute(insert_new(work.connection, galleries), rows)

    def names(self, work: Work) -> list[str]:
        found = select(galleries.c.gallery).order_by(galleries.c.gallery)
        return list(work.connection.execute(found).scalars())

    def head(self, work: Work, standing: Standing) -> Head:
        return Head(
            standing.gallery,
            standing.epoch,
            standing.version,
            standing.root,
            standing.count,
            standing.model,
            gallery_tables.oldest(work, standing),
            standing.snapshot,
            standing.proof,
        )

    def change(self, work: Work, gallery: str, ops: Sequence[Op], version: int | None = None) -> Change:
        """Put and remove rows. version: the one that the change was meant for; another one is a conflict."""
        standing = gallery_tables.load(work, gallery)
        if version is not None and version != standing.version:
            text = f"{gallery} is at version {standing.version}, not {version}; look again, then decide"
            raise Refused("conflict", text, {"version": standing.version})
        known = self._rows(work, standing)
        wanted = [op for op in _in_order(ops) if known.changes(op)]
        _refuse_ownerless(wanted, known)
        deltas = []
        for piece in cut(wanted):
            before, before_root = standing.version, standing.root
            known.apply(piece)
            standing = replace(
                standing,
                version=before + 1,
                root=known.root,
                count=known.people,
                total=standing.total + len(piece),
                model=next((op.model for op in reversed(piece) if isinstance(op, FaceRow)), standing.model),
            )
            deltas.append(
                Delta(gallery, standing.epoch, before, standing.version, before_root, known.root, piece)
            )
            gallery_tables.store(work, standing, deltas[-1])
        return Change(self.head(work, standing), tuple(deltas))

    def has(self, work: Work, gallery: str, person: str) -> bool:
        return self._person(work, gallery, person) is not None

    def revoke(self, work: Work, gallery: str, person: str) -> Change | None:
        """Mark the person as revoked; None when there is no such person here."""
        text = self._person(work, gallery, person)
        if text is None:
            return None
        row = read_row(json.loads(text))
        assert isinstance(row, PersonRow)
        return self.change(work, gallery, [replace(row, revoked=True)])

    def deltas(self, work: Work, gallery: str, have: Mark, root: str) -> list[Delta] | None:
        """The way from what a device has to how the gallery stands; None when it cannot be gone by deltas."""
        standing = gallery_tables.load(work, gallery)
        if (
            have.epoch != standing.epoch
            or not gallery_tables.oldest(work, standing) <= have.version <= standing.version
        ):
            return None
        # After an outage a thousand devices ask for the same.
        way = (gallery, have, standing.mark, standing.root)
        if way != self._asked:
            found = merged(gallery_tables.steps(work, gallery, have.version))
            self._asked, self._answer = way, [_delta(standing, begin, step) for begin, step in found]
        if (self._answer[0].prev_root if self._answer else standing.root) != root:
            return None
        return self._answer

    def rows(
        self, work: Work, gallery: str, after: tuple[str, str] | None, limit: int
    ) -> list[dict[str, Json]]:
        """A page of the rows, as operations that put them, by bucket, person and face."""
        wanted = select(gallery_rows.c.line).where(gallery_rows.c.gallery == gallery)
        if after is not None:
            place = tuple_(gallery_rows.c.bucket, gallery_rows.c.person, gallery_rows.c.face)
            wanted = wanted.where(place > (bucket_of(after[0]), *after))
        order = (gallery_rows.c.bucket, gallery_rows.c.person, gallery_rows.c.face)
        return [
            json.loads(text)
            for text in work.connection.execute(wanted.order_by(*order).limit(limit)).scalars()
        ]

    def rebase(self, work: Work, gallery: str, proof: dict[str, Json], body: dict[str, Json]) -> Head:
        """Begin a new epoch at the version that the gallery has now, as a root key allowed it.

        proof: the signed envelope. body: its body. Devices that were at a later version follow it back.
        """
        standing = gallery_tables.load(work, gallery)
        named, mark, root = read_epoch(body)
        if (named, mark, root) != (gallery, Mark(standing.epoch + 1, standing.version), standing.root):
            text = f"the proof is not for epoch {standing.epoch + 1} of {gallery} as it stands; sign that"
            detail: dict[str, Json] = {"gallery": gallery, "epoch": standing.epoch + 1}
            raise Refused("conflict", text, detail | {"version": standing.version, "root": standing.root})
        gallery_tables.forget_steps(work, gallery, standing.version)
        is_current = standing.snapshot is not None and standing.snapshot.version == standing.version
        snapshot = standing.snapshot if is_current else None
        standing = replace(standing, epoch=mark.epoch, proof=proof, snapshot=snapshot)
        gallery_tables.save(work, standing)
        return self.head(work, standing)

    def taken(self, work: Work, gallery: str, epoch: int, snapshot: SnapshotRef, total: int) -> Head | None:
        """A snapshot was made; None when it is of no use any more. total: the operations that are in it."""
        standing = gallery_tables.load(work, gallery)
        is_newer = standing.snapshot is None or standing.snapshot.version < snapshot.version
        if epoch != standing.epoch or not is_newer:
            return None
        standing = replace(standing, snapshot=snapshot, snapshot_total=total)
        gallery_tables.save(work, standing)
        return self.head(work, standing)

    def outgrown(self, work: Work) -> list[str]:
        """The galleries with many changes since their newest snapshot, and those without one."""
        c = galleries.c
        many = c.snapshot.is_(None) | (c.total - c.snapshot_total > SNAPSHOT_OPS)
        return list(work.connection.execute(select(c.gallery).where(c.version > 0, many)).scalars())

    def newest_snapshots(self, work: Work) -> set[str]:
        """The SHA-256 of each that a head names."""
        found = work.connection.execute(select(galleries.c.snapshot)).scalars()
        return {json.loads(text)["sha256"] for text in found if text}

    def prune(self, work: Work, gallery: str) -> None:
        """Forget the steps that no device is served any more."""
        oldest = gallery_tables.oldest(work, gallery_tables.load(work, gallery))
        gallery_tables.forget_steps(work, gallery, oldest)

    def _person(self, work: Work, gallery: str, person: str) -> str | None:
        c = gallery_rows.c
        this = (
            (c.gallery == gallery) & (c.bucket == bucket_of(person)) & (c.person == person) & (c.face == "")
        )
        return work.connection.execute(select(c.line).where(this)).scalar()

    def _rows(self, work: Work, standing: Standing) -> KnownRows:
        known = self._known.get(standing.gallery)
        if known is None or known.root != standing.root:
            c = gallery_rows.c
            found = select(c.bucket, c.person, c.face, c.line).where(c.gallery == standing.gallery)
            known = KnownRows.of(tuple(row) for row in work.connection.execute(found))
            if known.root != standing.root:
                raise StoreCorrupt(
                    f"the rows of the gallery {standing.gallery} are not those of its root; restore a backup"
                )
            self._known[standing.gallery] = known
        return known


def _delta(standing: Standing, begin: int, step: Step) -> Delta:
    return Delta(standing.gallery, standing.epoch, begin, step.version, step.prev_root, step.root, step.ops)


def read_ops(value: Json) -> list[Op]:
    """The operations of a request. Raises MessageMalformed."""
    if not isinstance(value, list) or not value:
        raise MessageMalformed("'ops' is a list of at least one operation; correct it")
    return [read_op(one) for one in value]


def _in_order(ops: Sequence[Op]) -> list[Op]:
    """Each row once, removals and people before faces: no face is ever one of nobody."""
    if len({op.key for op in ops}) < len(ops):
        raise Refused("bad_body", "one row is there twice; say how it is to be in the end")
    gone = {op.person for op in ops if isinstance(op, Removal) and not op.face}
    if any(op.person in gone for op in ops if op.key != (op.person, "")):
        raise Refused("bad_body", "somebody is removed whose face is put; do one after the other")
    return sorted(ops, key=lambda op: isinstance(op, FaceRow))


def _refuse_ownerless(ops: Sequence[Op], known: KnownRows) -> None:
    here = {op.person for op in ops if isinstance(op, PersonRow)}
    for op in ops:
        if isinstance(op, FaceRow) and op.person not in here and not known.has((op.person, "")):
            raise Refused("unknown_person", "a face is put of nobody; put the person first")
