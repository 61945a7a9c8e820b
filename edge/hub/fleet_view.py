"""The fleet as its retained messages tell: who is there, in which groups, and how the doors stand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from edge.core.events import Json
from edge.hub.console import GONE, Console, Heard

LEAVES = ("state", "info", "door/+/state")
"""What has to be heard for it."""
UNKNOWN = "unknown"
_QUIET_S = 0.6
_LONGEST_S = 10.0


@dataclass(slots=True)
class Device:
    """state: `unknown` of one that never said. nonce: what orders must repeat as long as it does not know the
    time. doors: the level of each door by its name."""

    dev: str
    state: str = UNKNOWN
    session: int = -1
    boot: Json = None
    nonce: str | None = None
    info: dict[str, Json] = field(default_factory=dict)
    doors: dict[str, dict[str, Json]] = field(default_factory=dict)

    @property
    def is_there(self) -> bool:
        """Whether it has a session with the broker."""
        return self.state not in (UNKNOWN, *GONE)

    @property
    def groups(self) -> tuple[str, ...]:
        named = self.info.get("groups")
        return tuple(str(one) for one in named) if isinstance(named, list) else ()

    def as_json(self) -> dict[str, Json]:
        return {"dev": self.dev, "state": self.state, "info": self.info, "doors": dict(self.doors)}


class FleetView:
    """Follows what devices say of themselves."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}

    def note(self, heard: Heard) -> Device | None:
        """Take a message in; the device it has changed, or None."""
        if not heard.dev:
            return None
        known = self._devices.get(heard.dev, Device(heard.dev))
        leaf, document = heard.leaf, heard.document
        if leaf == "state":
            session, boot = document.get("session"), document.get("boot")
            state = str(document.get("state"))
            if type(session) is not int:
                return None
            # A late death must not kill a newer birth; a device that was installed anew counts anew.
            if session < known.session and (state in GONE or boot in (None, known.boot)):
                return None
            nonce = document.get("nonce")
            known.state, known.session, known.boot = state, session, boot
            known.nonce = nonce if isinstance(nonce, str) else None
        elif leaf == "info":
            known.info = document
        elif leaf.startswith("door/") and leaf.endswith("/state"):
            known.doors[leaf.split("/")[1]] = document
        else:
            return None
        self._devices[heard.dev] = known
        return known

    def devices(self, group: str | None = None, state: str | None = None) -> list[Device]:
        """In the order of their ids. group, state: only those."""
        return [
            one
            for _, one in sorted(self._devices.items())
            if (group is None or group in one.groups) and (state is None or one.state == state)
        ]

    def named(self, wanted: Iterable[str]) -> list[Device]:
        """Those of these ids; one that never said anything is `unknown`."""
        return [self._devices.get(dev, Device(dev)) for dev in wanted]


def look(
    console: Console,
    also: Callable[[Heard], object] = lambda heard: None,
    monotonic: Callable[[], float] = time.monotonic,
) -> FleetView:
    """Hear what the broker retains: it comes at once, and then nothing more. also: is given all of it."""
    view = FleetView()
    told: set[tuple[str, str]] = set()
    last = monotonic()
    for heard in console.heard(_LONGEST_S):
        now = monotonic()
        if heard is not None:
            also(heard)
        if heard is not None and view.note(heard) is not None and (heard.dev, heard.leaf) not in told:
            # What is told a second time is news, of which there is no end.
            told.add((heard.dev, heard.leaf))
            last = now
        elif now - last > _QUIET_S:
            break
    return view
