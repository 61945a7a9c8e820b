"""Tell the site what happens: events that are stored or kept until they can be, and what is in trouble."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge.core.clock_state import ClockState
from edge.core.events import Event, EventClass, Json
from edge.errors import StoreError
from edge.ports import Journal

logger = logging.getLogger(__name__)
UNSAVED_LIMIT = 1000
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """monotonic: seconds. utc: aware UTC. is_set: whether the time of day can be trusted. state: what the
    clock itself says of that; None where nobody asks it. Any thread may ask."""

    monotonic: Callable[[], float]
    utc: Callable[[], datetime]
    is_set: Callable[[], bool]
    state: Callable[[], ClockState | None] = lambda: None


class Reporter:
    """Runs on the controller's thread.

    stored: grows whenever events were stored; then the outbox has news.
    """

    def __init__(self, journal: Journal, clocks: Clocks) -> None:
        self._journal = journal
        self._clocks = clocks
        self._unsaved: list[Event] = []
        self._retry_at = float("-inf")
        self._troubles: dict[str, str] = {}
        self.stored = 0

    @property
    def troubles(self) -> dict[str, str]:
        """What keeps the device from being in order, by name: camera, store, gallery, lock.

        Empty when all is well.
        """
        return dict(self._troubles)

    def trouble(self, name: str, reason: str | None) -> None:
        """Note that a part of the device fails (`reason`), or that it works again (None), and report it."""
        if (name in self._troubles) == (reason is not None):
            return
        if reason is None:
            del self._troubles[name]
            logger.info("%s works again", name)
            self.report(EventClass.ALARM, f"alarm.{name}_clear", {})
        else:
            self._troubles[name] = reason
            logger.warning("%s fails: %s", name, reason)
            self.report(EventClass.ALARM, f"alarm.{name}", {"reason": reason})

    def report(self, kind: EventClass, event_type: str, body: dict[str, Json]) -> None:
        """Store an event for publication."""
        self.append((Event(kind, event_type, self._clocks.utc(), body),))

    def append(self, events: Sequence[Event]) -> None:
        """Store events, the ones left over first. What cannot be stored is kept for `retry`."""
        self._unsaved.extend(events)
        try:
            self._journal.append(self._unsaved)
        except StoreError as error:
            self._retry_at = self._clocks.monotonic() + RETRY_S
            del self._unsaved[:-UNSAVED_LIMIT]
            if "store" not in self._troubles:
                self._troubles["store"] = str(error)
                logger.warning("store fails: %s", error)
                body: dict[str, Json] = {"reason": str(error)}
                self._unsaved.append(Event(EventClass.ALARM, "alarm.store", self._clocks.utc(), body))
        else:
            self._unsaved.clear()
            self.note_stored()

    def note_stored(self) -> None:
        """Note that the journal has taken something: the outbox has news and the store works."""
        self.stored += 1
        self.trouble("store", None)

    def retry(self) -> None:
        """Store what is left over, when it is time to try again."""
        if self._unsaved and self._clocks.monotonic() >= self._retry_at:
            self.append(())
