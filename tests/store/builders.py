"""Values with defaults, so that a test shows only what matters."""

from datetime import UTC, datetime, timedelta

import numpy as np

from edge.core.decision import Decision, DecisionId, Reason
from edge.core.events import Event, EventClass
from edge.core.face import Embedding, ModelId, PersonId
from edge.core.person import EnrolledFace, FaceId, FaceRecord, GroupId, Person, PersonRecord

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MODEL_A = ModelId("a@0123456789ab")
MODEL_B = ModelId("b@ba9876543210")


def decision(number: int = 0, *, command: str | None = None, granted: bool = True) -> Decision:
    return Decision(
        id=DecisionId(f"d{number}"),
        at=NOON + timedelta(seconds=number),
        door="main",
        granted=granted,
        reason=Reason.ALLOW_COMMAND if command else Reason.ALLOW_GRANT,
        factors=("command",) if command else ("face",),
        person=None if command else PersonId("ada"),
        seconds=5.0,
        command=command,
    )


def event(number: int = 0, kind: EventClass = EventClass.ACCESS, type_: str = "access.granted") -> Event:
    return Event(kind, type_, NOON + timedelta(seconds=number), {"number": number})


def person(identifier: str = "ada") -> Person:
    return Person(PersonId(identifier), f"Name of {identifier}", NOON)


def embedding(seed: int = 0, model: ModelId = MODEL_A, dimensions: int = 128) -> Embedding:
    """A random direction of its own for each seed."""
    vector = np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32)
    return Embedding(vector / np.linalg.norm(vector), model)


def record(identifier: str, seed: int, groups: tuple[str, ...] = ()) -> PersonRecord:
    face = FaceRecord(FaceId(f"face-{identifier}"), PersonId(identifier), NOON, 0.9, "camera")
    return PersonRecord(
        person(identifier),
        tuple(GroupId(group) for group in groups),
        (EnrolledFace(face, (embedding(seed),)),),
    )
