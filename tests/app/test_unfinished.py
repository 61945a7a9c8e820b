"""Deletions that were cut short, finished at the next start."""

import threading

import pytest

from edge.app.unfinished import finish_deletions
from edge.app.wiring import open_roster
from edge.configuration import load
from edge.core.face import PersonId
from edge.core.person import Group, GroupId, Person
from edge.store.database import open_database
from edge.store.groups import Groups
from tests.factories import NOON

STAFF, GUESTS = GroupId("staff"), GroupId("guests")
ADA = PersonId("ada")


class PowerCut(Exception):
    pass


@pytest.fixture
def settings(tmp_path):
    """A store in which the deletion of a group with its people was cut short."""
    settings = load(overrides={"store": {"folder": tmp_path}})
    with open_roster(settings) as roster:
        for group in (STAFF, GUESTS):
            roster.groups.add(Group(group, group, NOON))
        people = [ADA, *(PersonId(f"p{number}") for number in range(600))]
        with roster.gallery.together():
            for person in people:
                roster.gallery.add_person(Person(person, "", NOON))
            roster.groups.join(STAFF, *people)
            roster.groups.join(GUESTS, ADA)

    def cut(_):
        raise PowerCut

    with open_database(settings.store.file, durable=True) as database, pytest.raises(PowerCut):
        Groups(database, pause=cut).remove(STAFF, with_people=True)
    return settings


def left(settings):
    with open_roster(settings) as roster:
        return roster.groups.unfinished(), roster.gallery.count(), roster.groups.of(ADA)


def test_a_deletion_that_was_cut_short_is_finished(settings):
    assert left(settings) == ([STAFF], 102, [GUESTS])
    finish_deletions(settings, threading.Event(), lambda: None)
    assert left(settings) == ([], 1, [GUESTS])


def test_a_store_in_trouble_ends_nothing(settings, caplog):
    settings.store.file.write_bytes(b"rubbish" * 1000)
    finish_deletions(settings, threading.Event(), lambda: None)
    assert "unfinished" in caplog.text
