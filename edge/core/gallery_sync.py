"""What hub and device say to each other about a gallery; `gallery_bodies` reads it.

A gallery has an epoch and a version, both from 1 on; a device that has nothing has 0. Versions rise by one
with each change and go on rising through epochs. Nothing makes a device go back: a lower (epoch, version) is
passed over, and a higher epoch counts only when a root key says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from edge.core.events import Json
from edge.core.face import PersonId
from edge.core.gallery_rows import Op, PersonRow, Removal, Row, written
from edge.core.merkle import EMPTY

HEAD = "gallery.head"
EPOCH = "gallery.epoch"
DELTA = "gallery.delta"
REQUEST = "gallery.request"
ACK = "gallery.ack"
RECEIPT = "gallery.receipt"
OFFER = "gallery.offer"
DELTA_BYTES = 128 * 1024
"""The longest message with a delta."""
NO_MODEL = "none"
"""The model of a gallery without faces."""
RECEIPT_PEOPLE = 200
"""The most that one receipt names."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A state of a gallery; later ones are greater."""

    epoch: int
    version: int


@dataclass(frozen=True, slots=True)
class Have:
    """What a device has of a gallery. count: people. root: of all its rows."""

    gallery: str
    epoch: int = 0
    version: int = 0
    root: str = EMPTY.root
    count: int = 0

    @property
    def mark(self) -> Mark:
        return Mark(self.epoch, self.version)


@dataclass(frozen=True, slots=True)
class SnapshotRef:
    """A file with all rows of a version. sha256: of the file, hexadecimal. bytes: its size."""

    version: int
    root: str
    count: int
    sha256: str
    bytes: int

    def body(self) -> dict[str, Json]:
        return {
            "version": self.version,
            "root": self.root,
            "count": self.count,
            "sha256": self.sha256,
            "bytes": self.bytes,
        }


@dataclass(frozen=True, slots=True)
class Changing:
    """The snapshot of an epoch that a device is on its way to."""

    epoch: int
    ref: SnapshotRef

    @property
    def mark(self) -> Mark:
        return Mark(self.epoch, self.ref.version)


@dataclass(frozen=True, slots=True)
class Head:
    """How a gallery stands. model: whose templates new faces have. min_delta: from this version of the epoch
    on there are deltas. epoch_proof: an envelope of type `gallery.epoch` that a root key signed."""

    gallery: str
    epoch: int
    version: int
    root: str
    count: int
    model: str
    min_delta: int
    snapshot: SnapshotRef | None = None
    epoch_proof: dict[str, Json] | None = None

    @property
    def mark(self) -> Mark:
        return Mark(self.epoch, self.version)

    def body(self) -> dict[str, Json]:
        proof: dict[str, Json] = {} if self.epoch_proof is None else {"epoch_proof": self.epoch_proof}
        return {
            "gallery": self.gallery,
            "epoch": self.epoch,
            "version": self.version,
            "root": self.root,
            "count": self.count,
            "model": self.model,
            "min_delta": self.min_delta,
            "snapshot": None if self.snapshot is None else self.snapshot.body(),
            **proof,
        }


@dataclass(frozen=True, slots=True)
class Delta:
    """The way from one version to a later one. ops: at most one for each row."""

    gallery: str
    epoch: int
    from_version: int
    to_version: int
    prev_root: str
    root: str
    ops: tuple[Op, ...] = field(repr=False)

    @property
    def mark(self) -> Mark:
        """What it leads to."""
        return Mark(self.epoch, self.to_version)

    @property
    def denied(self) -> tuple[PersonId, ...]:
        """Whom it revokes or removes."""
        return tuple(
            PersonId(op.person)
            for op in self.ops
            if (isinstance(op, PersonRow) and op.revoked) or (isinstance(op, Removal) and not op.face)
        )

    def body(self) -> dict[str, Json]:
        return {
            "gallery": self.gallery,
            "epoch": self.epoch,
            "from": self.from_version,
            "to": self.to_version,
            "prev_root": self.prev_root,
            "root": self.root,
            "ops": [written(op) for op in self.ops],
        }


@dataclass(frozen=True, slots=True)
class DeltasWanted:
    """The device asks for all deltas after version `have`, whose root is `root`."""

    gallery: str
    epoch: int
    have: int
    root: str

    def body(self) -> dict[str, Json]:
        return {
            "gallery": self.gallery,
            "want": "deltas",
            "epoch": self.epoch,
            "have": self.have,
            "root": self.root,
        }


@dataclass(frozen=True, slots=True)
class ChunksWanted:
    """The device asks for chunks of a snapshot. first: the number of the first one. count: 1..16."""

    gallery: str
    version: int
    sha256: str
    first: int
    count: int

    def body(self) -> dict[str, Json]:
        return {
            "gallery": self.gallery,
            "want": "snapshot",
            "version": self.version,
            "sha256": self.sha256,
            "from": self.first,
            "count": self.count,
        }


@dataclass(frozen=True, slots=True)
class SnapshotWanted:
    """The device cannot follow by deltas: it asks for a head with a snapshot."""

    gallery: str
    epoch: int
    have: int

    def body(self) -> dict[str, Json]:
        return {"gallery": self.gallery, "want": "prepare", "epoch": self.epoch, "have": self.have}


Request: TypeAlias = DeltasWanted | ChunksWanted | SnapshotWanted


@dataclass(frozen=True, slots=True)
class GalleryAck:
    """The device has this version, and computed this root itself. count: people. ms: what it took."""

    gallery: str
    epoch: int
    version: int
    root: str
    count: int
    ms: int = 0

    @property
    def mark(self) -> Mark:
        return Mark(self.epoch, self.version)

    def body(self) -> dict[str, Json]:
        return {
            "gallery": self.gallery,
            "epoch": self.epoch,
            "version": self.version,
            "root": self.root,
            "count": self.count,
            "ms": self.ms,
        }


@dataclass(frozen=True, slots=True)
class Receipt:
    """These people are erased here, also from the write-ahead log. version, root: what the device has since.
    person_hashes: of each, `gallery_rows.person_hash`."""

    gallery: str
    version: int
    root: str
    person_hashes: tuple[str, ...]

    def body(self) -> dict[str, Json]:
        return {
            "gallery": self.gallery,
            "version": self.version,
            "root": self.root,
            "person_hashes": [*self.person_hashes],
        }


@dataclass(frozen=True, slots=True)
class Offer:
    """A person enrolled at a device, for the hub to take over. rows: the person's own, then the faces."""

    gallery: str
    rows: tuple[Row, ...] = field(repr=False)

    def body(self) -> dict[str, Json]:
        return {"gallery": self.gallery, "ops": [written(row) for row in self.rows]}
