"""A door without hardware: the real lock and inputs on gpiozero's mock pins.

The recorder sits at the pin, below everything that could be wrong, and notes every edge of the
relay's line with the decision that the lock was given for it.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from gpiozero.pins.mock import MockFactory, MockPin

from edge.door.inputs import GpioInputs, InputName, InputPin
from edge.door.lock import GpioLock, LockType, unlocked_level
from edge.errors import PinUnavailable

RELAY = 17
SWITCHES: dict[InputName, tuple[int, bool]] = {
    "contact": (5, True),
    "rex": (6, False),
    "tamper": (13, True),
    "fire": (19, True),
}
"""Name of the input -> its line and whether high is active, wired as hardware/README.md says."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One change of the relay's line. at: monotonic seconds. decision: what the lock was given."""

    at: float
    level: bool
    state: Literal["locked", "unlocked"]
    decision: str | None


class _RelayPin(MockPin):  # type: ignore[misc]
    """A line that is an output with the locked level since the boot loader, as hardware/ sets it up.

    Like a real one it drops to low when it is made an output without saying at which level, and
    keeps its level when it is released.
    """

    def __init__(self, factory: Any, info: Any, level: bool, on_edge: Any) -> None:
        self._on_edge = None
        super().__init__(factory, info)
        self._state = level
        self._on_edge = on_edge

    def close(self) -> None:
        self._function = "input"

    def output_with_state(self, state: bool) -> None:
        self._function = "output"
        self._change_state(bool(state))

    def _set_function(self, value: str) -> None:
        super()._set_function(value)
        if value == "output":
            self._change_state(False)

    def _change_state(self, value: bool) -> bool:
        changed = bool(super()._change_state(value))
        if changed and self._on_edge is not None:
            self._on_edge(value)
        return changed


class _SwitchPin(MockPin):  # type: ignore[misc]
    """A line whose level the switch decides, not the pull resistor."""

    def __init__(self, factory: Any, info: Any, level: bool) -> None:
        super().__init__(factory, info)
        self._state = level

    def _set_pull(self, value: str) -> None:
        self._pull = value


class SimulatedDoor:
    """A door to play with: give `lock` and `inputs` to the daemon, then open it, press, look at `edges`.

    edge_log: a file that every edge is appended to as one line of JSON (the fields of `Edge` and
    the process id) before the call that caused it returns, so that what a killed process did can
    be read. While it cannot be written the lock fails with PinUnavailable, as a broken relay does.
    """

    def __init__(
        self,
        lock_type: LockType = "strike",
        active_high: bool = True,
        edge_log: Path | None = None,
        debounce_s: float = 0.05,
    ) -> None:
        self._unlocked = unlocked_level(lock_type, active_high)
        self._edge_log = edge_log
        self._edges: list[Edge] = []
        self.factory = factory = MockFactory(revision="a02082", pin_class=MockPin)
        factory.pin(RELAY, pin_class=_RelayPin, level=not self._unlocked, on_edge=self._record)
        self._switches = {
            name: factory.pin(pin, pin_class=_SwitchPin, level=not active_high)
            for name, (pin, active_high) in SWITCHES.items()
        }
        pins = [InputPin(name, pin, high, debounce_s=debounce_s) for name, (pin, high) in SWITCHES.items()]
        self.lock = GpioLock(RELAY, lock_type, active_high, factory)
        self.inputs = GpioInputs(pins, factory)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Every edge of the relay's line so far, oldest first."""
        return tuple(self._edges)

    @property
    def is_unlocked(self) -> bool:
        """What the relay's line says, whatever anybody believes."""
        return bool(self._edges) and self._edges[-1].state == "unlocked"

    def open_leaf(self) -> None:
        self.move("contact", active=True)

    def close_leaf(self) -> None:
        self.move("contact", active=False)

    def move(self, name: InputName, *, active: bool) -> None:
        """Put one switch (contact, rex, tamper, fire) into a position."""
        pin = self._switches[name]
        if active == SWITCHES[name][1]:
            pin.drive_high()
        else:
            pin.drive_low()

    def _record(self, level: bool) -> None:
        receipt = self.lock.receipt
        unlocked = level == self._unlocked
        edge = Edge(
            at=time.monotonic(),
            level=level,
            state="unlocked" if unlocked else "locked",
            decision=receipt.decision if receipt is not None else None,
        )
        self._edges.append(edge)
        if self._edge_log is not None:
            _append(self._edge_log, {**asdict(edge), "pid": os.getpid()})


def _append(file: Path, line: dict[str, object]) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, json.dumps(line).encode() + b"\n")
        finally:
            os.close(descriptor)
    except OSError as error:
        raise PinUnavailable(
            f"cannot write the edge log {file}: {error.strerror}; name another file in door.edge_log"
        ) from error
