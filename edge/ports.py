"""What Ostiary needs from the world, as protocols. Adapters implement them, tests fake them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from edge.core.appearance import Appearance
from edge.core.decision import Decision, Receipt
from edge.core.events import Event, StoredEvent
from edge.core.eyes import Eye
from edge.core.face import Embedding, Face, Landmarks, ModelId, PersonId, Points
from edge.core.frame import Frame, Image
from edge.core.matching import Match
from edge.core.person import FaceId, GroupId
from edge.core.planarity import Motion
from edge.core.quality_levels import Completeness


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
    def detect(self, image: Image, thorough: bool = False) -> list[Face]:
        """Find faces in a uint8 (H, W, 3) BGR picture; best score first, overlaps removed.

        thorough: take the time a single picture deserves, rather than a frame of a stream.
        """


class Landmarker(Protocol):
    def locate(self, image: Image, face: Face) -> Landmarks:
        """Fit the face mesh to one detected face."""


class EyeFinder(Protocol):
    def locate(self, image: Image, landmarks: Landmarks) -> tuple[Eye, Eye]:
        """The person's right eye and left eye, in a uint8 (H, W, 3) BGR picture."""


class OcclusionModel(Protocol):
    def measure(self, image: Image, landmarks: Landmarks) -> Completeness:
        """How much of one face of a uint8 (H, W, 3) BGR picture shows. Raises NoFace for a collapsed mesh."""


class LivenessModel(Protocol):
    def score(self, image: Image, face: Face) -> float:
        """Probability 0..1 that the face belongs to a living person in front of the camera."""


class Flow(Protocol):
    """How the faces of one camera move. Belongs to one thread."""

    def follow(self, track: int, at: float, image: Image, points: Points) -> Motion | None:
        """The motion of a track's face since an earlier frame; None without one to compare with.

        at: monotonic seconds. image: uint8 (H, W, 3) BGR. points: float32 (468, 3), the face's mesh.
        """

    def forget(self, track: int) -> None:
        """Begin anew with a track."""


class Embedder(Protocol):
    @property
    def model(self) -> ModelId:
        """Identifies the templates this embedder makes."""

    def embed(self, image: Image, landmarks: Landmarks) -> Embedding:
        """Turn one face into a template. Raises NoFace when the landmarks are not those of a face."""

    def glance(self, image: Image, landmarks: Landmarks, mirrored: bool) -> Embedding:
        """`embed` in half the time where it looks at a face from two sides: as it is, or mirrored.

        For frames of a track, the sides in turns: two glances fused are as good as one template, and one
        alone is not more often taken for somebody else than a template is. Raises NoFace.
        """


class AttributeModel(Protocol):
    def describe(self, image: Image, landmarks: Landmarks) -> Appearance:
        """What one face of a uint8 (H, W, 3) BGR picture looks like. Raises NoFace for a collapsed mesh."""


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

    @property
    def trouble(self) -> str | None:
        """Why the inputs are not read, in one line; None while they are."""

    def close(self) -> None: ...


class Matcher(Protocol):
    """One template for each person, fused from their faces. Safe to use from any thread."""

    @property
    def model(self) -> ModelId:
        """Whose templates these are."""

    @property
    def size(self) -> int:
        """With how many templates a probe is compared: as many as there are people."""

    def match(self, embedding: Embedding) -> Match | None:
        """The most similar person, None when nobody is enrolled. Raises ModelMismatch."""

    def match_all(self, embeddings: Sequence[Embedding]) -> list[Match | None]:
        """Match the faces of one frame against the same state. Raises ModelMismatch."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search. face: the person's most similar one. similarity: cosine -1..1, of that face
    when faces were searched, of the person's fused template when people were."""

    face: FaceId
    person: PersonId
    similarity: float


class FaceIndex(Protocol):
    """Every enrolled face of one model, ready to be searched. Safe to use from any thread.

    groups: only people in any of these; None is everybody. A change of the gallery is seen by the next
    search. Every search raises ModelMismatch for a template of another model, and StoreError.
    """

    @property
    def model(self) -> ModelId: ...

    def size(self, groups: Collection[GroupId] | None = None) -> int:
        """How many faces a search would compare with."""

    def people(self, groups: Collection[GroupId] | None = None) -> int:
        """How many people with a face there are to be found."""

    def search_faces(
        self, embeddings: Sequence[Embedding], count: int, groups: Collection[GroupId] | None = None
    ) -> list[list[Hit]]:
        """For each probe the `count` most similar faces, best first; several may be one person's."""

    def search_people(
        self, embeddings: Sequence[Embedding], count: int, groups: Collection[GroupId] | None = None
    ) -> list[list[Hit]]:
        """For each probe the `count` most similar people by their fused templates, best first."""


class Journal(Protocol):
    """The durable record: decisions, commands, and the events that tell of them.

    A command that moves a relay: `command_ack` first; a known one is answered with its ack and nothing
    else. Then `commit` claims the id in the transaction of the decision, and only then the relay moves.
    """

    def commit(
        self,
        decision: Decision,
        events: Sequence[Event],
        *,
        ack: str = ...,
        state: tuple[str, str | None] | None = None,
    ) -> Receipt:
        """Store the decision, its events and the claim of `decision.command` in one durable transaction.

        ack: JSON text that a repeat of the command is answered with. state: a key and a value, as for
        `save_state`. Raises AlreadyCommitted when the decision or the command is stored already, StoreError
        when it cannot be made durable; then nothing is stored.
        """

    def append(self, events: Sequence[Event]) -> None:
        """Append events that come from no decision, durably and together."""

    def command_ack(self, command: str) -> str | None:
        """The ack stored for a command id, None when the id was never seen."""

    def begin_command(self, command: str, now: datetime, ack: str = ...) -> str | None:
        """Claim the id of a command that needs no decision, durably.

        ack: what a repeat is answered with until another one is stored. Returns None when the id is
        new, else the stored ack.
        """

    def finish_command(self, command: str, ack: str) -> None:
        """Store the ack (JSON text) that a repeat of the command is answered with."""

    def state(self, key: str) -> str | None:
        """What `save_state` stored last under the key, across restarts; e.g. an operator's lockdown."""

    def save_state(self, key: str, value: str | None, events: Sequence[Event] = ()) -> None:
        """Store a value (None removes it) and append events, durably and together."""


class Outbox(Protocol):
    def pending(self, limit: int, after: int = 0) -> list[StoredEvent]:
        """The oldest events not yet marked sent with a `seq` above `after`, in the order of `seq`."""

    def mark_sent(self, seqs: Iterable[int]) -> None:
        """The broker has these; unknown numbers are passed over."""

    def depth(self) -> int:
        """How many events wait."""

    def oldest(self) -> int:
        """The number of the oldest event that waits; that of the next one when none does."""


def _settled_already() -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT PUBLISH as received. at: monotonic seconds of arrival.

    settle: says that it was dealt with, so that the broker lets go of it; on a bus that does not hold
    acknowledgments back it was let go of at arrival. Any thread, more than once, also when the session that
    brought it has ended: then the next one brings it again.
    """

    topic: str
    payload: bytes
    retain: bool
    qos: int
    at: float
    settle: Callable[[], None] = field(default=_settled_already, compare=False, repr=False)


class Bus(Protocol):
    """An MQTT session that reconnects by itself."""

    def start(self, on_message: Callable[[Message], None], on_link: Callable[[bool], None]) -> None:
        """Begin connecting in the background; both callbacks only enqueue."""

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
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
