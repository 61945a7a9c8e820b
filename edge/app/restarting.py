"""End the daemon in good order because it is to be started anew: by a command, or for a new configuration.

The service manager starts it again whatever it ended with; the exit code says that it was meant.
"""

from __future__ import annotations

import logging
import threading

from edge.core.events import Event, EventClass, Json
from edge.errors import StoreError
from edge.ports import Journal
from edge.service.reporting import Clocks

logger = logging.getLogger(__name__)
RESTART = 75
"""The exit code; `ostiary.service` counts it as success."""
_STATE = "restart"
GRACE_S = 2.0
"""How long the broker has to take the answer to the command before the daemon ends."""


class Restart:
    """`request` may be called from any thread, the rest belongs to the controller's."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._wanted: str | None = None
        self._at = float("inf")
        self._told = threading.Event()

    def request(self, why: str, *, grace_s: float = 0.0) -> None:
        """End the daemon. why: for the log. grace_s: how long to wait for `now`."""
        if self._wanted is None:
            self._at = self._clocks.monotonic() + grace_s
            self._wanted = why

    def now(self) -> None:
        """There is nothing to wait for any more; from any thread."""
        self._told.set()

    @property
    def is_wanted(self) -> bool:
        return self._wanted is not None

    @property
    def is_due(self) -> bool:
        """Whether the daemon should end now."""
        return self._wanted is not None and (self._told.is_set() or self._clocks.monotonic() >= self._at)

    @property
    def reason(self) -> str:
        """For the log: empty when no restart is wanted."""
        return f" to be started anew ({self._wanted})" if self._wanted is not None else ""


def remember(journal: Journal, command: str) -> None:
    """Store which command the next start answers. Raises StoreError."""
    journal.save_state(_STATE, command)


def started(journal: Journal, clocks: Clocks, body: dict[str, Json]) -> Event:
    """The event of this start; it names the command that wanted it. body: what else it tells."""
    command: str | None = None
    try:
        command = journal.state(_STATE)
        if command is not None:
            journal.save_state(_STATE, None)
    except StoreError as error:
        logger.warning("which command wanted this start is not known: %s", error)
    return Event(EventClass.SYSTEM, "system.started", clocks.utc(), body, corr=command)
