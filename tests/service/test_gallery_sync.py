import errno
import logging
import os
import random
from dataclasses import replace
from itertools import pairwise

import pytest

from edge.core.gallery_bodies import read_offer, read_receipt
from edge.core.gallery_rows import person_hash
from edge.core.gallery_snapshot import chunk_count
from edge.core.gallery_sync import (
    ACK,
    EPOCH,
    OFFER,
    RECEIPT,
    ChunksWanted,
    DeltasWanted,
    Mark,
    SnapshotWanted,
)
from edge.errors import StoreFull
from edge.ports import Message
from edge.refusals import PersonIsManaged
from edge.service.gallery_course import FULL_S, UNTAKEN_S
from edge.service.gallery_sync import LAG_S
from tests.service.gallery_world import World
from tests.small_hub import SmallHub, a_face, a_person
from tests.store.builders import embedding, record
from tests.store.builders import person as a_local


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "ostiary.db")
    yield made
    made.stop()


@pytest.fixture
def followed(world):
    """With Ada and Bob, in step."""
    world.hub.enroll("ada", "bob")
    world.publish_head()
    world.settle()
    world.said.clear()
    return world


def test_a_new_device_takes_the_snapshot_of_the_head(world):
    world.hub.enroll("ada")
    world.snapshot = world.hub.snapshot()
    world.publish_head()
    world.settle()
    assert world.is_granted("ada")
    assert world.acks()[-1].mark == Mark(1, world.hub.version)
    assert world.sync.figures == {
        "gallery": "main", "epoch": 1, "version": 2, "root": world.hub.root, "count": 1, "head": 2
    }  # fmt: skip


def test_a_delta_is_applied_and_acked(followed):
    followed.publish(followed.hub.enroll("carl"))
    followed.deliver()
    assert followed.is_granted("carl")
    (ack,) = followed.acks()
    assert (ack.version, ack.root, ack.count) == (followed.hub.version, followed.hub.root, 3)
    assert followed.requests() == []


def test_how_far_it_is_behind_can_be_told(followed):
    behind = followed.sync.figures["version"]
    followed.hub.enroll("carl")
    followed.publish_head()
    followed.deliver()
    assert (followed.sync.figures["version"], followed.sync.figures["head"]) == (behind, behind + 1)


def test_a_head_that_brings_nothing_new_is_acked_once_in_a_session(followed):
    followed.publish_head()
    followed.deliver()
    followed.pass_time(5)
    assert followed.said == []
    followed.sync.on_link(True)
    followed.pass_time(2)
    assert [kind for _, kind, _ in followed.said] == [ACK]


def test_a_missed_delta_is_asked_for(followed):
    followed.hub.enroll("carl")
    followed.publish(followed.hub.enroll("dora"))
    followed.deliver()
    followed.pass_time(1)
    assert followed.requests() == [DeltasWanted("main", 1, 2, followed.copy.have().root)]
    followed.publish_delta(followed.hub.deltas[1], "d/1/gal/delta")
    followed.deliver()
    assert followed.is_in_step()


def test_deltas_out_of_order_and_twice_are_put_in_order(followed):
    deltas = [followed.hub.enroll(name) for name in ("carl", "dora", "eve")]
    for delta in (deltas[2], deltas[1], deltas[0], deltas[1], deltas[0]):
        followed.publish_delta(delta)
    followed.deliver()
    assert followed.is_in_step()
    assert followed.requests() == []


def test_a_delta_that_comes_early_refuses_at_once(followed):
    followed.hub.enroll("carl")
    followed.publish_delta(followed.hub.revoke("ada"))
    followed.hub.enroll("dora")
    followed.publish_delta(followed.hub.remove("bob"))
    followed.deliver()
    assert followed.copy.have().version == 2
    assert not followed.is_granted("ada")
    assert not followed.is_granted("bob")
    followed.publish_head()
    followed.settle()
    assert not followed.is_granted("ada")


def test_questions_without_an_answer_are_asked_again_and_ever_more_rarely(followed):
    followed.hub.enroll("carl")
    followed.publish_head()
    followed.deliver()
    times = []
    while len(times) < 6:
        followed.pass_time(1)
        times += [followed.now] * len(followed.requests())
    waits = [after - before for before, after in pairwise(times)]
    assert waits[0] == pytest.approx(10, abs=2)
    assert all(after >= before for before, after in pairwise(waits))
    followed.pass_time(3000)
    assert 6 <= len(followed.requests()) <= 14


def test_deltas_that_nobody_has_are_replaced_by_a_snapshot(followed):
    followed.answers_deltas = False
    followed.hub.enroll("carl")
    followed.publish_head()
    followed.settle(rounds=200)
    assert followed.is_granted("carl")


def test_a_device_that_is_far_behind_takes_a_snapshot(followed):
    followed.hub.enroll("carl")
    followed.hub.deltas.clear()
    followed.hub.revoke("ada")
    followed.publish_head()
    followed.deliver()
    followed.pass_time(1)
    assert followed.requests() == [SnapshotWanted("main", 1, 2)]
    followed.snapshot = followed.hub.snapshot()
    followed.publish_head()
    followed.settle()
    assert not followed.is_granted("ada")


def test_rows_that_lead_elsewhere_are_not_taken_and_a_snapshot_is_fetched(followed):
    delta = followed.hub.enroll("carl")
    followed.publish_delta(replace(delta, root="0" * 64))
    followed.deliver()
    assert not followed.is_granted("carl")
    assert "root" in followed.trouble
    followed.snapshot = followed.hub.snapshot()
    followed.publish_head()
    followed.settle()
    assert followed.is_granted("carl")
    assert followed.trouble is None


def test_a_copy_that_differs_from_the_delta_is_repaired(followed):
    followed.publish_delta(replace(followed.hub.enroll("carl"), prev_root="0" * 64))
    followed.publish_head()
    followed.deliver()
    assert "begins with other rows" in followed.trouble
    followed.pass_time(1)
    assert followed.requests() == [SnapshotWanted("main", 1, 2)]
    followed.snapshot = followed.hub.snapshot()
    followed.publish_head()
    followed.settle()
    assert followed.trouble is None


def test_a_lower_head_counts_nothing(followed):
    old = followed.hub.head()
    followed.publish(followed.hub.revoke("ada"))
    followed.deliver()
    followed.publish_head(old)
    followed.deliver()
    followed.pass_time(3)
    assert followed.is_in_step()
    assert followed.trouble is None


def test_a_hub_that_was_set_back_is_told_of(world):
    hub = world.hub
    hub.enroll("ada")
    world.publish_head()
    world.settle()
    world.hub, world.snapshot = SmallHub(), None
    world.restart()
    world.publish_head()
    world.deliver()
    world.pass_time(LAG_S + 5)
    assert "set back" in world.trouble
    assert world.is_granted("ada")
    assert world.copy.have().version == 2


def test_only_a_root_key_begins_an_epoch(followed):
    followed.hub.rebase()
    followed.hub.enroll("carl")
    followed.snapshot = followed.hub.snapshot()
    followed.publish_head()
    followed.deliver()
    followed.pass_time(30)
    assert followed.copy.have().epoch == 1
    assert "root key" in followed.trouble
    followed.publish_head(rooted=True)
    followed.settle()
    assert followed.copy.have().epoch == 2
    assert followed.trouble is None


@pytest.mark.parametrize(
    ("change", "counts"),
    [({}, True), ({"epoch": 3}, False), ({"gallery": "annex"}, False), ({"version": 99}, False)],
)
def test_an_epoch_may_be_proven_by_a_document_of_its_own(followed, change, counts):
    followed.hub.rebase()
    body = {
        "gallery": "main",
        "epoch": 2,
        "version": followed.hub.version,
        "root": followed.hub.root,
    } | change
    from edge.core.envelope import document

    proof = document(followed.envelope(EPOCH, body, rooted=True))
    followed.publish_head(replace(followed.hub.head(), epoch_proof=proof))
    followed.deliver()
    followed.pass_time(2)
    assert (followed.copy.have().epoch == 2) is counts
    assert followed.requests() == []


def test_a_delta_of_an_epoch_that_has_not_begun_says_nothing(followed):
    followed.publish_delta(replace(followed.hub.revoke("ada"), epoch=2))
    followed.deliver()
    assert followed.is_granted("ada")


@pytest.mark.parametrize("payload", [b"", b"{}", b"null"])
def test_what_is_no_message_of_ours_changes_nothing(followed, payload):
    for topic in (
        "gal/main/head",
        "gal/main/delta/9",
        "d/1/gal/delta",
        "d/1/gal/chunk/x/0",
        "d/1/gal/chunk/",
    ):
        followed.sync.handle(Message(topic, payload, False, 1, 0.0))
    assert followed.is_in_step()


@pytest.mark.parametrize("body", [{}, {"gallery": "main"}, {"ops": "x"}])
def test_a_body_that_cannot_be_read_is_passed_over_and_logged(followed, caplog, body):
    with caplog.at_level(logging.WARNING):
        followed.sync.handle(followed.message("gal/main/head", "gallery.head", body))
        followed.sync.handle(followed.message("d/1/gal/delta", "gallery.delta", body))
    assert len(caplog.records) == 2
    assert followed.is_in_step()


def test_other_galleries_are_passed_over(followed):
    followed.publish_head(replace(followed.hub.head(), gallery="annex", version=99))
    followed.publish_delta(replace(followed.hub.revoke("ada"), gallery="annex"))
    followed.deliver()
    assert followed.is_granted("ada")


def test_a_gallery_of_another_model_is_told_of_and_followed(followed):
    followed.hub.change(a_face("ada", "other", model="other@0123456789ab", size=32))
    followed.publish_head(replace(followed.hub.head(), model="other@0123456789ab"))
    followed.settle()
    assert "other@0123456789ab" in followed.trouble
    followed.publish_head()
    followed.deliver()
    followed.pass_time(1)
    assert followed.trouble is None


def test_rows_that_do_not_open_are_told_of_and_their_denials_count(followed):
    delta = followed.hub.change(
        a_person("carl", key=bytes(32)), replace(followed.hub.rows["ada", ""], revoked=True)
    )  # fmt: skip
    followed.publish(delta)
    followed.deliver()
    assert "gallery_key" in followed.trouble
    assert not followed.is_granted("ada")
    assert followed.copy.have().version == 2
    followed.requests()
    followed.pass_time(UNTAKEN_S / 2)
    assert followed.requests() == []


def test_a_device_that_stays_behind_alarms(followed):
    followed.hub.enroll("carl")
    followed.publish_head()
    followed.deliver()
    followed.pass_time(LAG_S - 5)
    assert followed.trouble is None
    followed.pass_time(10)
    assert "does not arrive" in followed.trouble
    followed.answer()
    followed.settle()
    assert followed.trouble is None


def test_nothing_is_asked_without_a_session(followed):
    followed.sync.on_link(False)
    followed.hub.enroll("carl")
    followed.publish_head()
    followed.deliver()
    followed.pass_time(2 * LAG_S)
    assert followed.said == []
    assert followed.trouble is None
    followed.sync.on_link(True)
    followed.settle()


def test_what_the_broker_does_not_take_is_said_again(followed):
    followed.up = False
    followed.publish(followed.hub.enroll("carl"))
    followed.hub.enroll("dora")
    followed.publish_head()
    followed.deliver()
    followed.pass_time(20)
    followed.up = True
    followed.settle()
    followed.pass_time(3)
    assert followed.acks()[-1].version == followed.hub.version


def test_an_erasure_is_receipted_once(followed):
    followed.publish(followed.hub.remove("bob"))
    followed.deliver()
    followed.pass_time(60)
    receipts = [read_receipt(body) for _, kind, body in followed.said if kind == RECEIPT]
    assert [one.person_hashes for one in receipts] == [(person_hash("main", "bob"),)]
    assert receipts[0].root == followed.hub.root
    (event,) = followed.reported
    assert event[:2] == ("audit", "audit.gallery_erased")
    assert "bob" not in str(event)


def test_a_receipt_that_does_not_arrive_is_given_after_a_restart(followed):
    followed.publish(followed.hub.remove("ada"))
    followed.deliver()
    followed.up = False
    followed.pass_time(60)
    followed.restart()
    followed.up = True
    followed.pass_time(5)
    assert [kind for _, kind, _ in followed.said].count(RECEIPT) == 1


def test_who_is_enrolled_here_is_offered_and_becomes_the_hubs(tmp_path):
    world = World(tmp_path / "ostiary.db", offers=True)
    world.publish_head()
    world.settle()
    local = record("carl", 7, ("staff",))
    world.gallery.put([local])
    world.gallery.add_face("carl", replace(embedding(3, dimensions=16), model="faces@0123456789ab"),
                           quality=0.875, source="camera", at=local.person.created)  # fmt: skip
    world.upward.look()
    world.pass_time(3)
    (offer,) = [read_offer(body) for _, kind, body in world.said if kind == OFFER]
    assert [row.key[0] for row in offer.rows] == ["carl", "carl"]
    assert offer.rows[0].groups == ("staff",)
    assert offer.rows[1].quality == 875
    assert b"Name of carl" not in offer.rows[0].sealed
    world.pass_time(1200)
    assert [kind for _, kind, _ in world.said].count(OFFER) == 1
    world.publish(world.hub.change(*offer.rows))
    world.deliver()
    world.settle()
    person = world.gallery.record("carl")
    assert person.person.name == "Name of carl"
    assert [face.face.id for face in person.faces] == [offer.rows[1].face]
    with pytest.raises(PersonIsManaged, match="hub"):
        world.gallery.remove_person("carl")
    world.pass_time(4000)
    assert [kind for _, kind, _ in world.said].count(OFFER) == 1
    world.stop()


def test_who_is_enrolled_by_another_process_is_offered_soon(tmp_path):
    world = World(tmp_path / "ostiary.db", offers=True)
    world.publish_head()
    world.settle()
    world.pass_time(5)
    world.gallery.add_person(a_local("carl"))
    world.pass_time(35)
    assert [read_offer(body).rows[0].person for _, kind, body in world.said if kind == OFFER] == ["carl"]
    world.stop()


def test_many_are_offered_little_by_little(tmp_path):
    world = World(tmp_path / "ostiary.db", offers=True)
    for number in range(35):
        world.gallery.add_person(a_local(f"p{number:02}"))
    world.upward.look()
    world.pass_time(1.1)
    first = [kind for _, kind, _ in world.said].count(OFFER)
    assert 0 < first < 35
    world.pass_time(10)
    offered = [read_offer(body).rows[0].person for _, kind, body in world.said if kind == OFFER]
    assert offered == [f"p{number:02}" for number in range(35)]
    world.stop()


@pytest.fixture
def large(world):
    """A snapshot of a dozen chunks, announced."""
    people = [f"p{number}" for number in range(3000)]
    sealed = a_person("p").sealed
    world.hub.change(*(replace(a_person("x"), person=one, sealed=sealed + os.urandom(420)) for one in people))
    world.snapshot = world.hub.snapshot()
    assert chunk_count(world.snapshot.bytes) > 10
    world.copy._unseal = lambda sealed, what: b'{"gender":0,"name":"Somebody","tag":""}'
    return world


def test_chunks_come_in_windows(world):
    big = SmallHub()
    big.files["a"] = b""
    world.publish_head(replace(world.hub.head(), version=9, root="1" * 64, count=9,
                               min_delta=9, snapshot=a_ref(world, 40 * 98_304)))  # fmt: skip
    world.deliver()
    world.pass_time(3)
    (first,) = world.requests()
    assert isinstance(first, ChunksWanted)
    assert (first.first, first.count) == (0, 16)
    world.hub.files[first.sha256] = bytes(40 * 98_304)
    world.send_chunks(first.sha256, range(15))
    world.deliver()
    assert world.requests() == []
    world.send_chunks(first.sha256, [15])
    world.deliver()
    (second,) = world.requests()
    assert (second.first, second.count) == (16, 16)
    world.send_chunks(first.sha256, range(16, 32))
    world.deliver()
    (third,) = world.requests()
    assert (third.first, third.count) == (32, 8)


def a_ref(world, size):
    return replace(world.hub.snapshot(), version=9, root="1" * 64, sha256="ab" * 32, bytes=size)


def test_twenty_cuts_and_no_chunk_twice(large):
    """Cut anywhere: between chunks, in the middle of one, while it is compared and while it is applied."""
    cuts = random.Random(5)
    arrived = set()
    large.publish_head()
    for _ in range(20):
        for message in large.flight:
            if "/chunk/" in message.topic:
                assert message.topic not in arrived
        before = large.copy.staged(large.snapshot)
        torn = cuts.randrange(1, 98_304)
        for message in large.flight[: cuts.randrange(3)]:
            large.sync.handle(message)
            if large.copy.staged(large.snapshot) > before:
                before = large.copy.staged(large.snapshot)
                arrived.add(message.topic)
        large.flight.clear()
        large.stop()
        for path in large.path.parent.glob("ostiary.db-gallery-*"):
            with path.open("ab") as file:
                file.write(cuts.randbytes(torn))
        unseal = large.copy._unseal
        large.start()
        large.copy._unseal = unseal
        large.publish_head()
        large.deliver()
        large.pass_time(cuts.random() * 3)
        large.answer()
    large.settle()
    assert len(arrived) >= 8
    assert large.is_granted("p7")


def test_a_chunk_that_is_lost_is_asked_for_again(large):
    large.publish_head()
    large.deliver()
    large.pass_time(3)
    (asked,) = large.requests()
    large.send_chunks(asked.sha256, [0, 1, 3, 4])
    large.deliver()
    large.pass_time(20)
    (again,) = large.requests()
    assert (again.first, again.count) == (2, min(16, chunk_count(large.snapshot.bytes) - 2))
    large.send_chunks(asked.sha256, range(2, 2 + again.count))
    large.settle()


def test_a_snapshot_that_is_announced_meanwhile_waits(large):
    large.publish_head()
    large.deliver()
    large.pass_time(3)
    (asked,) = large.requests()
    large.send_chunks(asked.sha256, [0, 1])
    large.deliver()
    large.hub.enroll("ada")
    large.snapshot = large.hub.snapshot()
    large.publish_head()
    large.deliver()
    large.pass_time(20)
    (again,) = large.requests()
    assert (again.sha256, again.first) == (asked.sha256, 2)
    large.send_chunks(asked.sha256, range(2, 2 + again.count))
    large.settle()


def test_a_snapshot_that_is_gone_is_replaced_by_the_newer_one(large):
    large.publish_head()
    large.deliver()
    large.pass_time(3)
    large.requests()
    large.hub.files.clear()
    large.hub.enroll("ada")
    large.snapshot = large.hub.snapshot()
    large.hub.deltas.clear()
    large.publish_head()
    large.settle(rounds=300)
    assert large.is_granted("ada")


def test_a_disk_that_is_full_leaves_no_part_behind_and_is_tried_later(large, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    large.publish_head()
    large.deliver()
    large.pass_time(3)
    (asked,) = large.requests()
    large.send_chunks(asked.sha256, [0, 1])
    large.deliver()
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        large.send_chunks(asked.sha256, [2])
        large.deliver()
    assert "no space" in large.trouble
    assert list(large.path.parent.glob("*-gallery-*")) == []
    large.pass_time(5)
    large.skip(FULL_S / 2)
    large.pass_time(5)
    assert large.requests() == []
    large.skip(FULL_S)
    large.settle()
    assert large.trouble is None


def test_a_store_that_is_full_is_tried_later_and_the_snapshot_kept(large, monkeypatch):
    large.publish_head()
    real = large.copy.step
    steps = iter(range(10**9))

    def step():
        if next(steps) == 3:
            raise StoreFull("no space left for the store; free some on that disk")
        return real()

    monkeypatch.setattr(large.copy, "step", step)
    for _ in range(3):
        large.deliver()
        large.pass_time(2)
        large.answer()
    assert "no space" in large.trouble
    assert large.copy.staged(large.snapshot) == chunk_count(large.snapshot.bytes)
    large.skip(2 * FULL_S)
    large.settle()
    assert large.trouble is None


def test_a_crash_while_the_snapshot_is_applied_is_gone_on_from(large):
    large.publish_head()
    large.deliver()
    large.pass_time(3)
    large.answer()
    large.deliver()
    unseal = large.copy._unseal
    for _ in range(40):
        if large.is_in_step():
            break
        large.sync.tick(large.now)
        large.restart()
        large.copy._unseal = unseal
        for _ in range(cut_after := 3):
            large.sync.tick(large.now)
        assert cut_after
    large.publish_head()
    large.settle()
    assert large.requests() == []


def test_a_file_that_vanished_while_it_was_applied_is_fetched_again(large):
    large.publish_head()
    large.deliver()
    large.pass_time(3)
    large.answer()
    large.deliver()
    while large.copy.changing() is None:
        large.sync.tick(large.now)
    unseal = large.copy._unseal
    large.stop()
    for path in large.path.parent.glob("*-gallery-*"):
        path.unlink()
    large.start()
    large.copy._unseal = unseal
    large.publish_delta(large.hub.revoke("p5"))
    large.deliver()
    assert not large.is_granted("p5")
    large.publish_head()
    large.settle()
    assert not large.is_granted("p5")


def test_a_fetch_on_demand_asks_at_once(followed):
    followed.hub.enroll("carl")
    followed.publish_head()
    followed.deliver()
    followed.pass_time(1)
    assert len(followed.requests()) == 1
    followed.pass_time(2)
    assert followed.requests() == []
    followed.sync.fetch()
    followed.sync.tick(followed.now)
    assert len(followed.requests()) == 1
