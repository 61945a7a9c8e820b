"""What the hub says can be signed, whatever devices told it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from edge.core.envelope import parse
from edge.hub.author import Author
from edge.keys.signature import SigningKey, is_right, signed_bytes
from edge.mqtt.topics import SiteTopics

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SITE = SiteTopics("north")


def test_fractions_of_an_event_are_told_as_texts_under_a_right_signature() -> None:
    key = SigningKey.ed25519(bytes(32))
    author = Author(SITE, "hub", key, lambda: "018f3c5e-7a10-7000-8000-000000000001")
    topic = SITE.hub_ack("anna")
    events = [{"body": {"score": 0.4609, "seconds": 5, "is_live": True, "margin": None}}]
    message = author.write(topic, "cmd.ack", {"events": [*events]}, NOW)
    told = parse(json.loads(message.payload))
    assert told.body == {
        "events": [{"body": {"score": "0.4609", "seconds": 5, "is_live": True, "margin": None}}]
    }
    assert told.sig is not None
    assert is_right(told.sig, signed_bytes(told, topic), "ed25519", key.public)
