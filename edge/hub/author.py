"""Writes envelopes in the hub's name, signed where it has a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from edge.core.envelope import Envelope, document
from edge.core.events import Json
from edge.keys.signature import SigningKey, signed
from edge.mqtt.codec import Outgoing, dump_json
from edge.mqtt.topics import SiteTopics


@dataclass(frozen=True, slots=True)
class Author:
    """hub: its id. key: None where the broker's access rules alone decide who may say what. new_id: a UUIDv7
    each time."""

    topics: SiteTopics
    hub: str
    key: SigningKey | None
    new_id: Callable[[], str]

    def write(
        self,
        topic: str,
        type_: str,
        body: dict[str, Json],
        now: datetime,
        *,
        corr: str | None = None,
        retain: bool = False,
    ) -> Outgoing:
        """A message of the hub's. Where it is signed, fractions in the body become texts: "0.5"."""
        told = body if self.key is None else {key: _signable(value) for key, value in body.items()}
        return self.send(Envelope(self.new_id(), now, type_, told, corr=corr), topic, retain=retain)

    def send(self, envelope: Envelope, topic: str, *, retain: bool = False) -> Outgoing:
        """Sign an envelope for a topic. Raises MessageMalformed."""
        told = envelope if self.key is None else signed(envelope, topic, self.key)
        return Outgoing(topic, dump_json(document(told)), retain=retain)


def _signable(value: Json) -> Json:
    """What is signed holds whole numbers only."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: _signable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_signable(one) for one in value]
    return value
