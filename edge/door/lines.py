"""The lines of a real board: a gpiozero pin factory on lgpio that takes an output without a pulse.

gpiozero's own lgpio factory first makes a line an input without a pull, then an output at low,
and only then sets the level asked for; on a relay board energized by low that is a pulse on
every start. It also knows Raspberry Pis only. This one requests the line as an output with its
level in one step, finds the chip by its label, and on release just lets go.
"""

from __future__ import annotations

from typing import Any

from gpiozero.exc import PinInvalidFunction, PinInvalidPull, PinSetInput
from gpiozero.pins import BoardInfo, HeaderInfo, PinInfo
from gpiozero.pins.pi import PiFactory, PiPin

from edge.door.board import Board
from edge.errors import PinUnavailable

CHIPS = 16
"""How many /dev/gpiochip* are looked at for the label."""


def open_lines(board: Board, lgpio: Any = None) -> LineFactory:
    """Open the GPIO chip of a board; the caller closes the factory after the devices on it.

    lgpio: the module of that name, imported here unless given. Raises PinUnavailable.
    """
    lgpio = lgpio or _import_lgpio()
    seen = []
    for number in range(CHIPS):
        try:
            handle = lgpio.gpiochip_open(number)
        except lgpio.error:
            continue
        _, lines, _, label = lgpio.gpio_get_chip_info(handle)
        if label == board.chip:
            return LineFactory(lgpio, handle, lines, board.name)
        seen.append(label)
        lgpio.gpiochip_close(handle)
    raise PinUnavailable(
        f"board profile {board.name!r} needs the GPIO chip {board.chip!r}, "
        f"this machine lets us open: {', '.join(seen) or 'none'}; "
        "check door.board and that the user is in the group gpio"
    )


def _import_lgpio() -> Any:
    try:
        import lgpio
    except ImportError as error:
        raise PinUnavailable(
            "GPIO needs the package lgpio: install ostiary[pi] or ostiary[jetson]"
        ) from error
    except OSError as error:
        raise PinUnavailable(
            f"lgpio cannot make its notification file ({error}); run in a writable working directory"
        ) from error
    return lgpio


class LineFactory(PiFactory):  # type: ignore[misc]
    """Pins of one GPIO chip, numbered by their offset on it."""

    def __init__(self, lgpio: Any, handle: int, lines: int, board: str) -> None:
        super().__init__()
        self.lgpio = lgpio
        self.handle: int | None = handle
        self.pin_class = LinePin
        self._info = _board_info(board, lines)

    def close(self) -> None:
        """Release every line and the chip; harmless when it is closed."""
        if self.handle is None:
            return
        super().close()
        self.lgpio.gpiochip_close(self.handle)
        self.handle = None

    def call(self, name: str, *arguments: Any) -> Any:
        """Call one function of lgpio on this chip. Raises PinUnavailable."""
        if self.handle is None:
            raise PinUnavailable("the GPIO chip is closed")
        try:
            return getattr(self.lgpio, name)(self.handle, *arguments)
        except self.lgpio.error as error:
            raise PinUnavailable(
                f"{name} on line {arguments[0]} failed: {error}; check that no other program holds the line"
            ) from error

    @staticmethod
    def ticks() -> float:
        """Unused: events are stamped where they are handled."""
        return 0.0

    @staticmethod
    def ticks_diff(later: float, earlier: float) -> float:
        return later - earlier


class LinePin(PiPin):  # type: ignore[misc]
    """One line. Nothing is requested before it is known as what and at which level."""

    def __init__(self, factory: LineFactory, info: PinInfo) -> None:
        super().__init__(factory, info)
        self._held: str | None = None
        self._pull = "floating"
        self._alerts: Any = None

    def close(self) -> None:
        """Let go of the line; its level from here on is the kernel's choice."""
        self.when_changed = None
        if self._held is not None:
            self._held = None
            self._factory.call("gpio_free", self._number)

    def output_with_state(self, state: bool) -> None:
        self._factory.call("gpio_claim_output", self._number, int(state))
        self._held = "output"

    def _get_function(self) -> str:
        return self._held or "input"

    def _set_function(self, value: str) -> None:
        if value != "input":
            raise PinInvalidFunction(f"{self!r} becomes an output only together with its level")
        self._claim_input()

    def _claim_input(self) -> None:
        if self._held is not None:
            self._factory.call("gpio_free", self._number)
        self._factory.call("gpio_claim_input", self._number, self._pull_flag)
        self._held = "input"

    @property
    def _pull_flag(self) -> int:
        names = {"up": "SET_PULL_UP", "down": "SET_PULL_DOWN", "floating": "SET_PULL_NONE"}
        return int(getattr(self._factory.lgpio, names[self._pull]))

    def _get_state(self) -> bool:
        return bool(self._factory.call("gpio_read", self._number))

    def _set_state(self, value: bool) -> None:
        if self._held != "output":
            raise PinSetInput(f"cannot set the level of {self!r}: it is not an output")
        self._factory.call("gpio_write", self._number, int(value))

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        if value not in ("up", "down", "floating"):
            raise PinInvalidPull(f"invalid pull {value!r} for {self!r}")
        self._pull = value
        self._claim_input()

    def _get_bounce(self) -> None:
        return None

    def _set_bounce(self, value: float | None) -> None:
        if value is not None:
            raise PinInvalidFunction(f"{self!r} is debounced above, not here")

    def _get_edges(self) -> str:
        return "both"

    def _set_edges(self, value: str) -> None:
        if value != "both":
            raise PinInvalidFunction(f"{self!r} reports both edges")

    def _enable_event_detect(self) -> None:
        lgpio = self._factory.lgpio
        self._factory.call("gpio_claim_alert", self._number, lgpio.BOTH_EDGES, self._pull_flag)
        self._alerts = self._factory.call("callback", self._number, lgpio.BOTH_EDGES, self._alert)

    def _disable_event_detect(self) -> None:
        if self._alerts is not None:
            self._alerts.cancel()
            self._alerts = None

    def _alert(self, _chip: int, _line: int, level: int, _tick: int) -> None:
        if level in (0, 1):
            self._call_when_changed(self._factory.ticks(), bool(level))


def _board_info(board: str, lines: int) -> BoardInfo:
    pins = {
        n: PinInfo(n, f"GPIO{n}", frozenset({n, f"GPIO{n}"}), "", n, 1, frozenset({"gpio"}))
        for n in range(lines)
    }
    blank = dict.fromkeys(BoardInfo._fields)
    header = HeaderInfo("GPIO", lines, 1, pins)
    return BoardInfo(**{**blank, "revision": "0", "model": board, "headers": {"GPIO": header}})
