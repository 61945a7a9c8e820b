"""The authoritative gallery: versions, deltas, snapshots and epochs, on both databases."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import func, select

from edge.core.canonical import canonical
from edge.core.gallery_bodies import read_delta, read_head
from edge.core.gallery_rows import Op, Removal, digest, read_row, written
from edge.core.gallery_snapshot import read_line, rows_tree, unpacked
from edge.core.gallery_sync import DELTA_BYTES, Delta, Head, Mark
from edge.core.merkle import EMPTY
from edge.hub.database import HubDatabase
from edge.hub.gallery import Change, HubGallery
from edge.hub.refusal import Refused
from edge.hub.snapshots import Snapshots
from edge.hub.tables import gallery_steps
from edge.hub.work import Work
from tests.hub.builders import NOON
from tests.hub.people import face, people, person


class Device:
    """What follows a gallery, as simply as can be."""

    def __init__(self) -> None:
        self.mark = Mark(1, 0)
        self.rows: dict[tuple[str, str], Op] = {}

    @property
    def root(self) -> str:
        return rows_tree((*key, digest(row)) for key, row in self.rows.items()).root

    def apply(self, delta: Delta) -> None:
        delta = read_delta(delta.body())
        assert (delta.epoch, delta.from_version, delta.prev_root) == (*self._mark, self.root)
        for op in delta.ops:
            if isinstance(op, Removal):
                gone = [key for key in self.rows if key == op.key or (not op.face and key[0] == op.person)]
                for key in gone:
                    del self.rows[key]
            else:
                self.rows[op.key] = op
        self.mark = delta.mark
        assert self.root == delta.root
        assert len(canonical(delta.body())) < DELTA_BYTES - 2000

    @property
    def _mark(self) -> tuple[int, int]:
        return self.mark.epoch, self.mark.version


class Kept:
    """One gallery of a hub."""

    def __init__(self, database: HubDatabase) -> None:
        self.database = database
        self.gallery = HubGallery()
        self._do(lambda work: self.gallery.make(work, ["main"]))

    def _do(self, what):
        with self.database.transaction() as connection:
            return what(Work(connection, NOON))

    def change(self, *ops: Op, version: int | None = None) -> Change:
        return self._do(lambda work: self.gallery.change(work, "main", ops, version))

    def deltas(self, device: Device) -> list[Delta] | None:
        return self._do(lambda work: self.gallery.deltas(work, "main", device.mark, device.root))

    def revoke(self, name: str) -> Change | None:
        return self._do(lambda work: self.gallery.revoke(work, "main", name))

    def rebase(self, body) -> Head:
        return self._do(lambda work: self.gallery.rebase(work, "main", {"sig": "of root"}, body))

    def prune(self) -> None:
        self._do(lambda work: self.gallery.prune(work, "main"))

    def snapshot(self, snapshots: Snapshots) -> Head | None:
        taken = snapshots.take(self.database, "main")
        return self._do(
            lambda work: self.gallery.taken(work, "main", taken.epoch, taken.snapshot, taken.total)
        )


@pytest.fixture
def kept(database: HubDatabase) -> Kept:
    return Kept(database)


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "snapshots")


def test_a_change_is_a_version_with_the_root_a_device_computes(kept: Kept) -> None:
    device = Device()
    for ops in ([person("ada"), face("ada")], [face("ada", 2), person("bo")], [Removal("ada", "ada-1")]):
        for delta in kept.change(*ops).deltas:
            device.apply(delta)
    change = kept.change(Removal("ada"))
    device.apply(change.deltas[0])
    assert read_head(change.head.body()) == change.head
    assert (change.head.version, change.head.count, change.head.root) == (4, 1, device.root)
    assert set(device.rows) == {("bo", "")}


def test_what_is_so_already_makes_no_version(kept: Kept) -> None:
    kept.change(person("ada"))
    change = kept.change(person("ada"), Removal("nobody"), Removal("ada", "no-face"))
    assert (change.deltas, change.head.version) == ((), 1)


def test_a_stale_version_is_a_conflict_and_changes_nothing(kept: Kept) -> None:
    kept.change(person("ada"), version=0)
    with pytest.raises(Refused) as caught:
        kept.change(person("ada", revoked=True), version=0)
    assert (caught.value.reason, caught.value.detail) == ("conflict", {"version": 1})
    assert kept.change().head.version == 1


@pytest.mark.parametrize(
    "ops",
    [
        [face("ada")],
        [person("ada"), person("ada", mark=1)],
        [person("ada"), Removal("ada")],
        [Removal("ada"), Removal("ada", "ada-1")],
    ],
)
def test_what_cannot_be_meant_is_refused(kept: Kept, ops: list[Op]) -> None:
    with pytest.raises(Refused):
        kept.change(*ops)


def test_after_a_transaction_that_failed_the_root_is_right_again(kept: Kept) -> None:
    def fails() -> None:
        with kept.database.transaction() as connection:
            kept.gallery.change(Work(connection, NOON), "main", [person("bo")])
            raise ZeroDivisionError

    kept.change(person("ada"))
    with pytest.raises(ZeroDivisionError):
        fails()
    device = Device()
    kept.change(person("cy"))
    for delta in kept.deltas(device) or ():
        device.apply(delta)
    assert set(device.rows) == {("ada", ""), ("cy", "")}


def test_missed_steps_come_as_few_deltas(kept: Kept) -> None:
    device = Device()
    for i in range(40):
        kept.change(person(f"p{i}"), face(f"p{i}"))
        kept.change(person("ada", mark=i))
    found = kept.deltas(device)
    assert found is not None
    assert len(found) == 1
    device.apply(found[0])
    assert len(device.rows) == 81


def test_any_history_leads_every_device_to_the_same_rows(kept: Kept) -> None:
    chance = random.Random(5)
    devices = [Device()]
    for round_ in range(60):
        name = f"p{chance.randrange(6)}"
        first = devices[0]
        kinds: list[list[Op]] = [
            [person(name, mark=round_), face(name, chance.randrange(3))],
            [Removal(name)],
        ]
        faces = [key for key in first.rows if key[0] == name and key[1]]
        if faces:
            kinds.append([Removal(*faces[0])])
        for delta in kept.change(*chance.choice(kinds)).deltas:
            first.apply(delta)
        if round_ % 7 == 0:
            devices.append(Device())
        late = chance.choice(devices)
        for delta in kept.deltas(late) or ():
            late.apply(delta)
    for device in devices:
        for delta in kept.deltas(device) or ():
            device.apply(delta)
        assert device.rows == devices[0].rows


def test_a_large_change_is_cut_into_deltas_that_fit(kept: Kept) -> None:
    device = Device()
    change = kept.change(*people(600))
    assert len(change.deltas) > 3
    for delta in change.deltas:
        device.apply(delta)
    assert device.root == change.head.root


def test_whoever_is_too_far_behind_needs_a_snapshot_and_goes_on_from_it(
    kept: Kept, snapshots: Snapshots
) -> None:
    late = Device()
    kept.change(*people(700))
    assert kept.deltas(late) is None
    head = kept.snapshot(snapshots)
    assert head is not None
    assert head.snapshot is not None
    kept.change(*people(300, start=700))
    kept.prune()
    data = snapshots.path(head.snapshot.sha256).read_bytes()
    assert len(data) == head.snapshot.bytes
    late.rows = {row.key: row for row in map(read_line, unpacked([data]))}
    late.mark = Mark(1, head.snapshot.version)
    assert late.root == head.snapshot.root
    for delta in kept.deltas(late) or ():
        late.apply(delta)
    assert late.root == kept.change().head.root


def test_steps_that_nobody_is_served_are_forgotten(kept: Kept, snapshots: Snapshots) -> None:
    kept.change(*people(700))
    kept.snapshot(snapshots)
    kept.prune()
    with kept.database.reading() as connection:
        count = connection.execute(select(func.count()).select_from(gallery_steps)).scalar()
    head = kept.change().head
    assert head.version - head.min_delta == count


def test_the_same_gallery_gives_the_same_file(kept: Kept, snapshots: Snapshots) -> None:
    kept.change(*people(50))
    first = snapshots.take(kept.database, "main")
    assert snapshots.take(kept.database, "main") == first
    assert snapshots.piece(first.snapshot.sha256, 0) == snapshots.path(first.snapshot.sha256).read_bytes()
    assert snapshots.piece(first.snapshot.sha256, 1) is None
    assert snapshots.piece("0" * 64, 0) is None


def test_files_that_no_head_names_go_after_a_while(kept: Kept, snapshots: Snapshots) -> None:
    kept.change(*people(5))
    taken = snapshots.take(kept.database, "main")
    made = snapshots.path(taken.snapshot.sha256).stat().st_mtime
    snapshots.prune({taken.snapshot.sha256}, made + 10_000)
    snapshots.prune(set(), made + 10)
    assert snapshots.has(taken.snapshot.sha256)
    snapshots.prune(set(), made + 10_000)
    assert not snapshots.has(taken.snapshot.sha256)


def test_a_revoked_person_is_marked_and_keeps_all_else(kept: Kept) -> None:
    kept.change(person("ada"), face("ada"))
    change = kept.revoke("ada")
    assert change is not None
    assert [written(op) for op in change.deltas[0].ops] == [written(person("ada", revoked=True))]
    assert kept.revoke("nobody") is None


def test_a_new_epoch_needs_a_proof_for_exactly_this_state(kept: Kept) -> None:
    head = kept.change(person("ada")).head
    body = {"gallery": "main", "epoch": 2, "version": 1, "root": head.root}
    for wrong in ({"epoch": 3}, {"version": 2}, {"root": EMPTY.root}, {"gallery": "other"}):
        with pytest.raises(Refused):
            kept.rebase(body | wrong)
    based = kept.rebase(body)
    assert (based.epoch, based.version, based.min_delta) == (2, 1, 1)
    assert kept.change(person("bo")).head.epoch_proof == {"sig": "of root"}
    assert kept.deltas(Device()) is None


def test_a_gallery_that_is_not_kept_is_refused(kept: Kept) -> None:
    with kept.database.transaction() as connection, pytest.raises(Refused, match="keeps no gallery"):
        kept.gallery.change(Work(connection, NOON), "other", [person("ada")])


def test_rows_come_in_pages(kept: Kept) -> None:
    kept.change(*people(25))
    found: list[tuple[str, str]] = []
    after = None
    while True:
        with kept.database.reading() as connection:
            page = kept.gallery.rows(Work(connection, NOON), "main", after, 7)
        if not page:
            break
        found += [read_row(op).key for op in page]
        after = found[-1]
    assert sorted(found) == sorted(op.key for op in people(25))
    assert len(set(found)) == 50
