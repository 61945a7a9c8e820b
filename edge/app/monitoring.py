"""Watch how the door works: for the broker, and for Prometheus."""

from __future__ import annotations

from functools import partial

from edge.app.observers import tell
from edge.app.station import Station
from edge.app.vision_figures import VisionFigures
from edge.app.vitals import UNPUBLISHED_S, VitalsWorker
from edge.errors import SettingsError
from edge.store.database import open_database
from edge.store.outbox import Outbox

VITALS_STALE_S = 30.0
"""Counting a long outbox on a slow card takes its time."""


def open_metrics(station: Station) -> None:
    """Serve figures where a port is set. A door works without them: what hinders that is told as trouble."""
    wanted = station.settings.metrics
    if wanted.port is None:
        return
    from edge.app.metrics import Metrics, served

    metrics = Metrics()
    try:
        station.stack.enter_context(served(metrics, wanted.host, wanted.port))
    except SettingsError as error:
        station.controller.reporter.trouble("metrics", str(error))
        return
    metrics.join(station.observers)


def watch_vitals(station: Station, figures: VisionFigures) -> None:
    """Measure the device now and then, if anybody wants to know."""
    if not station.observers.vitals:
        return
    store = station.settings.store
    database = station.stack.enter_context(open_database(store.file, durable=False, check=False))
    worker = VitalsWorker(
        every_s=station.settings.fleet.health_s or UNPUBLISHED_S,
        figures=figures,
        outbox=Outbox(database),
        folder=store.folder,
        clocks=station.clocks,
        hear=partial(tell, station.observers.vitals),
    )
    station.crew.add("vitals", worker.run, stale_s=VITALS_STALE_S)
