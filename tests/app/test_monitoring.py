from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import fields

import pytest

from edge.app.crew import Crew
from edge.app.monitoring import open_metrics, watch_vitals
from edge.app.observers import Observers
from edge.app.station import Station
from edge.app.vision_figures import VisionFigures
from edge.core.door_config import DoorConfig
from edge.core.events import EventClass
from edge.settings import Settings
from edge.store.outbox import Outbox
from tests.app.test_metrics import get
from tests.broker import until
from tests.service.test_access import Site


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path, DoorConfig())
    made.controller.start()
    yield made
    made.database.close()


def station(site, folder, stack, **sections):
    """What is looked at here; all else is not there."""
    settings = Settings.model_validate({"store": {"folder": folder}, **sections})
    clocks = site.clock.clocks()
    present = {
        "settings": settings,
        "clocks": clocks,
        "stack": stack,
        "crew": Crew(clocks.monotonic),
        "controller": site.controller,
        "observers": Observers(),
    }
    return Station(**{one.name: present.get(one.name) for one in fields(Station)})


def test_without_a_port_nothing_listens_and_nothing_is_measured(site, tmp_path):
    with ExitStack() as stack:
        made = station(site, tmp_path, stack)
        open_metrics(made)
        watch_vitals(made, VisionFigures(lambda: 0.0))
        made.crew.start()
        assert made.crew.stuck() == []
        assert made.observers == Observers()


def test_a_port_that_is_taken_is_an_alarm_and_no_hindrance(site, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, ExitStack() as stack:
        open_metrics(station(site, tmp_path, stack, metrics={"port": taken.getsockname()[1]}))
    assert "choose others" in site.controller.reporter.troubles["metrics"]


def test_figures_of_the_device_are_served(site, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with ExitStack() as stack:
        made = station(site, tmp_path, stack, metrics={"port": port}, fleet={"health_s": 0})
        open_metrics(made)
        watch_vitals(made, VisionFigures(lambda: 0.0))
        for _ in range(3):
            site.controller.reporter.report(EventClass.SYSTEM, "system.test", {})
        waiting = Outbox(site.database).depth()
        made.crew.start()
        stack.callback(made.crew.stop)
        until(lambda: f"ostiary_outbox_events {waiting}.0".encode() in get(port), "the first reading")
