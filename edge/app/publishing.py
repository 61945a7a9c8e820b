"""Tell the broker how things stand: retained levels, and that new events wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from edge.core.door import level_state
from edge.core.events import Json
from edge.mqtt.codec import Codec, DeviceState, DoorLevel, Outgoing
from edge.mqtt.pump import OutboxPump
from edge.ports import Bus
from edge.service.access import Controller
from edge.service.reporting import Clocks

INFO_S = 1.0


class Line(Bus, Protocol):
    """A session that also announces how the device is."""

    def set_state(self, state: DeviceState) -> bool:
        """False when it was not taken: say it again."""


class Publisher:
    """Runs on the controller's thread. Levels go out when they change and after each connect.

    info: what the device is, the body of its retained `info` message; asked once in INFO_S.
    on_info: told of each that differs from the one before, broker or not. levels: publish more of what is
    retained; each is called for a new session until it returns True.
    """

    def __init__(
        self,
        codec: Codec,
        bus: Line,
        pump: OutboxPump,
        *,
        clocks: Clocks,
        info: Callable[[], dict[str, Json]],
        on_info: Callable[[dict[str, Json]], None] = lambda info: None,
        levels: Sequence[Callable[[], bool]] = (),
    ) -> None:
        self._codec = codec
        self._bus = bus
        self._pump = pump
        self._clocks = clocks
        self._info = info
        self._on_info = on_info
        self._known: dict[str, Json] = {}
        self._levels = levels
        self._owed: list[Callable[[], bool]] = []
        self._info_at = float("-inf")
        self._said: dict[str, Json] | None = None
        self._level: DoorLevel | None = None
        self._state: tuple[DeviceState, str | None] | None = None
        self._stored = 0

    def publish_changes(self, controller: Controller) -> None:
        """Publish what differs from the last time; cheap when nothing does."""
        if controller.reporter.stored != self._stored:
            self._stored = controller.reporter.stored
            self._pump.wake()
        state = DeviceState.DEGRADED if controller.reporter.troubles else DeviceState.READY
        # While the clock is not set, `state` says which nonce a door command needs.
        standing = state, self._codec.nonce()
        if standing != self._state and self._bus.set_state(state):
            self._state = standing
        level = self._present(controller)
        if level is not self._level and self._send(self._codec.door(level)):
            self._level = level
        if self._clocks.monotonic() >= self._info_at:
            self._publish_info()
            self._owed = [publish for publish in self._owed if not publish()]

    def publish_levels(self, controller: Controller) -> None:
        """Publish every level anew; for a session that has just begun."""
        self._said = None
        self._publish_info()
        level = self._present(controller)
        self._level = level if self._send(self._codec.door(level)) else None
        self._owed = [publish for publish in self._levels if not publish()]

    def _publish_info(self) -> None:
        """Publish what the device is when that has changed; events may fill the window of a new session."""
        info = self._info()
        if info != self._known:
            self._known = info
            self._on_info(info)
        if info == self._said or self._send(self._codec.info(info)):
            self._said = info
            self._info_at = self._clocks.monotonic() + INFO_S

    def _present(self, controller: Controller) -> DoorLevel:
        """The door's level, the very object of the last time when it is the same."""
        now, last = level_state(controller.door), self._level
        if last is not None and last.state == now:
            return last
        return DoorLevel(controller.name, now, since=self._clocks.utc())

    def _send(self, out: Outgoing) -> bool:
        return self._bus.publish(out.topic, out.payload, qos=out.qos, retain=out.retain)
