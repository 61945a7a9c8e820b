"""Figures for Prometheus: how the door works, and nothing about who passes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.exposition import start_http_server

from edge.app.observers import Observers
from edge.app.stopwatch import STAGES, Lap
from edge.app.vitals import Vitals
from edge.core.decision import Decision, Reason, Receipt
from edge.core.events import Json
from edge.errors import SettingsError

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SCORES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_CLOSE_S = 2.0


class Metrics:
    """Any thread may tell it something. registry: of its own, so that two doors fit into one process."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=registry)
        Info("ostiary_build", "The running software", registry=registry).info({"version": version("ostiary")})
        self._decisions = Counter(
            "ostiary_decisions", "Requests to pass, answered", ["reason"], registry=registry
        )
        for reason in Reason:
            self._decisions.labels(reason.value)
        self._unlocks = Counter("ostiary_relay_unlocks", "Moves of the relay to unlocked", registry=registry)
        self._frames = Counter("ostiary_frames", "Frames looked at", registry=registry)
        self._stages = Histogram(
            "ostiary_stage_seconds",
            "Time of a stage of recognition, by frame",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        for stage in STAGES:
            self._stages.labels(stage)
        self._liveness = Histogram(
            "ostiary_liveness_score",
            "Probability of life that decisions rested on",
            buckets=_SCORES,
            registry=registry,
        )
        self._outbox = Gauge("ostiary_outbox_events", "Events that wait to be sent", registry=registry)
        self._broker = Gauge("ostiary_broker_up", "1 while there is a session", registry=registry)
        self._temperature = Gauge("ostiary_temperature_celsius", "Of the processor", registry=registry)
        self._disk = Gauge("ostiary_disk_free_bytes", "Where the store lies", registry=registry)
        self._version = Gauge("ostiary_gallery_version", "Of the gallery that is followed", registry=registry)
        self._lag = Gauge(
            "ostiary_gallery_lag_versions", "How far behind its newest version", registry=registry
        )
        for gauge in (self._outbox, self._temperature, self._disk, self._version, self._lag):
            gauge.set(math.nan)

    def join(self, observers: Observers) -> None:
        """Hear of everything from now on."""
        observers.frame.append(self.frame)
        observers.decision.append(self.decision)
        observers.unlock.append(self.unlocked)
        observers.vitals.append(self.vitals)
        observers.link.append(self.link)
        observers.info.append(self.info)

    def frame(self, lap: Lap) -> None:
        self._frames.inc()
        for stage, seconds in lap.seconds().items():
            self._stages.labels(stage).observe(seconds)

    def decision(self, decision: Decision) -> None:
        self._decisions.labels(decision.reason.value).inc()
        if decision.evidence.liveness is not None:
            self._liveness.observe(decision.evidence.liveness)

    def unlocked(self, _receipt: Receipt) -> None:
        self._unlocks.inc()

    def vitals(self, vitals: Vitals) -> None:
        """What is not known keeps its last value; what never was is NaN."""
        for gauge, value in (
            (self._outbox, vitals.depth),
            (self._temperature, vitals.temperature_c),
            (self._disk, vitals.disk_free),
        ):
            if value is not None:
                gauge.set(value)

    def link(self, up: bool) -> None:
        self._broker.set(up)

    def info(self, info: Mapping[str, Json]) -> None:
        """The description of the device has changed."""
        gallery = info.get("gallery")
        if not isinstance(gallery, dict):
            return
        mine, newest = gallery.get("version"), gallery.get("head")
        if isinstance(mine, int):
            self._version.set(mine)
            if isinstance(newest, int):
                self._lag.set(max(0, newest - mine))


@contextmanager
def served(metrics: Metrics, host: str, port: int) -> Iterator[int]:
    """Answer scrapes until the end of the block; gives the port, which is a free one for 0.

    Raises SettingsError when nothing can listen there.
    """
    try:
        server, thread = start_http_server(port, host, metrics.registry)
    except OSError as error:
        where = f"metrics.host {host!r} and metrics.port {port}"
        raise SettingsError(
            f"nothing can listen on {where}: {error.strerror or error}; choose others"
        ) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_CLOSE_S)
