"""How a gallery is kept in the hub's tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, tuple_

from edge.core.events import Json
from edge.core.gallery_rows import FaceRow, PersonRow, Removal, line, read_op, written
from edge.core.gallery_sync import Delta, Mark, SnapshotRef
from edge.core.merkle import bucket_of
from edge.hub.database import put
from edge.hub.merging import Step
from edge.hub.refusal import Refused
from edge.hub.tables import galleries, gallery_rows, gallery_steps
from edge.hub.work import Work, portions
from edge.mqtt.codec import dump_json

MOST_OPS = 1000
"""A device that is further behind takes a snapshot."""
_PORTION = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """How a gallery stands in its tables. total: operations ever, also of earlier epochs. snapshot_total:
    those that are in the newest snapshot."""

    gallery: str
    epoch: int
    version: int
    root: str
    count: int
    model: str
    total: int
    proof: dict[str, Json] | None
    snapshot: SnapshotRef | None
    snapshot_total: int

    @property
    def mark(self) -> Mark:
        return Mark(self.epoch, self.version)


def load(work: Work, gallery: str, *, for_change: bool = True) -> Standing:
    """Raises Refused for a gallery that is not there. for_change: others who change it wait for us."""
    wanted = select(galleries).where(galleries.c.gallery == gallery)
    row = work.connection.execute(wanted.with_for_update() if for_change else wanted).one_or_none()
    if row is None:
        raise Refused("unknown_gallery", f"the hub keeps no gallery {gallery}; name one of hub.galleries")
    snapshot = SnapshotRef(**json.loads(row.snapshot)) if row.snapshot else None
    proof = json.loads(row.proof) if row.proof else None
    return Standing(**{**row._mapping, "snapshot": snapshot, "proof": proof})


def store(work: Work, standing: Standing, delta: Delta) -> None:
    connection, c = work.connection, gallery_rows.c
    of_all = [op.person for op in delta.ops if isinstance(op, Removal) and not op.face]
    of_one = [(op.person, op.face) for op in delta.ops if isinstance(op, Removal) and op.face]
    mine = c.gallery == standing.gallery
    for people in portions(of_all, _PORTION):
        buckets = {bucket_of(person) for person in people}
        connection.execute(delete(gallery_rows).where(mine, c.bucket.in_(buckets), c.person.in_(people)))
    for keys in portions(of_one, _PORTION):
        buckets = {bucket_of(person) for person, _ in keys}
        pair = tuple_(c.person, c.face)
        connection.execute(delete(gallery_rows).where(mine, c.bucket.in_(buckets), pair.in_(keys)))
    rows = [_row(standing.gallery, op) for op in delta.ops if not isinstance(op, Removal)]
    if rows:
        connection.execute(put(connection, gallery_rows), rows)
    step = {
        "gallery": standing.gallery,
        "version": delta.to_version,
        "prev_root": delta.prev_root,
        "root": delta.root,
        "total": standing.total,
        "count": len(delta.ops),
        "ops": dump_json([written(op) for op in delta.ops]).decode(),
    }
    connection.execute(gallery_steps.insert(), step)
    save(work, standing)


def save(work: Work, standing: Standing) -> None:
    row = {
        "epoch": standing.epoch,
        "version": standing.version,
        "root": standing.root,
        "count": standing.count,
        "model": standing.model,
        "total": standing.total,
        "proof": dump_json(standing.proof).decode() if standing.proof else None,
        "snapshot": dump_json(standing.snapshot.body()).decode() if standing.snapshot else None,
        "snapshot_total": standing.snapshot_total,
    }
    this = galleries.update().where(galleries.c.gallery == standing.gallery)
    work.connection.execute(this.values(**row))


def oldest(work: Work, standing: Standing) -> int:
    """From this version on a device can follow by deltas: not many operations, or it has the snapshot."""
    served = standing.total - MOST_OPS
    if standing.snapshot is not None:
        served = min(served, standing.snapshot_total)
    mine = gallery_steps.c.gallery == standing.gallery
    # The first step itself begins one version earlier, and there is no telling how far back that was.
    first = select(func.min(gallery_steps.c.version)).where(mine)
    reached = select(func.min(gallery_steps.c.version)).where(mine, gallery_steps.c.total >= served)
    earliest = work.connection.execute(first).scalar()
    if earliest is None:
        return standing.version
    begins = select(gallery_steps.c.total, gallery_steps.c.count).where(
        mine, gallery_steps.c.version == earliest
    )
    total, count = work.connection.execute(begins).one()
    if total - count >= served:
        return int(earliest) - 1
    return int(work.connection.execute(reached).scalar() or standing.version)


def steps(work: Work, gallery: str, after: int) -> list[Step]:
    """Those that lead beyond that version."""
    wanted = (gallery_steps.c.gallery == gallery) & (gallery_steps.c.version > after)
    rows = work.connection.execute(select(gallery_steps).where(wanted).order_by(gallery_steps.c.version))
    return [_step(row) for row in rows]


def forget_steps(work: Work, gallery: str, upto: int) -> None:
    old = (gallery_steps.c.gallery == gallery) & (gallery_steps.c.version <= upto)
    work.connection.execute(delete(gallery_steps).where(old))


def _row(gallery: str, op: PersonRow | FaceRow) -> dict[str, Any]:
    person, face = op.key
    return {
        "gallery": gallery,
        "bucket": bucket_of(person),
        "person": person,
        "face": face,
        "line": line(op).decode(),
    }


def _step(row: Any) -> Step:
    return Step(row.version, row.prev_root, row.root, tuple(read_op(op) for op in json.loads(row.ops)))
