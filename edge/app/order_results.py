"""What those who carry out orders on threads of their own tell the controller's thread."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.core.ack import Ack
from edge.core.commands import Command
from edge.core.events import Json


@dataclass(frozen=True, slots=True)
class OrderProgress:
    """A command is being carried out. detail: how far it is."""

    command: Command
    detail: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderDone:
    """A command was carried out, or refused. ack: final. audit: the type of the event to record of it, such
    as `audit.gallery_changed`; None where nothing has changed."""

    command: Command
    ack: Ack
    audit: str | None = None
