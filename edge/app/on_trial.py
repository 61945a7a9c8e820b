"""All that may be on trial in a start of the daemon: watched over, and the verdicts acted on."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from edge.app import model_shelf, remote_layer
from edge.app.model_shelf import ModelShelf
from edge.app.remote_layer import RemoteLayer, terms
from edge.app.software_trial import SoftwareTrial
from edge.configuration import Sources
from edge.core.events import EventClass, Json
from edge.core.trial_run import Decision
from edge.host.slots import Slots
from edge.service.probation import Verdict
from edge.service.reporting import Reporter
from edge.service.shadowing import Understudies
from edge.settings import Settings

logger = logging.getLogger(__name__)


class Newcomer(Protocol):
    """Something that may be on trial. name: one word, for events."""

    @property
    def name(self) -> str: ...

    def tick(self, troubles: Mapping[str, str]) -> Verdict | None:
        """Judge it; a verdict is returned once, when it is stored. After a bad one the daemon starts anew."""

    def leave(self) -> None:
        """The daemon ends by order: that is not held against what is on trial."""


@dataclass(slots=True)
class OnTrial:
    """`run` and `leave` belong to the controller's thread. software: None where none comes from afar."""

    layer: RemoteLayer
    shelf: ModelShelf
    software: SoftwareTrial | None = None
    understudies: Understudies = field(default_factory=Understudies)
    _audits: queue.SimpleQueue[tuple[str, dict[str, Json]]] = field(default_factory=queue.SimpleQueue)

    def run(self, reporter: Reporter, restart: Callable[[str], None]) -> None:
        """Take a look; about once a second, while everything of the device has started.

        restart: asks for an orderly start anew.
        """
        while not self._audits.empty():
            reporter.report(EventClass.AUDIT, *self._audits.get())
        troubles = reporter.troubles
        for newcomer in self._newcomers:
            verdict = newcomer.tick(troubles)
            if verdict is None:
                continue
            if verdict.decision is Decision.CONFIRM:
                logger.info("the new %s has proved itself", newcomer.name)
                reporter.report(EventClass.AUDIT, f"audit.{newcomer.name}_kept", {})
            else:
                logger.warning("the new %s is taken back: %s", newcomer.name, verdict.reason)
                body: dict[str, Json] = {"reason": verdict.reason}
                reporter.report(EventClass.AUDIT, f"audit.{newcomer.name}_taken_back", body)
                restart(f"the new {newcomer.name} is taken back")

    def leave(self) -> None:
        for newcomer in self._newcomers:
            newcomer.leave()

    def audit(self, event_type: str, body: dict[str, Json]) -> None:
        """Have an event stored at the next look; from any thread."""
        self._audits.put((event_type, body))

    @property
    def _newcomers(self) -> tuple[Newcomer, ...]:
        return (self.layer, self.shelf, *([] if self.software is None else [self.software]))


def begin(sources: Sources, monotonic: Callable[[], float] = time.monotonic) -> tuple[Settings, OnTrial]:
    """Read the configuration of a start of the daemon, and count the start for what is on trial.

    Raises SettingsError and StoreError.
    """
    settings, layer = remote_layer.begin(sources, monotonic)
    shelf = model_shelf.begin(settings.store.folder, terms(settings), monotonic)
    slots, software = settings.ota.slots, None
    if slots is not None:
        software = SoftwareTrial(Slots(slots), terms(settings), monotonic)
    return settings, OnTrial(layer, shelf, software)
