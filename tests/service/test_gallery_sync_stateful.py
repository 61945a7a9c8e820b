"""Whatever is changed, sent, lost, doubled, reordered, forged or cut: the door is never wrong about anybody.

A device that says it has a version has the rows of that version, and nobody whose revocation has reached it
is granted before the hub takes the revocation back.
"""

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.core.gallery_bodies import read_delta
from edge.core.gallery_rows import Removal, digest
from edge.core.gallery_snapshot import rows_tree
from edge.core.gallery_sync import Delta
from edge.core.merkle import EMPTY
from tests.service.gallery_world import World
from tests.service.real_hub import RealHub
from tests.small_hub import GALLERY, MODEL, SmallHub, a_face, a_person
from tools.fleet.memory_gallery import MemoryGallery

PEOPLE = ("ada", "bob", "carl", "dora")
WHO = st.sampled_from(PEOPLE)
SEALED = {person: a_person(person) for person in PEOPLE}
FACES = {(person, seed): a_face(person, f"{person}-{seed}", seed) for person in PEOPLE for seed in (1, 2)}
"""Sealed once: what is drawn again must be the same."""
RENAMED = {person: a_person(person, name="Another", groups=("staff",)) for person in PEOPLE}


class Doors(RuleBasedStateMachine):
    """The hub keeps every state it ever had, so that what the device says can be compared."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.hub = self.make_hub()
        self.told = {}
        """Of whom the device has heard that they are revoked, and since which version that is so."""
        self.sent = []
        self.world = self.make(self.folder / "ostiary.db")
        self.remember()

    def make(self, path):
        return World(path, self.hub)

    def make_hub(self):
        return SmallHub()

    def remember(self):
        hub = self.hub
        self.states = getattr(self, "states", {})
        self.states[hub.epoch, hub.version] = (hub.root, dict(hub.rows))

    def change(self, *ops):
        delta = self.hub.change(*ops)
        self.remember()
        self.sent.append(delta)
        return delta

    @rule(person=WHO, seeds=st.sets(st.sampled_from((1, 2))), renamed=st.booleans())
    def put(self, person, seeds, renamed):
        row = replace((RENAMED if renamed else SEALED)[person], revoked=self.is_revoked(person))
        gone = [Removal(*key) for key in self.hub.rows if key[0] == person and key[1]
                and key[1] not in {f"{person}-{seed}" for seed in seeds}]  # fmt: skip
        self.change(row, *(FACES[person, seed] for seed in sorted(seeds)), *gone)

    def is_revoked(self, person):
        row = self.hub.rows.get((person, ""))
        return row is not None and row.revoked

    @rule(person=WHO)
    def remove(self, person):
        if (person, "") in self.hub.rows:
            self.change(Removal(person))

    @rule(person=WHO)
    def pardon(self, person):
        if (person, "") in self.hub.rows:
            self.change(replace(self.hub.rows[person, ""], revoked=False))

    @rule(person=WHO, urgent=st.booleans())
    def revoke(self, person, urgent):
        """urgent: the command reaches the device, whatever becomes of the delta."""
        if (person, "") not in self.hub.rows:
            return
        delta = self.change(replace(self.hub.rows[person, ""], revoked=True))
        if urgent:
            self.world.copy.revoke(person, delta.mark, contained=True)
            self.told[person] = max(delta.mark, self.told.get(person, delta.mark))
            assert not self.world.is_granted(person)

    @rule(person=WHO)
    def revoke_without_the_hub(self, person):
        """An operator revokes at the device; the hub hears of it and follows."""
        if (person, "") not in self.hub.rows:
            return
        head = self.world.sync._course.head
        mark = self.world.copy.have().mark if head is None else max(self.world.copy.have().mark, head.mark)
        newest = max(mark, *(delta.mark for delta in self.sent), mark) if self.sent else mark
        self.world.copy.revoke(person, newest, contained=False)
        assert not self.world.is_granted(person)
        self.told[person] = self.change(replace(self.hub.rows[person, ""], revoked=True)).mark

    @rule()
    def publish_head(self):
        self.world.publish_head()

    @rule(back=st.integers(0, 6))
    def publish_an_older_head(self, back):
        """A replay of what was right once."""
        if self.sent:
            delta = self.sent[max(0, len(self.sent) - 1 - back)]
            rows = self.states[delta.epoch, delta.to_version][1]
            people = sum(not face for _, face in rows)
            self.world.publish_head(replace(
                self.hub.head(), epoch=delta.epoch, version=delta.to_version, root=delta.root, count=people,
                min_delta=1, snapshot=None,
            ))  # fmt: skip

    @rule(back=st.integers(0, 6), own=st.booleans())
    def publish_a_delta(self, back, own):
        """Any that there was, in any order, and often."""
        if self.sent:
            delta = self.sent[max(0, len(self.sent) - 1 - back)]
            self.world.publish_delta(delta, "d/1/gal/delta" if own else None)

    @rule(back=st.integers(0, 3), how=st.sampled_from(("root", "prev_root", "ops", "to", "from")))
    def publish_a_wrong_delta(self, back, how):
        if not self.sent:
            return
        delta = self.sent[max(0, len(self.sent) - 1 - back)]
        changes = {
            "root": {"root": "0" * 64},
            "prev_root": {"prev_root": "0" * 64},
            "ops": {"ops": (*delta.ops[1:], SEALED["ada"]) if delta.ops[0].key != ("ada", "") else ()},
            "to": {"to_version": delta.to_version + 7, "root": "1" * 64},
            "from": {"from_version": max(0, delta.from_version - 1), "root": "2" * 64},
        }[how]
        wrong = replace(delta, **changes)
        # What a right signature says of who is revoked counts even where the rest cannot be.
        if not wrong.denied:
            self.world.publish_delta(wrong)

    @rule(cut=st.booleans())
    def prepare_a_snapshot(self, cut):
        self.world.snapshot = self.hub.snapshot()
        if cut:
            self.hub.forget()

    @rule()
    def lose_the_deltas(self):
        self.hub.forget()

    @rule(rooted=st.booleans())
    def begin_an_epoch(self, rooted):
        """Without a root key the device stays in the old one, and says so."""
        self.hub.rebase()
        self.remember()
        self.world.snapshot = None
        if rooted:
            self.world.publish_head(rooted=True)

    @rule()
    def sign_the_epoch(self):
        self.world.publish_head(rooted=True)

    @rule(seconds=st.sampled_from((0.2, 1.0, 15.0, 400.0)))
    def wait(self, seconds):
        self.world.pass_time(seconds)

    @rule()
    def answer(self):
        self.world.answer()

    @rule(data=st.data())
    def deliver_some(self, data):
        """Out of order, and some of it twice."""
        world = self.world
        if world.flight:
            order = data.draw(st.lists(st.integers(0, len(world.flight) - 1), max_size=8))
            flight, world.flight = world.flight, []
            for index in order:
                self.handle(flight[index])
                self.check()

    @rule()
    def deliver_all(self):
        flight, self.world.flight = self.world.flight, []
        for message in flight:
            self.handle(message)

    def handle(self, message):
        """What a delta denies counts from then on, whether it can be applied or not."""
        have = self.world.copy.have()
        self.world.sync.handle(message)
        if "/delta" in message.topic:
            delta = read_delta(json.loads(message.payload)["body"])
            if have.version and delta.epoch == have.epoch and delta.mark > have.mark:
                for person in delta.denied:
                    self.told[person] = max(delta.mark, self.told.get(person, delta.mark))

    @rule(up=st.booleans())
    def link(self, up):
        self.world.up = up
        self.world.sync.on_link(up)

    @rule(ticks=st.integers(0, 6))
    def crash(self, ticks):
        """A few steps further, and the power is gone."""
        for _ in range(ticks):
            self.world.sync.tick(self.world.now)
        self.world.restart()
        self.world.up = True

    @precondition(lambda self: self.sent)
    @rule()
    def settle(self):
        """With a hub that answers, everything comes right."""
        self.world.up = True
        self.world.sync.on_link(True)
        self.world.publish_head(rooted=True)
        self.world.settle(rounds=800)

    @invariant()
    def check(self):
        have = self.world.copy.have()
        if have.version and self.world.copy.changing() is None:
            root, rows = self.states[have.epoch, have.version]
            assert have.root == root
            assert have.count == sum(not face for _, face in rows)
            self.check_people(rows)
        for person, mark in self.told.items():
            if have.mark < mark:
                assert not self.world.is_granted(person)

    def check_people(self, rows):
        """The tables have exactly what the version has; who may pass is who is in it, and not revoked."""
        gallery = self.world.gallery
        assert [person.id for person in gallery.people()] == sorted(
            person for person, face in rows if not face
        )
        for person in gallery.people():
            row = rows[person.id, ""]
            # Who was revoked by hand here may stay so for longer.
            if row.revoked or person.id not in self.told:
                assert self.world.is_granted(person.id) is not row.revoked
            faces = {face.id for face in gallery.faces(person.id)}
            assert faces == {face for owner, face in rows if owner == person.id and face}
            assert set(gallery.record(person.id).groups) == set(row.groups)

    def teardown(self):
        self.world.stop()
        shutil.rmtree(self.folder)


class VirtualDoors(Doors):
    """The same for those in memory, which do not outlive a crash."""

    def make(self, path):
        return World(path, self.hub, copy=MemoryGallery(GALLERY))

    def check_people(self, rows):
        for person in PEOPLE:
            row = rows.get((person, ""))
            if row is None or row.revoked:
                assert not self.world.is_granted(person)


class RealDoors(Doors):
    """The same with the gallery of the real hub, its database and its merged deltas."""

    def make_hub(self):
        return RealHub(self.folder / "hub.db")

    def teardown(self):
        self.hub.close()
        super().teardown()


COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
}
Doors.TestCase.settings = settings(max_examples=25, stateful_step_count=30, **COMMON)
VirtualDoors.TestCase.settings = settings(max_examples=25, stateful_step_count=30, **COMMON)
RealDoors.TestCase.settings = settings(max_examples=15, stateful_step_count=30, **COMMON)
TestDoors = Doors.TestCase
TestRealDoors = RealDoors.TestCase
TestVirtualDoors = VirtualDoors.TestCase


class ManyDoors(Doors):
    """The same, for a night."""


class ManyRealDoors(RealDoors):
    """And with the real hub."""


ManyRealDoors.TestCase.settings = settings(max_examples=500, stateful_step_count=60, **COMMON)
TestManyRealDoors = pytest.mark.nightly(pytest.mark.timeout(0)(ManyRealDoors.TestCase))
ManyDoors.TestCase.settings = settings(max_examples=2000, stateful_step_count=60, **COMMON)
TestManyDoors = pytest.mark.nightly(pytest.mark.timeout(0)(ManyDoors.TestCase))


def test_the_states_of_this_test_are_those_of_a_hub():
    hub = SmallHub()
    assert hub.root == EMPTY.root
    delta = hub.change(SEALED["ada"], FACES["ada", 1])
    assert isinstance(delta, Delta)
    assert hub.root == rows_tree((*key, digest(row)) for key, row in hub.rows.items()).root
    assert hub.head().model == MODEL
