"""What came of a scene, judged from outside the daemon: by the pins and by an MQTT client of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edge.core.events import Json
from edge.core.face import Box, PersonId
from edge.core.frame import Image
from edge.demo.observer import Heard
from edge.demo.scenes import Scene
from edge.door.simulated import Edge

PERSON = PersonId("eileen-collins")
DEVICE, SITE = "demo-door", "demo"
TOPIC = f"ostiary/1/{SITE}/d/{DEVICE}"


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A small copy of a frame. at_s: seconds since the scene began. box: in pixels of `image`."""

    image: Image
    at_s: float
    box: Box | None


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What came of a scene. relay_edges: (seconds since the scene began, is unlocked)."""

    scene: Scene
    decision: str
    reason: str
    person: str | None
    latency_ms: float | None
    relay_edges: tuple[tuple[float, bool], ...]
    events: tuple[dict[str, Any], ...]
    shots: tuple[Shot, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        return not self.faults

    def as_json(self) -> dict[str, Json]:
        return {
            "scene": self.scene.name,
            "decision": self.decision,
            "reason": self.reason,
            "person": self.person,
            "latency_ms": None if self.latency_ms is None else round(self.latency_ms, 1),
            "relay_edges": [
                {"time": round(at, 4), "level": "unlocked" if is_unlocked else "locked"}
                for at, is_unlocked in self.relay_edges
            ],
            "events": list(self.events),
            "right": self.is_right,
            "faults": list(self.faults),
        }


def judge(
    scene: Scene, began: float, edges: tuple[Edge, ...], heard: list[Heard], shots: tuple[Shot, ...]
) -> Result:
    """Compare what the pins and the broker saw with what had to happen. began: monotonic seconds."""
    decisions = [one for one in heard if is_decision(one)]
    acks = [one for one in heard if is_ack(one)]
    first = decisions[0].body if decisions else None
    repeated = not decisions and bool(acks)
    if repeated:
        decision, reason, person = "repeated", str(acks[0].body["body"].get("reason", "")), None
    elif first is not None:
        decision, reason = first["body"]["decision"], first["body"]["reason"]
        person = first["body"].get("person")
    else:
        decision, reason, person = "none", "no decision came", None
    unlocks = [edge for edge in edges if edge.state == "unlocked"]
    answered = unlocks[0].at if unlocks else None
    if answered is None and first is not None:
        answered = first["mono_ms"] / 1000
    elif answered is None and repeated:
        answered = acks[0].at
    return Result(
        scene=scene,
        decision=decision,
        reason=reason,
        person=person,
        latency_ms=None if answered is None else (answered - began) * 1000,
        relay_edges=tuple((edge.at - began, edge.state == "unlocked") for edge in edges),
        events=tuple(one.body for one in heard if "/evt/" in one.topic),
        shots=shots,
        faults=tuple(_faults(scene, decision, reason, person, edges, decisions)),
    )


def _faults(
    scene: Scene,
    decision: str,
    reason: str,
    person: str | None,
    edges: tuple[Edge, ...],
    decisions: list[Heard],
) -> Iterator[str]:
    if decision != scene.decision:
        yield f"{decision} instead of {scene.decision}"
    if reason not in scene.reasons:
        yield f"reason {reason} instead of {' or '.join(scene.reasons)}"
    if person != (PERSON if scene.person else None):
        yield f"person {person} instead of {PERSON if scene.person else None}"
    states = [edge.state for edge in edges]
    wanted = ["unlocked", "locked"] if scene.decision == "granted" else []
    if states != wanted:
        yield f"relay edges {states} instead of {wanted}"
    ids = {one.body["body"]["decision_id"] for one in decisions}
    if any(edge.decision not in ids for edge in edges if edge.state == "unlocked"):
        yield "the relay moved without a published decision"


def is_decision(one: Heard) -> bool:
    return one.topic == f"{TOPIC}/evt/access"


def is_ack(one: Heard) -> bool:
    final = ("succeeded", "failed", "rejected", "expired", "timed_out")
    return one.topic == f"{TOPIC}/cmd-ack" and one.body["body"].get("status") in final
