"""What other threads tell the controller's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from edge.app.order_results import OrderDone, OrderProgress
from edge.core.events import Event
from edge.ports import InputReading, Message
from edge.service.recognize import Sighting
from edge.service.trial import Prompt


@dataclass(frozen=True, slots=True, eq=False)
class Sighted:
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Prompted:
    """What the face at the door is asked to do has changed."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class InputChanged:
    reading: InputReading


@dataclass(frozen=True, slots=True)
class BusMessage:
    """receive: whose message it is, on the controller's thread."""

    message: Message
    receive: Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The broker was reached, or lost."""

    up: bool


@dataclass(frozen=True, slots=True)
class PartChanged:
    """A part of the device fails, or works again. name: `camera` that gives no frames, `liveness` where its
    model gives no score. reason: why, or None when it works."""

    name: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Happened:
    """An event to be stored and told."""

    event: Event


@dataclass(frozen=True, slots=True)
class ReplayEnded:
    """The replay camera has no further frame."""


Notice: TypeAlias = (
    Sighted
    | Prompted
    | InputChanged
    | BusMessage
    | LinkChanged
    | PartChanged
    | Happened
    | OrderProgress
    | OrderDone
    | ReplayEnded
)
