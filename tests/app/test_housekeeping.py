from __future__ import annotations

from datetime import timedelta

import pytest

from edge.app.following import GalleryFollower
from edge.app.housekeeping import AGAIN_S, PRUNING_S, Housekeeping
from edge.core.door_config import DoorConfig
from edge.core.face import PersonId
from edge.core.person import Person
from edge.errors import StoreFull, StoreLocked
from edge.store.gallery import Gallery
from edge.store.index import GalleryIndex
from tests.factories import MODEL, NOON, a_template
from tests.service.test_access import ADA, Site


class Failing:
    """Passes everything on, and fails with `failure` instead while it is set."""

    def __init__(self, real):
        self._real = real
        self.failure = None

    def __getattr__(self, name):
        if self.failure is not None:
            raise self.failure
        return getattr(self._real, name)


class House:
    def __init__(self, folder):
        self.site = Site(folder, DoorConfig(has_contact=False))
        self.site.controller.start()
        self.gallery = Gallery(self.site.database)
        self.journal = Failing(self.site.journal)
        self.index = Failing(GalleryIndex(self.site.database, MODEL))
        self.follower = GalleryFollower(self.index)
        self.housekeeping = Housekeeping(
            self.site.controller,
            self.journal,
            self.follower,
            clocks=self.site.clock.clocks(),
            keep_days=1,
        )

    def enroll(self):
        self.gallery.add_person(Person(ADA, "", NOON))
        self.gallery.add_face(ADA, a_template(1), quality=0.9, source="a.jpg", at=NOON)

    def run(self, after=0.0):
        self.site.clock.now += after
        self.follower.follow()
        self.housekeeping.run()

    @property
    def decisions(self):
        return len(self.site.journal.decisions(10))


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.site.database.close()


def test_a_changed_gallery_is_followed(house):
    house.run()
    house.enroll()
    house.run()
    assert house.index.matcher.size == 1


def test_a_gallery_that_cannot_be_read_is_alarmed_once_and_followed_again_later(house):
    house.index.failure = StoreLocked("held by another process; try again")
    for _ in range(3):
        house.run(1.0)
    assert house.site.types.count("alarm.gallery") == 1
    assert "gallery" in house.site.controller.reporter.troubles
    house.index.failure = None
    house.enroll()
    house.run(1.0)
    assert house.site.controller.reporter.troubles == {}
    assert house.site.types[-1] == "alarm.gallery_clear"
    assert house.index.matcher.size == 1


def test_old_decisions_are_forgotten_once_a_day(house):
    house.site.sight(person=PersonId("ada"))
    house.run(timedelta(days=2).total_seconds())
    assert house.decisions == 1, "the door was unlocked"
    house.site.controller.tick()
    house.run()
    assert house.decisions == 0


def test_what_cannot_be_pruned_is_pruned_later(house):
    house.run()
    house.site.sight()
    house.site.wait(PRUNING_S * 2)
    house.journal.failure = StoreFull("no space left; free some")
    house.run()
    assert house.decisions == 1
    house.journal.failure = None
    house.run()
    assert house.decisions == 1
    house.run(AGAIN_S)
    assert house.decisions == 0


def test_without_a_trusted_clock_nothing_is_forgotten(house):
    house.site.sight()
    house.site.wait(PRUNING_S * 2)
    house.site.clock.is_set = False
    house.run()
    assert house.decisions == 1
