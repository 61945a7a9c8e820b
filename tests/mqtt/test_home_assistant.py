"""What Home Assistant is told, held against its documentation; templates are rendered as it renders them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jsonschema import Draft202012Validator

from edge.core.access_event import access_event
from edge.core.decision import Reason
from edge.core.door import Door, level_state
from edge.core.events import Json, StoredEvent
from edge.core.face import PersonId
from edge.mqtt.codec import Codec, DeviceState, DoorLevel
from edge.mqtt.home_assistant import Described, discovery
from edge.mqtt.topics import Topics
from tests.store.builders import decision

TOPICS = Topics("hq", "door-7")
CODEC = Codec(TOPICS, "boot-1", frozenset({"main"}))
DEVICE = Described(
    topics=TOPICS,
    door="main",
    version="1.2.3",
    wired=frozenset({"contact", "tamper"}),
    follows_gallery=True,
    health_s=60.0,
    allow_unlock=False,
)

ENTITY = {
    "platform": {"type": "string"},
    "unique_id": {"type": "string"},
    "name": {"type": "string"},
    "icon": {"type": "string", "pattern": "^mdi:"},
    "entity_category": {"enum": ["config", "diagnostic"]},
    "qos": {"enum": [0, 1, 2]},
    "state_topic": {"type": "string"},
    "value_template": {"type": "string"},
}
PLATFORMS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "event": (
        ["state_topic", "event_types"],
        {"event_types": {"type": "array", "items": {"type": "string"}}},
    ),
    "binary_sensor": (["state_topic"], {"device_class": {"enum": ["door", "lock", "tamper", "problem"]}}),
    "sensor": (
        ["state_topic"],
        {
            "device_class": {"enum": ["temperature", "data_size"]},
            "unit_of_measurement": {"type": "string"},
            "state_class": {"enum": ["measurement", "total", "total_increasing"]},
            "expire_after": {"type": "integer", "minimum": 0},
        },
    ),
    "lock": (
        ["command_topic"],
        {
            "command_topic": {"type": "string"},
            "payload_lock": {"type": "string"},
            "payload_unlock": {"type": "string"},
            "retain": {"type": "boolean"},
        },
    ),
}
"""Required and further keys of each platform, of those that its documentation lists."""


def component(platform: str) -> dict[str, Any]:
    required, more = PLATFORMS[platform]
    return {
        "if": {"properties": {"platform": {"const": platform}}},
        "then": {
            "anyOf": [
                # Named with its platform alone it is taken away.
                {"maxProperties": 1, "required": ["platform"]},
                {
                    "required": ["platform", "unique_id", *required],
                    "properties": ENTITY | more,
                    "additionalProperties": False,
                },
            ]
        },
    }


SCHEMA = {
    "type": "object",
    "required": ["device", "origin", "components"],
    "additionalProperties": False,
    "properties": {
        "device": {
            "required": ["identifiers"],
            "additionalProperties": False,
            "properties": {
                "identifiers": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                **{key: {"type": "string"} for key in ("name", "manufacturer", "model", "sw_version")},
            },
        },
        "origin": {
            "required": ["name"],
            "additionalProperties": False,
            "properties": {key: {"type": "string"} for key in ("name", "sw_version", "support_url")},
        },
        "availability": {
            "type": "array",
            "items": {
                "required": ["topic"],
                "additionalProperties": False,
                "properties": {key: {"type": "string"} for key in ("topic", "value_template")},
            },
        },
        "qos": {"enum": [0, 1, 2]},
        "components": {
            "additionalProperties": {
                "required": ["platform"],
                "properties": {"platform": {"enum": [*PLATFORMS]}},
                "allOf": [component(platform) for platform in PLATFORMS],
            }
        },
    },
}

EVERY_DEVICE = [
    DEVICE,
    replace(DEVICE, allow_unlock=True),
    replace(DEVICE, wired=frozenset(), follows_gallery=False, health_s=0.0),
]


def components(device: Described) -> dict[str, dict[str, Any]]:
    described: Any = discovery(device)
    return {key: one for key, one in described["components"].items() if len(one) > 1}


def render(template: str, payload: bytes) -> str:
    environment = ImmutableSandboxedEnvironment()
    environment.filters["to_json"] = json.dumps
    return environment.from_string(template).render(value_json=json.loads(payload)).strip()


def shown(key: str, payload: bytes, device: Described = DEVICE) -> str:
    return render(components(device)[key]["value_template"], payload)


@pytest.mark.parametrize("device", EVERY_DEVICE)
def test_the_description_is_as_documented(device: Described) -> None:
    Draft202012Validator(SCHEMA).validate(discovery(device))
    ids = [one["unique_id"] for one in components(device).values()]
    assert len(set(ids)) == len(ids)


def test_the_lock_is_only_shown_unless_the_site_lets_it_be_unlocked() -> None:
    assert not any("command_topic" in one for one in components(DEVICE).values())
    described: Any = discovery(DEVICE)
    assert described["components"]["lock"] == {"platform": "lock"}
    allowed = components(replace(DEVICE, allow_unlock=True))
    assert allowed["lock"]["command_topic"] == TOPICS.home_assistant
    assert (allowed["lock"]["qos"], allowed["lock"]["retain"]) == (0, False)
    assert "strike" not in allowed


def test_what_is_not_wired_or_not_there_is_not_shown() -> None:
    bare = components(replace(DEVICE, wired=frozenset(), follows_gallery=False, health_s=0.0))
    assert set(bare) == {"access", "problem", "strike"}


@pytest.mark.parametrize(
    ("reason", "granted", "event_type"),
    [
        (Reason.ALLOW_GRANT, True, "granted"),
        (Reason.ALLOW_REQUEST_TO_EXIT, True, "granted"),
        (Reason.DENY_UNKNOWN_FACE, False, "unknown"),
        (Reason.DENY_LIVENESS, False, "spoof"),
        (Reason.DENY_LIVENESS_UNSURE, False, "spoof"),
        (Reason.DENY_CHALLENGE, False, "spoof"),
        (Reason.DENY_EXPIRED, False, "denied"),
        (Reason.DENY_LOCKDOWN, False, "denied"),
    ],
)
def test_a_decision_becomes_an_event_without_the_person(
    reason: Reason, granted: bool, event_type: str
) -> None:
    made = replace(decision(), reason=reason, granted=granted, person=PersonId("anna"))
    event = access_event(made)
    payload = CODEC.event(StoredEvent(1, made.id, "boot-1", 0, event)).payload
    told = json.loads(shown("access", payload))
    assert told == {"event_type": event_type, "reason": reason.value, "door": made.door}
    assert event_type in components(DEVICE)["access"]["event_types"]


def door_payload(**changed: Json) -> bytes:
    level = level_state(Door()) | changed
    return CODEC.door(DoorLevel("main", level, datetime.now(UTC))).payload


@pytest.mark.parametrize(
    ("leaf", "state"),
    [("closed", "OFF"), ("open_auth", "ON"), ("forced", "ON"), ("held", "ON"), ("unknown", "None")],
)
def test_the_leaf_is_open_closed_or_not_known(leaf: str, state: str) -> None:
    assert shown("leaf", door_payload(leaf=leaf)) == state


def test_lock_tamper_and_problem_follow_the_levels() -> None:
    unlocked = door_payload(locked=False, tamper=True)
    allowed = replace(DEVICE, allow_unlock=True)
    assert shown("strike", unlocked) == "ON"
    assert shown("strike", door_payload(locked=True)) == "OFF"
    assert shown("lock", unlocked, allowed) == "UNLOCKED"
    assert shown("lock", door_payload(locked=True), allowed) == "LOCKED"
    assert shown("tamper", unlocked) == "ON"
    assert shown("problem", CODEC.state(DeviceState.DEGRADED, 1).payload) == "ON"
    assert shown("problem", CODEC.state(DeviceState.READY, 1).payload) == "OFF"


def test_the_device_is_there_while_it_works() -> None:
    described: Any = discovery(DEVICE)
    (availability,) = described["availability"]
    assert availability["topic"] == TOPICS.state
    told = {
        state: render(availability["value_template"], CODEC.state(state, 1).payload) for state in DeviceState
    }
    working = (DeviceState.READY, DeviceState.DEGRADED)
    assert told == {state: "online" if state in working else "offline" for state in DeviceState}


def test_figures_that_are_not_known_are_none() -> None:
    body = {"temp_c": 48.3, "fps": 14.9, "outbox": {"depth": 3, "oldest": 9}, "disk_free": 5}
    full, empty = json.dumps({"body": body}).encode(), b'{"body":{}}'
    keys = ("temperature", "frames", "outbox", "disk")
    assert [shown(key, full) for key in keys] == ["48.3", "14.9", "3", "5"]
    assert [shown(key, empty) for key in keys] == ["None"] * 4
    assert shown("gallery", b'{"gallery":{"version":7}}') == "7"
    assert shown("gallery", b'{"gallery":null}') == shown("gallery", b"{}") == "None"
