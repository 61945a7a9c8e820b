"""The software on trial: kept when the device is well with it and reaches the site, and else left."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from edge.core.trial_run import Decision, Terms
from edge.errors import StoreError
from edge.host.slots import Slots
from edge.service.probation import Probation, Verdict

logger = logging.getLogger(__name__)
LINK = "link"


class SoftwareTrial:
    """Safe to use from the controller's thread and one other. The launcher has counted this start.

    is_linked: whether there is a session with the broker: a software that cannot reach the site could never
    be replaced from there again.
    """

    name = "software"

    def __init__(self, slots: Slots, terms: Terms, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.slots = slots
        self.is_linked: Callable[[], bool] = lambda: True
        self._monotonic = monotonic
        self._troubles: frozenset[str] = frozenset()
        run = slots.trial() if slots.is_ours else None
        self._probation = None if run is None else Probation(run, terms)

    @property
    def is_trying(self) -> bool:
        return self._probation is not None

    def switch(self, place: str, job: str) -> None:
        """Have a place tried from the next start on. Raises StoreError."""
        self.slots.switch(place, job, self._troubles)

    def tick(self, troubles: Mapping[str, str]) -> Verdict | None:
        """See `Newcomer`."""
        told = dict(troubles) if self.is_linked() else {**troubles, LINK: "no session with the broker"}
        self._troubles = frozenset(told)
        if self._probation is None:
            return None
        verdict = self._probation.look(self._monotonic(), told)
        if verdict.decision is Decision.KEEP_TRYING:
            return None
        try:
            if verdict.decision is Decision.CONFIRM:
                self.slots.confirm()
            else:
                self.slots.roll_back("unhealthy")
        except StoreError as error:
            logger.warning("what became of the software cannot be stored yet: %s", error)
            return None
        self._probation = None
        return verdict

    def leave(self) -> None:
        """See `Newcomer`."""
        if self._probation is None:
            return
        try:
            self.slots.excuse()
        except StoreError as error:
            logger.warning("an orderly end counts as a failed start: %s", error)
