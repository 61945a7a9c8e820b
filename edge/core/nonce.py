"""A number used once, and soon: proof that a command was made just now, where the clock cannot tell."""

from __future__ import annotations

from collections.abc import Callable

LIFE_S = 60.0
"""For so long a number is good: a command that somebody held back is refused afterwards."""
_BYTES = 16


class DeviceNonce:
    """What a door command must repeat while the device does not know the time.

    random: n -> n random bytes. The value is new at each start of the device, so that nothing recorded
    earlier has it.
    """

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._current: tuple[str, float] | None = None

    def value(self, now: float) -> str:
        """32 hexadecimal digits. now: monotonic seconds."""
        current = self._current
        if current is None or now - current[1] >= LIFE_S:
            current = self._current = (self._random(_BYTES).hex(), now)
        return current[0]

    def spend(self) -> None:
        """A command with it was taken; the next one needs another."""
        self._current = None
