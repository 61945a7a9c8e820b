"""A number used once: proof that a command was made just now, where the clock cannot tell."""

from __future__ import annotations

from collections.abc import Callable

_BYTES = 16


class DeviceNonce:
    """What a door command must repeat while the device does not know the time.

    random: n -> n random bytes. The value is new at each start of the device, so that nothing recorded
    earlier has it.
    """

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._value = random(_BYTES).hex()

    @property
    def value(self) -> str:
        """32 hexadecimal digits."""
        return self._value

    def spend(self) -> None:
        """A command with it was taken; the next one needs another."""
        self._value = self._random(_BYTES).hex()
