"""What other threads tell the controller's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from edge.app.gallery_desk import GalleryDone
from edge.ports import InputReading, Message
from edge.service.recognize import Sighting


@dataclass(frozen=True, slots=True, eq=False)
class Sighted:
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class InputChanged:
    reading: InputReading


@dataclass(frozen=True, slots=True)
class BusMessage:
    message: Message


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The broker was reached, or lost."""

    up: bool


@dataclass(frozen=True, slots=True)
class CameraChanged:
    """reason: why the camera gives no frames, or None when it does."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class ReplayEnded:
    """The replay camera has no further frame."""


Notice: TypeAlias = (
    Sighted | InputChanged | BusMessage | LinkChanged | CameraChanged | GalleryDone | ReplayEnded
)
