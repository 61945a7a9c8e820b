"""The copy of a gallery of the hub, in the tables where all people are; see service/GALLERY_SYNC.md."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from edge.core.face import PersonId
from edge.core.gallery_following import Fit, fit
from edge.core.gallery_rows import Removal, digest
from edge.core.gallery_sync import Changing, Delta, Have, Head, Mark, SnapshotRef
from edge.core.merkle import Tree, bucket_of
from edge.core.person import PersonRecord
from edge.errors import MessageMalformed, RootMismatch, StoreCorrupt
from edge.store import people, spare, sync_replacement, sync_revocations, sync_rows
from edge.store.database import Database
from edge.store.erasure import erase
from edge.store.revision import change
from edge.store.sync_replacement import Job
from edge.store.sync_rows import Unseal
from edge.store.sync_staging import Staging
from edge.store.sync_tables import is_managed


def _now() -> datetime:
    return datetime.now(UTC)


class SyncedGallery:
    """The copy of `gallery`. Belongs to one thread; for `revoke`, others open one each.

    database: of its own, opened durable. unseal: opens the sealed parts of rows.
    """

    def __init__(
        self,
        database: Database,
        gallery: str,
        unseal: Unseal,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        utc: Callable[[], datetime] = _now,
    ) -> None:
        self.gallery = gallery
        self._database = database
        self._unseal = unseal
        self._monotonic = monotonic
        self._utc = utc
        self._staging = Staging(database.path)
        self._kept: Tree | None = None
        self._steps: Iterator[float] | None = None
        self._must_erase = True

    def have(self) -> Have:
        """How far the copy is. While it is `changing`, how far it was before."""
        row = self._database.row("SELECT gallery, epoch, version, people FROM synced_gallery")
        root = self._tree().root
        if row is None:
            return Have(self.gallery, root=root)
        if row[0] != self.gallery:
            # Of another gallery: what is not in this one goes with the first snapshot.
            return Have(self.gallery, root=root, count=row[3])
        return Have(self.gallery, row[1], row[2], root, row[3])

    def changing(self) -> Changing | None:
        """The snapshot that the copy is on its way to; only `replace` leads further then."""
        row = self._database.row("SELECT changing FROM synced_gallery")
        if row is None or row[0] is None:
            return None
        try:
            read = json.loads(row[0])
            if read.pop("gallery") != self.gallery:
                return None
            return Changing(read.pop("epoch"), SnapshotRef(**read))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreCorrupt(f"the store holds {row[0]!r:.60} in place of a snapshot") from error

    def apply(self, delta: Delta) -> Have:
        """Do all that a delta says, in one transaction. Returns what there is then.

        Raises RootMismatch when it does not fit or leads to another root than it says, SealBroken,
        MessageMalformed and ModelMismatch for rows that cannot be taken, StoreError; then nothing has
        changed.
        """
        rows = [(op, digest(op)) for op in delta.ops if not isinstance(op, Removal)]
        opened = sync_rows.opened(rows, self.gallery, self._unseal)
        removed = [op.key for op in delta.ops if isinstance(op, Removal)]
        spare.require(self._database.path)
        try:
            with change(self._database):
                if self.changing() is not None or fit(self.have(), delta) is not Fit.APPLIES:
                    raise RootMismatch(f"delta to version {delta.to_version} does not begin at what is here")
                sync_rows.remove(self._database, self.gallery, removed)
                sync_rows.put(self._database, opened, self._utc())
                touched = {bucket_of(op.person) for op in delta.ops}
                tree = self._tree().with_buckets(sync_rows.bucket_hashes(self._database, touched))
                if tree.root != delta.root:
                    raise RootMismatch(
                        f"delta to version {delta.to_version} of gallery {self.gallery} leads to other rows"
                        " than those its root stands for; a snapshot is fetched"
                    )
                self._reach(delta.mark, tree)
        except sqlite3.IntegrityError as error:
            raise MessageMalformed(f"rows of a delta contradict each other ({error})") from error
        self._kept = tree
        self._must_erase |= bool(removed)
        return self.have()

    def adopt(self, head: Head) -> Have:
        """The rows are those of a later head: take over its epoch and version. Raises RootMismatch."""
        with change(self._database):
            have = self.have()
            if self.changing() is not None or head.root != have.root or head.mark < have.mark:
                raise RootMismatch(f"version {head.version} of gallery {self.gallery} has other rows")
            self._reach(head.mark, self._tree())
        return self.have()

    def revoke(self, person: PersonId, mark: Mark, *, contained: bool) -> bool:
        """Refuse somebody from now on, known or not. Returns whether the person is known.

        contained: the gallery has the revocation at `mark`, and the person stays revoked until the copy is
        there; else at some later version, and the person stays revoked until its row is, or is gone. Who is
        not the hub's stays revoked until somebody here says otherwise.
        """
        with change(self._database):
            is_covered = contained and self.changing() is None and mark <= self._reached()
            if is_covered and is_managed(self._database, person):
                return True
            return sync_revocations.remember(self._database, person, mark, contained=contained)

    def deny(self, people: Sequence[PersonId], mark: Mark) -> None:
        """Revoke people all together; the gallery has it, or has them no more, at `mark`."""
        with self._database.transaction():
            for person in people:
                self.revoke(person, mark, contained=True)

    def staged(self, ref: SnapshotRef) -> int:
        """How many chunks of a snapshot are here, from the first one on."""
        return self._staging.count(ref)

    def stage(self, ref: SnapshotRef, index: int, data: bytes) -> int:
        """Keep a chunk, also across restarts; one that leaves a gap is passed over.

        Returns how many there are. Another snapshot that was staged is dropped. Raises MessageMalformed for a
        chunk of another size, StoreError.
        """
        return self._staging.add(ref, index, data)

    def drop_staged(self) -> None:
        self._staging.drop()
        self._steps = None

    def replace(self, target: Changing) -> None:
        """Begin, or go on, to make the copy what a staged snapshot has; `step` does it."""
        self._steps = self._replacing(target)

    def step(self) -> float | None:
        """Do the next bit of it. Returns how long to pause before the next one, in seconds; None when done.

        Raises RootMismatch and MessageMalformed for a file that is not the snapshot: it is dropped, and
        nothing has changed. Raises SealBroken, ModelMismatch, StoreError: who is to be refused is, as far as
        that was reached, and `replace` begins anew.
        """
        if self._steps is None:
            return None
        try:
            return next(self._steps)
        except StopIteration:
            self._steps = None
            return None
        except Exception:
            self._steps = None
            raise

    def receipts(self, limit: int) -> Sequence[str]:
        """Whose erasure is complete and not told yet, as `gallery_rows.person_hash`."""
        sql = "SELECT person_hash FROM synced_receipts ORDER BY person_hash LIMIT ?"
        owed = [row[0] for row in self._database.rows(sql, (limit,))]
        if not (owed or self._must_erase) or self.changing() is not None:
            return []
        self._must_erase = self._must_erase and not erase(self._database)
        return [] if self._must_erase else owed

    def receipts_given(self, told: Sequence[str]) -> None:
        """The hub hears of these."""
        with self._database.transaction():
            self._database.insert_all(
                "DELETE FROM synced_receipts WHERE person_hash = ?", [(one,) for one in told]
            )

    def enrolled_here(self, after: str, limit: int) -> list[PersonRecord]:
        """The next people whom the hub does not manage, in the order of their ids, with their faces."""
        rows = self._database.rows(
            "SELECT id FROM people WHERE NOT managed AND id > ? ORDER BY id LIMIT ?", (after, limit)
        )
        return [people.record(self._database, people.person(self._database, row[0])) for row in rows]

    def _replacing(self, target: Changing) -> Iterator[float]:
        job = Job(
            self._database, self._staging, self.gallery, target.ref, self._unseal, self._monotonic, self._utc
        )
        try:
            yield from sync_replacement.checked(job)
        except (RootMismatch, MessageMalformed):
            self._staging.drop()
            raise
        self._begin(target)
        yield from sync_replacement.replaced(job)
        tree = sync_replacement.tree(self._database)
        if tree.root != target.ref.root:
            raise StoreCorrupt(
                f"gallery {self.gallery} did not become what its snapshot has; it is tried again"
            )
        with change(self._database):
            self._reach(target.mark, tree)
        self._kept = tree
        self._must_erase = True
        self._staging.drop()

    def _begin(self, target: Changing) -> None:
        told = json.dumps({"gallery": self.gallery, "epoch": target.epoch, **target.ref.body()})
        with self._database.transaction():
            self._database.execute(
                "INSERT OR IGNORE INTO synced_gallery VALUES (0, ?, 0, 0, ?, 0, NULL)",
                (self.gallery, self._tree().root),
            )
            self._database.execute("UPDATE synced_gallery SET changing = ?", (told,))

    def _reach(self, mark: Mark, tree: Tree) -> None:
        """Within a change: the copy has all rows of a version."""
        (count,) = self._database.rows("SELECT count(*) FROM synced_rows WHERE face = ''")[0]
        self._database.execute(
            "INSERT OR REPLACE INTO synced_gallery VALUES (0, ?, ?, ?, ?, ?, NULL)",
            (self.gallery, mark.epoch, mark.version, tree.root, count),
        )
        sync_revocations.forget_covered(self._database, mark)

    def _reached(self) -> Mark:
        row = self._database.row("SELECT gallery, epoch, version FROM synced_gallery")
        return Mark(0, 0) if row is None or row[0] != self.gallery else Mark(*row[1:])

    def _tree(self) -> Tree:
        if self._kept is None:
            self._kept = sync_replacement.tree(self._database)
        return self._kept
