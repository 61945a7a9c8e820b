"""Which commands are on their way, how far each is told to be, and which take too long."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.ack import AckStatus, may_follow
from edge.core.commands import Command
from edge.core.device_orders import StartEnrollment

LONGEST_S = 600.0
"""From the order to its end, waiting included."""
_BESIDES_S = 120.0
"""What an enrollment may take besides looking: waiting for its turn, and opening the networks."""


@dataclass(slots=True)
class _Open:
    status: AckStatus
    until: float


class OpenOrders:
    """Belongs to the controller's thread. now: monotonic seconds."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}

    def begin(self, command: Command, now: float) -> None:
        """A command was received and is going to be carried out."""
        self._open[command.id] = _Open(AckStatus.RECEIVED, now + _longest_s(command))

    def status(self, command: str) -> AckStatus | None:
        """How far a command is told to be; None when it is not on its way."""
        known = self._open.get(command)
        return None if known is None else known.status

    def advance(self, command: str, status: AckStatus) -> bool:
        """Note that a command has come so far. False when that must not be told: it is over, or further."""
        known = self._open.get(command)
        if known is None or not may_follow(known.status, status):
            return False
        if status.is_final:
            del self._open[command]
        else:
            known.status = status
        return True

    def overdue(self, now: float) -> list[str]:
        """Those that take too long."""
        return [command for command, known in self._open.items() if now >= known.until]


def _longest_s(command: Command) -> float:
    order = command.order
    return order.seconds + _BESIDES_S if isinstance(order, StartEnrollment) else LONGEST_S
