"""The daemon's workers as one crew: started together, watched together, ended together."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from edge.app.threads import Worker
from edge.errors import WorkerDied

logger = logging.getLogger(__name__)


class Crew:
    """clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._workers: list[Worker] = []

    def add(
        self,
        name: str,
        target: Callable[[threading.Event, Callable[[], None]], None],
        *,
        stale_s: float = 10.0,
        may_end: bool = False,
    ) -> None:
        """Take a worker on; see `Worker`."""
        self._workers.append(Worker(name, target, clock=self._clock, stale_s=stale_s, may_end=may_end))

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def stuck(self) -> list[str]:
        """The workers that give no sign of life. Raises WorkerDied when one has ended that must not."""
        for worker in self._workers:
            if (why := worker.died()) is not None:
                raise WorkerDied(f"the {worker.name} thread ended ({why}); see the log, then restart")
        now = self._clock()
        return [worker.name for worker in self._workers if not worker.is_fresh(now)]

    def stop(self) -> None:
        """Ask all to end, the last one first, and wait for each."""
        for worker in reversed(self._workers):
            worker.ask_to_stop()
        for worker in reversed(self._workers):
            if not worker.stop():
                logger.warning("the %s thread did not end in time", worker.name)
