"""The door's switches on GPIO lines: contact, request-to-exit, tamper, fire.

gpiozero's own `bounce_time` means something else on every pin factory (on some it reports the
first edge and ignores what follows, so that the last level may be missed), therefore it stays
off. Here an edge only starts a clock, and a level is reported once it has been steady for the
input's own time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from gpiozero import DigitalInputDevice
from gpiozero.exc import GPIOZeroError

from edge.errors import DoorError, PinUnavailable
from edge.ports import InputReading

InputName: TypeAlias = Literal["contact", "rex", "tamper", "fire"]
Pull: TypeAlias = Literal["up", "down", "none"]

RECHECK_S = 1.0
"""How often the lines are read even if no edge was seen: an edge the kernel lost is late, not lost."""

_PULL_UP: dict[Pull, bool | None] = {"up": True, "down": False, "none": None}


@dataclass(frozen=True, slots=True)
class InputPin:
    """One switch. active_high: the line is high when the door is open, the button pressed, the
    cover off or the panel says fire. debounce_s: how long a level must be steady to be believed."""

    name: InputName
    pin: int
    active_high: bool
    pull: Pull = "up"
    debounce_s: float = 0.05


class Debouncer:
    """Turns edges and samples of one line into steady levels. Times are monotonic seconds."""

    def __init__(self, settle_s: float, started_at: float) -> None:
        self._settle_s = settle_s
        self._level: bool | None = None
        self._moving_since: float | None = started_at

    @property
    def due(self) -> float | None:
        """When to call `settle` next; None while the line is steady."""
        return None if self._moving_since is None else self._moving_since + self._settle_s

    def edge(self, at: float) -> None:
        """The line moved: whatever it shows has to be steady from here on."""
        self._moving_since = at

    def settle(self, level: bool, now: float) -> float | None:
        """Take a sample. Returns since when the line has had this level, if that is steady and new."""
        if self._moving_since is None:
            if level != self._level:
                self._moving_since = now
            return None
        if now < self._moving_since + self._settle_s:
            return None
        since, self._moving_since = self._moving_since, None
        if level == self._level:
            return None
        self._level = level
        return since


class GpioInputs:
    """`Inputs` on lines of a gpiozero pin factory; a thread of its own does the debouncing."""

    def __init__(self, pins: Sequence[InputPin], pin_factory: Any) -> None:
        self._pins = tuple(pins)
        self._factory = pin_factory
        self._changed = threading.Condition()
        self._stopping = False
        self._open = ExitStack()
        self._thread: threading.Thread | None = None
        self._trouble: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why the lines are not read, in one line; None while they are, or are not meant to be."""
        if self._thread is not None and not self._thread.is_alive() and not self._stopping:
            return "the thread that reads the inputs has ended; restart"
        return self._trouble

    def start(self, on_reading: Callable[[InputReading], None]) -> None:
        """Take the lines and begin to report. Raises PinUnavailable."""
        lines: list[tuple[InputPin, Any, Debouncer]] = []
        with ExitStack() as opened:
            for one in self._pins:
                device = self._take(one)
                opened.callback(device.close)
                line = Debouncer(one.debounce_s, time.monotonic())
                lines.append((one, device, line))
                self._watch(device, line)
            self._open = opened.pop_all()
        self._stopping = False
        self._thread = threading.Thread(
            target=self._run, args=(lines, on_reading), name="inputs", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop reporting and release the lines; harmless when they are not held."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=2.0)
            self._thread = None
        self._open.close()

    def _take(self, one: InputPin) -> Any:
        pull_up = _PULL_UP[one.pull]
        active_state = True if pull_up is None else None
        try:
            return DigitalInputDevice(
                one.pin, pull_up=pull_up, active_state=active_state, pin_factory=self._factory
            )
        except (GPIOZeroError, OSError) as error:
            raise PinUnavailable(
                f"cannot take GPIO {one.pin} for the input {one.name} ({error}); "
                "check the pin in the settings, that no other program uses it, and the group gpio"
            ) from error

    def _watch(self, device: Any, line: Debouncer) -> None:
        def moved() -> None:
            with self._changed:
                line.edge(time.monotonic())
                self._changed.notify_all()

        device.when_activated = moved
        device.when_deactivated = moved

    def _run(
        self, lines: list[tuple[InputPin, Any, Debouncer]], on_reading: Callable[[InputReading], None]
    ) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                try:
                    readings = _settle(lines, time.monotonic())
                    self._trouble = None
                except (DoorError, GPIOZeroError, OSError) as error:
                    readings, self._trouble = [], f"the lines cannot be read: {error}; check the wiring"
            for reading in readings:
                on_reading(reading)
            with self._changed:
                dues = [line.due for _, _, line in lines if line.due is not None]
                wait_s = min([*dues, time.monotonic() + RECHECK_S]) - time.monotonic()
                if not self._stopping and wait_s > 0:
                    self._changed.wait(wait_s if self._trouble is None else RECHECK_S)


def _settle(lines: list[tuple[InputPin, Any, Debouncer]], now: float) -> list[InputReading]:
    readings = []
    for one, device, line in lines:
        level = bool(device.pin.state)
        since = line.settle(level, now)
        if since is not None:
            readings.append(InputReading(one.name, level == one.active_high, since))
    return readings
