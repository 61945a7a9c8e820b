"""What devices say, and the pieces of a hub that hears it."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from edge.core.envelope import to_timestamp
from edge.core.identifiers import uuid7
from edge.hub.author import Author
from edge.mqtt.topics import SiteTopics
from edge.ports import Message

SITE = SiteTopics("hq")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def new_id() -> str:
    """Unlike any other of this run."""
    return uuid7(1_700_000_000_000, next(_numbers).to_bytes(10, "big"))


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


AUTHOR = Author(SITE, "hub", None, new_id)


@dataclass
class Settled:
    """Counts what was settled."""

    count: int = 0

    def __call__(self) -> None:
        self.count += 1


def message(
    topic: str, value: Any, *, retain: bool = False, qos: int = 1, settle: Any = lambda: None
) -> Message:
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Message(topic, payload, retain, qos, 0.0, settle)


def envelope(type_: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"v": 1, "id": new_id(), "ts": to_timestamp(NOON), "type": type_, "body": body, **more}


def event(
    dev: str,
    seq: int | None,
    *,
    type_: str = "access.granted",
    body: dict[str, Any] | None = None,
    settle: Any = lambda: None,
    **more: Any,
) -> Message:
    counted = {} if seq is None else {"seq": seq}
    told = envelope(type_, body or {"door": "main"}, dev=dev, boot="boot-1", **counted, **more)
    return message(f"ostiary/1/hq/d/{dev}/evt/{type_.split('.')[0]}", told, settle=settle)


@dataclass
class Heard:
    """Takes what the hub says."""

    messages: list[Any] = field(default_factory=list)

    def __call__(self, out: Any) -> None:
        self.messages.append(out)

    def on(self, topic: str) -> list[Any]:
        """What was said on a topic, parsed."""
        return [json.loads(out.payload) for out in self.messages if out.topic == topic]
