"""Step the door, and carry out what that asks for: the relay first, then what the site is told."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from edge.core import door as doors
from edge.core.door import Door
from edge.core.door_config import DoorConfig
from edge.core.effects import Beep, Effect, Relock, Report, Unlock
from edge.core.events import Event
from edge.core.posture import DurablePosture
from edge.core.stimuli import SelfTestFailed, SelfTestPassed, Stimulus, Stopped, Tick
from edge.errors import DoorError
from edge.ports import Lock
from edge.service.reporting import Clocks, Reporter

logger = logging.getLogger(__name__)


class DoorDrive:
    """Owns the state of one door and its relay. Runs on the controller's thread."""

    def __init__(self, config: DoorConfig, lock: Lock, reporter: Reporter, clocks: Clocks) -> None:
        self.config = config
        self._lock = lock
        self._reporter = reporter
        self._clocks = clocks
        self._door = Door()
        self._must_lock = False

    @property
    def door(self) -> Door:
        return self._door

    def restore(self, stored: Iterable[DurablePosture]) -> None:
        """Put stored postures back; before `start`."""
        self._door = doors.restore(self._door, stored, self._clocks.monotonic())

    def start(self) -> None:
        """Take the relay's line, without an edge, and begin to work; or begin in fault."""
        try:
            self._lock.start()
        except DoorError as error:
            self._fail_lock(error)
        else:
            self.step(SelfTestPassed())

    def tick(self) -> None:
        """Let time pass: relock at the deadline, and lock again where that failed."""
        self.step(Tick())
        if self._must_lock:
            self._relock()

    def step(self, stimulus: Stimulus) -> None:
        self._door, effects = doors.step(self._door, self.config, stimulus, self._clocks.monotonic())
        self._carry_out(effects)

    def stop(self) -> None:
        """Lock, then tell. The line is released by whoever made the lock."""
        error = self._relock()
        if error is not None:
            logger.critical("cannot lock on the way out: %s", error)
        self.step(Stopped())

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        """Move the relay first, then tell; what failed is told last, for it is what holds from then on."""
        reports: list[Event] = []
        failure: DoorError | None = None
        for effect in effects:
            match effect:
                case Unlock(receipt):
                    try:
                        self._lock.unlock(receipt)
                    except DoorError as error:
                        self._relock()
                        failure = error
                case Relock():
                    failure = self._relock() or failure
                case Report(event_type, body):
                    body = {"door": self.config.name, **body}
                    reports.append(Event(effect.kind, event_type, self._clocks.utc(), body))
                case Beep():
                    logger.info("the door has been open for long")
        if reports:
            self._reporter.append(reports)
        if failure is not None:
            self._fail_lock(failure)

    def _relock(self) -> DoorError | None:
        """Move the relay to locked. What failed is tried again at every tick: the door may stand open."""
        try:
            self._lock.lock()
        except DoorError as error:
            self._must_lock = True
            return error
        self._must_lock = False
        return None

    def _fail_lock(self, error: DoorError) -> None:
        self._reporter.trouble("lock", str(error))
        self.step(SelfTestFailed("lock"))
