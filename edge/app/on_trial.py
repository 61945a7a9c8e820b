"""Watch over all that is on trial in the running daemon, and act on the verdicts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from edge.core.events import EventClass, Json
from edge.core.trial_run import Decision
from edge.service.probation import Verdict
from edge.service.reporting import Reporter

logger = logging.getLogger(__name__)


class Newcomer(Protocol):
    """Something that may be on trial. name: one word, for events."""

    @property
    def name(self) -> str: ...

    def tick(self, troubles: Mapping[str, str]) -> Verdict | None:
        """Judge it; a verdict is returned once, when it is stored and what it says was done."""

    def leave(self) -> None:
        """The daemon ends by order: that is not held against what is on trial."""


class OnTrial:
    """Runs on the controller's thread. restart: asks for an orderly start anew."""

    def __init__(self, newcomers: Sequence[Newcomer]) -> None:
        self._newcomers = newcomers

    def run(self, reporter: Reporter, restart: Callable[[str], None]) -> None:
        """Take a look; about once a second, while everything of the device has started."""
        troubles = reporter.troubles
        for newcomer in self._newcomers:
            verdict = newcomer.tick(troubles)
            if verdict is None:
                continue
            is_good = verdict.decision is Decision.CONFIRM
            kind = "proved" if is_good else "taken_back"
            body: dict[str, Json] = {} if is_good else {"reason": verdict.reason}
            reporter.report(EventClass.AUDIT, f"audit.{newcomer.name}_{kind}", body)
            if is_good:
                logger.info("the new %s has proved itself", newcomer.name)
            else:
                logger.warning("the new %s is taken back: %s", newcomer.name, verdict.reason)
                restart(f"the new {newcomer.name} is taken back")

    def leave(self) -> None:
        for newcomer in self._newcomers:
            newcomer.leave()
