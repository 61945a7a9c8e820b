"""What a client of the broker has announced of itself."""

from __future__ import annotations

from typing import Protocol

from edge.mqtt.codec import DeviceState, Outgoing


class Presence(Protocol):
    """Of whom; a Codec is the presence of a device."""

    def state(self, state: DeviceState, session: int) -> Outgoing:
        """The retained message that says so. A reader ignores one of an older session than it has seen."""
