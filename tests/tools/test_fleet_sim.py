"""The virtual doors: 200 of them with a real mosquitto and a real hub, each a process of its own."""

from __future__ import annotations

import time

import pytest

from edge.hub.asking import asked
from tests.broker import needs_mosquitto
from tools.fleet import measures
from tools.fleet.bench_site import GALLERY, SITE, running
from tools.fleet.files import allow_files
from tools.fleet.measured_events import events
from tools.fleet.people_made import named

DOORS = 200
PEOPLE = 100


def nothing(done, of):
    """No progress is shown."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    allow_files(DOORS * 2)
    folder = tmp_path_factory.mktemp("fleet")
    with running(folder, DOORS, prepare=lambda site: measures.fill(site, nothing, PEOPLE)) as site:
        measures.await_filled(site, PEOPLE)
        yield site


@needs_mosquitto
@pytest.mark.parametrize(
    ("topic", "type_", "body"),
    [
        (SITE.all_cmd, "device.identify", {"seconds": 1}),
        (SITE.group_cmd("lobby"), "device.identify", {"seconds": 1}),
        (SITE.all_cmd, "door.unlock", {"door": "main"}),
    ],
    ids=["all", "group", "unlock"],
)
def test_a_command_is_carried_out_by_every_door(fleet, topic, type_, body):
    with fleet.console() as operator:
        time.sleep(0.5)
        assert len(measures.ordered(operator, topic, DOORS, type_, body)) == DOORS


@needs_mosquitto
def test_a_delta_reaches_every_door_and_a_revoke_denies_at_every_door(fleet):
    (reached,) = measures.delta(fleet, nothing, rounds=1, base=PEOPLE)
    assert reached.details["count"] == DOORS
    (denied,) = measures.revoke(fleet, nothing, rounds=1)
    assert denied.details["count"] == DOORS
    with fleet.console() as operator:
        rows = asked(operator, "gallery.rows", {"gallery": GALLERY, "limit": 200})["rows"]
    assert [row["person"] for row in rows if row.get("revoked")] == [named(0)]


@needs_mosquitto
def test_all_come_back_to_a_killed_broker_and_no_event_is_lost_or_doubled(fleet):
    (figure,) = events(fleet, nothing, 4.0)
    fleet.await_all("again", 15.0)
    assert figure.details["lost"] == figure.details["doubled"] == figure.details["unknown"] == 0
    assert figure.details["sent"] >= 4 * 400
