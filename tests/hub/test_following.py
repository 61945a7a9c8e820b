"""A virtual door follows the hub's gallery: by snapshot and by deltas, through any history."""

from __future__ import annotations

import random
from pathlib import Path

from edge.core.gallery_bodies import read_delta, read_head
from edge.core.gallery_following import Next, next_step
from edge.core.gallery_rows import Removal
from edge.core.gallery_snapshot import chunk_count, opened_chunk
from edge.core.gallery_sync import Changing, ChunksWanted, Head, SnapshotRef
from edge.hub.database import open_hub
from tests.hub.people import face, person
from tests.hub.world import World
from tools.fleet.memory_gallery import MemoryGallery


class Door:
    """Does what the rules of following say, over the hub's messages."""

    def __init__(self, world: World, dev: str) -> None:
        self.world, self.dev = world, dev
        self.copy = MemoryGallery("main")

    def follow(self) -> Head:
        """Until there is nothing more to do."""
        for _ in range(10):
            head = read_head(self.world.head())
            step = next_step(self.copy.have(), head)
            if isinstance(step, Next):
                return head
            if isinstance(step, SnapshotRef):
                self._fetch(head, step)
                continue
            before = len(self._deltas())
            self.world.say(self.dev, "gal/req", step.body(), type_="gallery.request")
            self.world.snapshots()
            for delta in self._deltas()[before:]:
                self.copy.apply(delta)
        raise AssertionError("the door never arrives")

    def _fetch(self, head: Head, ref: SnapshotRef) -> None:
        wanted = ChunksWanted("main", ref.version, ref.sha256, 0, 16)
        self.world.say(self.dev, "gal/req", wanted.body(), type_="gallery.request")
        for index in range(chunk_count(ref.bytes)):
            piece = self.world.hub.chunks.next()
            assert piece is not None
            self.copy.stage(ref, index, opened_chunk(piece.payload))
        self.copy.replace(Changing(head.epoch, ref))
        while self.copy.step() is not None:
            pass

    def _deltas(self) -> list:
        told = self.world.heard.on(f"ostiary/1/hq/d/{self.dev}/gal/delta")
        return [read_delta(one["body"]) for one in told]


def test_doors_that_come_and_go_have_what_the_hub_has(tmp_path: Path) -> None:
    chance = random.Random(3)
    with open_hub(tmp_path / "hub.db") as database:
        database.migrate()
        world = World(database, tmp_path)
        doors = [Door(world, f"door-{i}") for i in range(3)]
        for round_ in range(120):
            name = f"p{chance.randrange(5)}"
            match chance.randrange(4):
                case 0:
                    world.put(person(name, mark=round_), face(name, chance.randrange(3)))
                case 1:
                    world.put(Removal(name))
                case 2:
                    world.put(Removal(name, f"{name}-{chance.randrange(3)}"))
                case _:
                    world.put(person(name, revoked=True, mark=round_))
            if round_ > 3 and chance.random() < 0.3:
                door = chance.choice(doors)
                head = door.follow()
                have = door.copy.have()
                assert (have.mark, have.root, have.count) == (head.mark, head.root, head.count)
        assert {door.follow().root for door in doors} == {door.copy.have().root for door in doors}
