"""What every copy of a gallery of the hub does."""

import zlib
from dataclasses import replace
from datetime import timedelta

import pytest

from edge.app import wiring
from edge.core.gallery_rows import Removal, person_hash
from edge.core.gallery_sync import Have, Mark, SnapshotRef
from edge.core.merkle import EMPTY
from edge.core.policy import Standing
from edge.errors import MessageMalformed, RootMismatch, SealBroken
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.synced import SyncedGallery
from tests.factories import NOON
from tests.small_hub import SmallHub, a_face, a_person, opens
from tools.fleet.memory_gallery import MemoryGallery


@pytest.fixture(params=["store", "memory"])
def copy(request, tmp_path):
    if request.param == "memory":
        made = MemoryGallery("main", opens)
        made.may_pass = made.standing
        yield made
        return
    with open_database(tmp_path / "ostiary.db", durable=True) as database:
        made = SyncedGallery(database, "main", opens)
        made.may_pass = wiring.standing(Gallery(database))
        yield made


@pytest.fixture
def hub():
    return SmallHub()


def followed(copy, hub):
    """Begin where a hub begins."""
    copy.adopt(hub.head())
    return copy


def fetch(copy, hub, ref):
    for index, data in enumerate(hub.chunks(ref)):
        assert copy.stage(ref, index, data) == index + 1


def finish(copy):
    steps = 0
    while (pause := copy.step()) is not None:
        assert 0 <= pause < 1
        steps += 1
    return steps


def take_snapshot(copy, hub, ref=None):
    ref = ref or hub.snapshot()
    fetch(copy, hub, ref)
    copy.replace(hub.target(ref))
    finish(copy)


def state(hub):
    return Have("main", hub.epoch, hub.version, hub.root, hub.people)


def revoked(copy, person):
    return copy.may_pass(person).is_revoked


def test_at_first_there_is_nothing(copy):
    assert copy.have() == Have("main", 0, 0, EMPTY.root, 0)
    assert copy.changing() is None
    assert copy.may_pass("ada") is None


def test_deltas_lead_from_version_to_version(copy, hub):
    followed(copy, hub)
    for delta in (hub.enroll("ada", "bob"), hub.change(a_face("ada", "second", 5)), hub.remove("bob"),
                  hub.change(Removal("ada", "second")), hub.revoke("ada")):  # fmt: skip
        assert copy.apply(delta) == copy.have()
        assert copy.have().root == delta.root
    assert copy.have() == state(hub)
    assert copy.may_pass("bob") is None
    assert revoked(copy, "ada")


def test_a_person_is_known_as_the_row_says(copy, hub):
    later = NOON + timedelta(days=1)
    followed(copy, hub).apply(hub.change(a_person("ada", valid_from=NOON, valid_until=later)))
    assert copy.may_pass("ada") == Standing("ada", NOON, later, False)
    copy.apply(hub.change(a_person("ada", revoked=True)))
    assert copy.may_pass("ada") == Standing("ada", None, None, True)
    copy.apply(hub.pardon("ada"))
    assert not revoked(copy, "ada")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda delta: replace(delta, root="0" * 64),
        lambda delta: replace(delta, prev_root="0" * 64),
        lambda delta: replace(delta, from_version=1),
        lambda delta: replace(delta, epoch=2),
        lambda delta: replace(delta, ops=delta.ops[:1]),
        lambda delta: replace(delta, ops=(*delta.ops, Removal("ada"))),
    ],
)
def test_a_delta_that_does_not_fit_changes_nothing(copy, hub, spoil):
    followed(copy, hub).apply(hub.enroll("ada"))
    before = copy.have()
    delta = hub.enroll("bob", "carl")
    with pytest.raises(RootMismatch):
        copy.apply(spoil(delta))
    assert copy.have() == before
    assert copy.may_pass("bob") is None
    assert copy.apply(delta) == state(hub)


def test_a_delta_is_applied_once(copy, hub):
    delta = hub.enroll("ada")
    copy.adopt(SmallHub().head())
    copy.apply(delta)
    with pytest.raises(RootMismatch):
        copy.apply(delta)
    assert copy.have() == state(hub)


@pytest.mark.parametrize(
    "row",
    [
        a_person("bob", key=bytes(32)),
        a_face("ada", "other", key=bytes(32)),
        a_person("bob", gallery="annex"),
        replace(a_person("bob"), person="carl"),
        replace(a_face("ada", "other"), model="another@0123456789ab"),
    ],
)
def test_what_does_not_open_changes_nothing(copy, hub, row):
    followed(copy, hub).apply(hub.enroll("ada"))
    before = copy.have()
    with pytest.raises(SealBroken):
        copy.apply(hub.change(row))
    assert copy.have() == before


def test_a_face_of_nobody_is_refused(copy, hub):
    followed(copy, hub)
    with pytest.raises(MessageMalformed, match="bob"):
        copy.apply(hub.change(a_face("bob")))
    assert copy.have().version == 1


def test_only_the_version_may_be_newer(copy, hub):
    followed(copy, hub).apply(hub.enroll("ada"))
    hub.rebase()
    assert copy.adopt(hub.head()) == state(hub)
    with pytest.raises(RootMismatch):
        copy.adopt(replace(hub.head(), version=1))
    with pytest.raises(RootMismatch):
        copy.adopt(replace(hub.head(), version=99, root="0" * 64))
    assert copy.have() == state(hub)


def test_a_snapshot_brings_everything(copy, hub):
    hub.enroll(*(f"p{number}" for number in range(600)))
    hub.revoke("p7")
    take_snapshot(copy, hub)
    assert copy.have() == state(hub)
    assert copy.changing() is None
    assert not revoked(copy, "p0")
    assert revoked(copy, "p7")
    assert copy.apply(hub.remove("p7")) == state(hub)


def test_a_snapshot_takes_the_place_of_what_was_there(copy, hub):
    followed(copy, hub).apply(hub.enroll("ada", "bob", "carl", "dora"))
    hub.deltas.clear()
    hub.remove("bob")
    hub.revoke("carl")
    hub.change(Removal("dora", "face-dora"), a_face("dora", "new", 9))
    hub.enroll("eve")
    hub.pardon("carl")
    take_snapshot(copy, hub)
    assert copy.have() == state(hub)
    assert copy.may_pass("bob") is None
    assert not revoked(copy, "carl")
    assert copy.may_pass("eve") is not None


def test_a_snapshot_of_nobody_empties_the_copy(copy, hub):
    followed(copy, hub).apply(hub.enroll("ada"))
    hub.remove("ada")
    take_snapshot(copy, hub)
    assert copy.have() == state(hub)
    assert copy.may_pass("ada") is None


def test_chunks_are_kept_in_order_and_once(copy, hub):
    hub.enroll(*(f"p{number}" for number in range(800)))
    ref = hub.snapshot()
    first, second, *_ = hub.chunks(ref)
    assert copy.stage(ref, 1, second) == 0
    assert copy.stage(ref, 0, first) == 1
    assert copy.stage(ref, 0, first) == 1
    assert copy.staged(ref) == 1
    with pytest.raises(MessageMalformed):
        copy.stage(ref, 1, second + b"x")
    assert copy.stage(ref, 1, second) == 2
    other = SnapshotRef(9, ref.root, 1, "ab" * 32, len(first))
    assert copy.staged(other) == 0
    assert copy.stage(other, 0, first) == 1
    assert copy.staged(ref) == 0
    copy.drop_staged()
    assert copy.staged(other) == 0


def forged(hub, ref, data):
    """Another file under a name that was announced."""
    hub.files[ref.sha256] = data
    return replace(ref, bytes=len(data))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda hub, ref: replace(ref, root="0" * 64),
        lambda hub, ref: replace(ref, count=ref.count + 1),
        lambda hub, ref: forged(hub, ref, hub.files[ref.sha256][:-3]),
        lambda hub, ref: forged(hub, ref, b"nothing of the kind"),
        lambda hub, ref: forged(hub, ref, zlib.compress(b'{"op":"put"}\n', wbits=31)),
        lambda hub, ref: forged(hub, ref, zlib.compress(b"\n", wbits=31)),
        lambda hub, ref: forged(hub, ref, hub.files[hub.other.sha256]),
    ],
)
def test_another_file_than_the_one_announced_changes_nothing(copy, hub, spoil):
    followed(copy, hub).apply(hub.enroll("ada"))
    before = copy.have()
    hub.other = hub.snapshot()
    hub.enroll("bob")
    ref = spoil(hub, hub.snapshot())
    fetch(copy, hub, ref)
    copy.replace(hub.target(ref))
    with pytest.raises((RootMismatch, MessageMalformed)):
        finish(copy)
    assert copy.have() == before
    assert copy.changing() is None
    assert copy.may_pass("bob") is None
    assert copy.staged(ref) == 0


def test_a_revocation_ahead_of_its_version_counts_at_once_and_until_then(copy, hub):
    followed(copy, hub).apply(hub.enroll("ada"))
    older = hub.change(a_person("ada", name="Ada again"))
    revocation = hub.revoke("ada")
    pardon = hub.pardon("ada")
    assert copy.revoke("ada", revocation.mark, contained=True)
    assert revoked(copy, "ada")
    copy.apply(older)
    assert revoked(copy, "ada")
    copy.apply(revocation)
    assert revoked(copy, "ada")
    copy.apply(pardon)
    assert not revoked(copy, "ada")


def test_a_version_that_covers_a_revocation_decides(copy, hub):
    followed(copy, hub).apply(hub.enroll("ada"))
    revocation = hub.revoke("ada")
    hub.pardon("ada")
    copy.revoke("ada", revocation.mark, contained=True)
    take_snapshot(copy, hub)
    assert not revoked(copy, "ada")


def test_a_revocation_that_is_covered_already_says_nothing_new(copy, hub):
    followed(copy, hub).apply(hub.enroll("ada"))
    revocation = hub.revoke("ada")
    copy.apply(revocation)
    copy.apply(hub.pardon("ada"))
    assert copy.revoke("ada", revocation.mark, contained=True)
    assert not revoked(copy, "ada")


def test_somebody_who_is_not_known_yet_can_be_revoked(copy, hub):
    followed(copy, hub)
    newcomer, revocation = hub.enroll("ada"), hub.revoke("ada")
    assert not copy.revoke("ada", revocation.mark, contained=True)
    copy.apply(newcomer)
    assert revoked(copy, "ada")
    copy.apply(revocation)
    assert revoked(copy, "ada")


def test_a_revocation_that_no_version_has_yet_waits_for_its_row(copy, hub):
    followed(copy, hub).apply(hub.enroll("ada", "bob"))
    for person in ("ada", "bob"):
        copy.revoke(person, copy.have().mark, contained=False)
    copy.apply(hub.change(a_person("ada", name="Ada again")))
    assert revoked(copy, "ada")
    copy.apply(hub.change(replace(hub.rows["ada", ""], revoked=True), Removal("bob")))
    copy.apply(hub.pardon("ada"))
    copy.apply(hub.enroll("bob"))
    assert not revoked(copy, "ada")
    assert not revoked(copy, "bob")


def test_of_two_revocations_the_later_one_has_to_be_covered(copy, hub):
    followed(copy, hub).apply(hub.enroll("ada"))
    first, _, second = hub.revoke("ada"), hub.pardon("ada"), hub.revoke("ada")
    copy.revoke("ada", second.mark, contained=True)
    copy.revoke("ada", first.mark, contained=True)
    for delta in hub.deltas[1:]:
        copy.apply(delta)
        assert revoked(copy, "ada")


def test_who_was_removed_is_told_once_it_is_erased(copy, hub):
    followed(copy, hub).apply(hub.enroll("ada", "bob", "carl"))
    assert copy.receipts(9) == []
    copy.apply(hub.change(Removal("ada"), Removal("nobody"), Removal("carl", "face-carl")))
    hub.deltas.clear()
    hub.remove("bob")
    take_snapshot(copy, hub)
    told = copy.receipts(9)
    assert set(told) == {person_hash("main", "ada"), person_hash("main", "bob")}
    assert len(copy.receipts(1)) == 1
    copy.receipts_given(told[:1])
    assert copy.receipts(9) == told[1:]


def test_a_mark_of_a_later_epoch_is_later(copy, hub):
    followed(copy, hub).apply(hub.enroll("ada"))
    copy.revoke("ada", Mark(2, 1), contained=True)
    copy.apply(hub.change(a_person("ada", name="Ada again")))
    assert revoked(copy, "ada")
