"""What Ostiary needs from the world, as protocols. Adapters implement them, tests fake them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from edge.core.decision import Decision, Receipt
from edge.core.events import Event, StoredEvent
from edge.core.face import Embedding, Face, Landmarks, ModelId
from edge.core.frame import Frame, Image


class Camera(Protocol):
    """A source of frames. Made closed; `start` may be called again after `close`."""

    def start(self) -> None:
        """Open the device. Raises CameraNotFound."""

    def read(self, timeout_s: float) -> Frame:
        """Return the newest frame not yet read.

        Raises CameraStalled when none came within `timeout_s` seconds, CameraLost when the
        device is gone, EndOfReplay after the last frame of a replay.
        """

    def close(self) -> None:
        """Release the device; harmless when it is not open."""


class Detector(Protocol):
    def detect(self, image: Image) -> list[Face]:
        """Find faces in a uint8 (H, W, 3) BGR picture; best score first, overlaps removed."""


class Landmarker(Protocol):
    def locate(self, image: Image, face: Face) -> Landmarks:
        """Fit the face mesh to one detected face."""


class LivenessModel(Protocol):
    def score(self, image: Image, face: Face) -> float:
        """Probability 0..1 that the face belongs to a living person in front of the camera."""


class Embedder(Protocol):
    @property
    def model(self) -> ModelId:
        """Identifies the templates this embedder makes."""

    def embed(self, image: Image, landmarks: Landmarks) -> Embedding:
        """Turn one face into a template."""


class Lock(Protocol):
    """A relay. Taking the line gives it the locked level without an edge."""

    def start(self) -> None:
        """Take the line, at its locked level. Raises PinUnavailable."""

    def unlock(self, receipt: Receipt) -> None:
        """Move the relay to unlocked. The receipt proves that the decision is durable."""

    def lock(self) -> None:
        """Move the relay to locked; no edge when it is locked already."""

    def close(self) -> None:
        """Lock and release the line."""


@dataclass(frozen=True, slots=True)
class InputReading:
    """A debounced level. name: contact, rex, tamper, fire. active: door open, button pressed,
    cover off, fire. at: monotonic seconds."""

    name: str
    active: bool
    at: float


class Inputs(Protocol):
    def start(self, on_reading: Callable[[InputReading], None]) -> None:
        """Report the present level of every input once, then every change, from any thread."""

    def close(self) -> None: ...


class Journal(Protocol):
    """The durable record: decisions, commands, and the events that tell of them."""

    def commit(self, decision: Decision, events: Sequence[Event]) -> Receipt:
        """Store the decision and append its events in one durable transaction.

        Raises StoreError when it cannot be made durable; then nothing is stored.
        """

    def append(self, events: Sequence[Event]) -> None:
        """Append events that come from no decision, durably and together."""

    def begin_command(self, command: str, now: datetime) -> str | None:
        """Claim a command id, durably. Returns None when it is new, else the stored last ack."""

    def finish_command(self, command: str, ack: str) -> None:
        """Store the ack (JSON text) that a repeat of the command is answered with."""


class Outbox(Protocol):
    def pending(self, limit: int) -> list[StoredEvent]:
        """The oldest events not yet marked sent, in the order of `seq`."""

    def mark_sent(self, seqs: Iterable[int]) -> None: ...

    def depth(self) -> int:
        """How many events wait."""


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT PUBLISH as received. at: monotonic seconds of arrival."""

    topic: str
    payload: bytes
    retain: bool
    qos: int
    at: float


class Bus(Protocol):
    """An MQTT session that reconnects by itself."""

    def start(self, on_message: Callable[[Message], None], on_link: Callable[[bool], None]) -> None:
        """Begin connecting in the background; both callbacks only enqueue."""

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False,
        on_acked: Callable[[], None] | None = None,
    ) -> bool:
        """Hand over one message. False when there is no session; then it was not taken."""

    def close(self) -> None:
        """Say goodbye (state `disconnected`) and leave."""


class Notifier(Protocol):
    """The service manager."""

    def ready(self) -> None: ...

    def alive(self) -> None: ...

    def status(self, text: str) -> None: ...

    def stopping(self) -> None: ...
