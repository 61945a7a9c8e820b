"""A lamp that shows which of many devices this is."""

from __future__ import annotations

from typing import Any

from gpiozero import LED
from gpiozero.exc import GPIOZeroError

from edge.errors import PinUnavailable

_HALF_S = 0.25


class GpioIndicator:
    """A lamp on one line of a gpiozero pin factory; the line is taken when it is first needed. One thread."""

    def __init__(self, pin: int, pin_factory: Any) -> None:
        self._pin = pin
        self._factory = pin_factory
        self._lamp: Any = None

    def blink(self, seconds: float) -> None:
        """Blink twice a second, in the background. Raises PinUnavailable."""
        try:
            if self._lamp is None:
                self._lamp = LED(self._pin, pin_factory=self._factory)
            self._lamp.blink(_HALF_S, _HALF_S, n=max(1, round(seconds / (2 * _HALF_S))))
        except (GPIOZeroError, OSError) as error:
            raise PinUnavailable(
                f"cannot take GPIO {self._pin} for the lamp ({error}); check door.led_pin"
            ) from error

    def close(self) -> None:
        """Put it out and release the line."""
        if self._lamp is not None:
            self._lamp.close()
            self._lamp = None
