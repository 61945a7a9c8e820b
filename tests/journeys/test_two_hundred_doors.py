"""Two hundred virtual doors and a hub at one mosquitto: an operator reaches everybody, who all answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.demo.broker import find_mosquitto
from tests.broker import until
from tests.journeys.fleet_site import ROOT, FleetSite, running

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
DOORS = 200
PICTURE = ROOT / "edge" / "demo" / "portraits" / "eileen_collins.jpg"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[FleetSite]:
    with running(tmp_path, doors=DOORS) as made:
        yield made


def test_everybody_is_reached(site: FleetSite) -> None:
    doors = {f"sim-{number:03}" for number in range(1, DOORS + 1)}
    answers = site.told("anna", "identify", "--all", "--wait", "30")
    assert {one["dev"]: one["status"] for one in answers} == dict.fromkeys(doors, "succeeded")

    site.told("anna", "people", "add", "ada", PICTURE)
    until(lambda: in_step(site) == DOORS, "two hundred doors in step", 60.0)
    answers = site.told("anna", "revoke", "ada", "--direct")
    assert {one["dev"]: one["status"] for one in answers} == dict.fromkeys(doors, "succeeded")
    assert site.told("anna", "alarms") == []


def in_step(site: FleetSite) -> int:
    (gallery,) = site.told("anna", "people", "status")["galleries"]
    return int(gallery["devices"]["in_step"])
