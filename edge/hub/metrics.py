"""Figures of the hub for Prometheus, asked of the database when somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from edge.errors import SettingsError, StoreError
from edge.hub.database import HubDatabase
from edge.hub.parts import Parts
from edge.hub.service import HubService
from edge.hub.standing import Part
from edge.hub.tables import devices, galleries, gallery_acks, gaps, jobs, offers, revoke_waits, rollouts
from edge.hub.work import Work


class HubMetrics(Collector):
    """Safe for any thread: it reads the database over connections of its own."""

    def __init__(self, service: HubService, parts: Parts, database: HubDatabase) -> None:
        self._service = service
        self._parts = parts
        self._database = database

    def collect(self) -> Iterator[Metric]:
        collector = self._parts.collector
        yield _counter("events_collected", "Events stored since the start.", collector.collected)
        yield _counter("events_repeated", "Events that were stored already.", collector.repeated)
        yield _counter("events_unreadable", "Messages that were no event.", collector.unreadable)
        yield _counter(
            "requests_refused", "Requests not authorized or unreadable.", self._parts.requests.refused
        )
        yield _gauge("queued", "Messages that wait for database or broker.", self._service.queued)
        yield _gauge("active", "Whether this is the hub of the site.", self._service.part is Part.ACTIVE)
        try:
            with self._database.reading() as connection:
                found = list(self._stored(Work(connection, datetime.now(UTC))))
        except StoreError:
            found = []
        yield _gauge("database_up", "Whether the database answers.", bool(found))
        yield from found

    def _stored(self, work: Work) -> Iterator[Metric]:
        ask = work.connection.execute
        by_state = GaugeMetricFamily("ostiary_hub_devices", "Devices by state.", labels=["state"])
        for state, count in ask(select(devices.c.state, func.count()).group_by(devices.c.state)):
            by_state.add_metric([state], count)
        yield by_state
        version = GaugeMetricFamily("ostiary_hub_gallery_version", "Of each gallery.", labels=["gallery"])
        people = GaugeMetricFamily("ostiary_hub_gallery_people", "In each gallery.", labels=["gallery"])
        behind = GaugeMetricFamily(
            "ostiary_hub_gallery_behind", "Devices that have not the newest version.", labels=["gallery"]
        )
        lag = GaugeMetricFamily(
            "ostiary_hub_gallery_lag", "Versions the last one is behind.", labels=["gallery"]
        )
        for row in ask(select(galleries)).all():
            mine = gallery_acks.c.gallery == row.gallery
            late = mine & ((gallery_acks.c.epoch != row.epoch) | (gallery_acks.c.version != row.version))
            count, least = ask(select(func.count(), func.min(gallery_acks.c.version)).where(late)).one()
            version.add_metric([row.gallery], row.version)
            people.add_metric([row.gallery], row._mapping["count"])
            behind.add_metric([row.gallery], count)
            lag.add_metric([row.gallery], max(0, row.version - (row.version if least is None else least)))
        yield from (version, people, behind, lag)
        for name, text, table in (
            ("event_gaps", "Numbers of events that did not come, in spans.", gaps),
            ("revokes_waiting", "Devices that have not acknowledged a revoke.", revoke_waits),
            ("offers_waiting", "People that devices enrolled and nobody took in.", offers),
        ):
            yield _gauge(name, text, ask(select(func.count()).select_from(table)).scalar() or 0)
        by_status = GaugeMetricFamily("ostiary_hub_jobs", "Jobs of running roll-outs.", labels=["status"])
        running = select(rollouts.c.rollout).where(rollouts.c.state == "running")
        counted = select(jobs.c.status, func.count()).where(jobs.c.rollout.in_(running))
        for status, count in ask(counted.group_by(jobs.c.status)):
            by_status.add_metric([status], count)
        yield by_status


def serve(metrics: HubMetrics, host: str, port: int) -> None:
    """Answer scrapes in a thread of its own, until the process ends. Raises SettingsError."""
    registry = CollectorRegistry()
    registry.register(metrics)
    try:
        start_http_server(port, host, registry)
    except OSError as error:
        raise SettingsError(
            f"metrics.port {port} of {host} cannot be had ({error.strerror}); choose another one"
        ) from error


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"ostiary_hub_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(f"ostiary_hub_{name}", text, value=value)
