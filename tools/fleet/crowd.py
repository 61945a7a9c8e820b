"""All virtual doors of a process: who comes to them, and what is told of them."""

from __future__ import annotations

import json
import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from edge.core.events import Json
from edge.core.face import PersonId
from tools.fleet.door import VirtualDoor
from tools.fleet.loop import Loop

_CONNECTING_PER_S = 200
_VISITS_S = 0.02
_REPORT_S = 1.0
_STRANGER = PersonId("nobody")


def _print(told: dict[str, Json]) -> None:
    print(json.dumps(told), flush=True)


class Crowd:
    """Belongs to the loop's thread. tell: where what is told goes."""

    def __init__(
        self, loop: Loop, doors: Sequence[VirtualDoor], tell: Callable[[dict[str, Json]], None] = _print
    ) -> None:
        self.doors = doors
        self._loop = loop
        self._tell = tell
        self._each_second = 0.0
        self._since = 0.0
        self._visited = 0
        self._is_visiting = False

    def start(self) -> None:
        for place, door in enumerate(self.doors):
            self._loop.later(place / _CONNECTING_PER_S, door.start)

    def send_visitors(self, each_second: float) -> None:
        """Strangers at random doors, each of which is an event; as many as asked for, however late."""
        self._each_second, self._since, self._visited = each_second, time.monotonic(), 0
        if not self._is_visiting and each_second:
            self._visit()

    def watch(self, person: PersonId) -> None:
        """Tell when each door does not let the person in any more."""
        for door in self.doors:
            door.watch(person, partial(self._note_denied, door.dev))

    def write_events(self, file: Path) -> None:
        """One line for each event of each door: its id, and whether the hub has said that it has it."""
        with file.open("w") as lines:
            for door in self.doors:
                lines.writelines(f"{id_} {int(sent)}\n" for id_, sent in door.events())
        self._tell({"events": str(file)})

    def report(self) -> None:
        """Now, and each second from now on."""
        versions = Counter(
            str(door.gallery.have().version) for door in self.doors if door.gallery is not None
        )
        self._tell(
            {
                "devices": len(self.doors),
                "connected": sum(door.session.is_up for door in self.doors),
                "unlocks": sum(door.lock.unlocks for door in self.doors),
                "visits": self._visited,
                "versions": dict(versions),
                "cpu_s": round(time.process_time(), 2),
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
        self._loop.later(_REPORT_S, self.report)

    def tell_waiting(self) -> None:
        """How many events the hub has not acknowledged yet."""
        self._tell({"waiting": sum(door.waiting() for door in self.doors)})

    def _visit(self) -> None:
        due = int((time.monotonic() - self._since) * self._each_second)
        while self._visited < due:
            random.choice(self.doors).visit(_STRANGER)
            self._visited += 1
        self._is_visiting = self._each_second > 0
        if self._is_visiting:
            self._loop.later(_VISITS_S, self._visit)

    def _note_denied(self, dev: str, person: PersonId) -> None:
        self._tell({"denied": person, "dev": dev, "at_ns": time.monotonic_ns()})
