"""The relay on a GPIO line.

A strike is energized to unlock, a maglock is energized to lock; `unlocked_level` is the only
place where that and the relay board's active level meet. The line is requested with the locked
level already on it, so that taking it moves nothing, and it is released with the locked level
on it. What the line does after that, or when the process dies, is the kernel's choice and the
wiring's: see hardware/README.md.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from gpiozero import DigitalOutputDevice
from gpiozero.exc import GPIOZeroError

from edge.core.decision import Receipt
from edge.errors import PinUnavailable

LockType: TypeAlias = Literal["strike", "maglock"]


def unlocked_level(lock_type: LockType, active_high: bool) -> bool:
    """The level of the line that unlocks. active_high: the level that energizes the relay is high."""
    return active_high if lock_type == "strike" else not active_high


class GpioLock:
    """A `Lock` on one line of a gpiozero pin factory.

    pin: number of the line as the factory counts (BCM on a Raspberry Pi). pin_factory: one whose
    pins honor `output_with_state` without a pulse, as those of `edge.door.lines` and the
    simulated door do; gpiozero's own lgpio factory does not.
    """

    def __init__(self, pin: int, lock_type: LockType, active_high: bool, pin_factory: Any) -> None:
        self._pin = pin
        self._unlocked = unlocked_level(lock_type, active_high)
        self._factory = pin_factory
        self._device: Any = None
        self._receipt: Receipt | None = None

    @property
    def receipt(self) -> Receipt | None:
        """Of the decision that has it unlocked; None while it is locked."""
        return self._receipt

    def start(self) -> None:
        """Take the line at its locked level. Raises PinUnavailable."""
        if self._device is not None:
            return
        try:
            self._device = DigitalOutputDevice(
                self._pin, active_high=True, initial_value=not self._unlocked, pin_factory=self._factory
            )
        except (GPIOZeroError, OSError) as error:
            raise PinUnavailable(
                f"cannot take GPIO {self._pin} for the lock ({error}); "
                "check the pin in the settings, that no other program uses it, and the group gpio"
            ) from error

    def unlock(self, receipt: Receipt) -> None:
        """Move the relay to unlocked. Raises PinUnavailable when the lock is not started."""
        if self._device is None:
            raise PinUnavailable(f"the lock on GPIO {self._pin} is not started; nothing was unlocked")
        self._receipt = receipt
        self._write(self._unlocked)

    def lock(self) -> None:
        """Move the relay to locked; no edge when it is locked, nothing when it is not started."""
        if self._device is not None:
            self._write(not self._unlocked)
            self._receipt = None

    def close(self) -> None:
        """Lock and release the line; harmless when it is not held."""
        if self._device is None:
            return
        try:
            self.lock()
        finally:
            device, self._device = self._device, None
            device.close()

    def _write(self, level: bool) -> None:
        try:
            self._device.value = level
        except (GPIOZeroError, OSError) as error:
            raise PinUnavailable(f"GPIO {self._pin} cannot be written ({error}); check the wiring") from error
