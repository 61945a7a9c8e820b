"""Describe a device to Home Assistant, as its MQTT integration documents it: device-based discovery.

Home Assistant then reads the very topics that everybody reads; templates pick what it wants of them. People
appear in none of it. A lock entity needs a topic for commands, so without the leave to unlock the lock is
shown as a binary sensor.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.decision import Reason
from edge.core.events import EventClass, Json
from edge.core.leaf import LeafState
from edge.mqtt.topics import Topics

UNLOCK = b"UNLOCK"
LOCK = b"LOCK"
"""The payloads that Home Assistant sends."""

_SPOOF = (Reason.DENY_LIVENESS, Reason.DENY_LIVENESS_UNSURE, Reason.DENY_CHALLENGE)
_EVENT_TYPES: tuple[str, ...] = ("granted", "denied", "spoof", "unknown")
_ACCESS = (
    "{% set reason = value_json.body.reason %}"
    "{{ {'event_type': 'granted' if value_json.body.decision == 'granted'"
    f" else 'spoof' if reason in {[reason.value for reason in _SPOOF]}"
    f" else 'unknown' if reason == '{Reason.DENY_UNKNOWN_FACE.value}'"
    " else 'denied', 'reason': reason, 'door': value_json.body.door} | to_json }}"
)
_LEAF = (
    f"{{{{ 'OFF' if value_json.leaf == '{LeafState.CLOSED.value}'"
    f" else none if value_json.leaf == '{LeafState.UNKNOWN.value}' else 'ON' }}}}"
)
_AVAILABLE = "{{ 'online' if value_json.state in ['ready', 'degraded'] else 'offline' }}"


@dataclass(frozen=True, slots=True)
class Described:
    """What there is to be described. wired: the inputs of the door by name. health_s: how often figures of
    health are published; 0 never."""

    topics: Topics
    door: str
    version: str
    wired: frozenset[str]
    follows_gallery: bool
    health_s: float
    allow_unlock: bool


def discovery(device: Described) -> dict[str, Json]:
    """The retained message on `Topics.discovery`."""
    topics = device.topics
    identity = f"ostiary-{topics.site}-{topics.dev}"
    components: dict[str, Json] = {
        key: {**component, "unique_id": f"{identity}-{key}"} for key, component in _components(device).items()
    }
    # A component that is named with its platform alone is taken away, if it was there before.
    gone: dict[str, Json] = {
        key: {"platform": platform} for key, platform in _EVERY.items() if key not in components
    }
    return {
        "device": {
            "identifiers": [identity],
            "name": f"{topics.dev} {device.door}",
            "manufacturer": "Ostiary",
            "model": "Access control door",
            "sw_version": device.version,
        },
        "origin": {"name": "ostiary", "sw_version": device.version},
        "availability": [{"topic": topics.state, "value_template": _AVAILABLE}],
        "qos": 1,
        "components": components | gone,
    }


_EVERY = {
    "access": "event",
    "lock": "lock",
    "strike": "binary_sensor",
    "leaf": "binary_sensor",
    "tamper": "binary_sensor",
    "problem": "binary_sensor",
    "temperature": "sensor",
    "frames": "sensor",
    "outbox": "sensor",
    "disk": "sensor",
    "gallery": "sensor",
}
"""Every component there may be, and its platform."""


def _components(device: Described) -> dict[str, dict[str, Json]]:
    topics, shown = device.topics, _door(device)
    shown["access"] = {
        "platform": _EVERY["access"],
        "name": "Access",
        "icon": "mdi:face-recognition",
        "state_topic": topics.event(EventClass.ACCESS),
        "event_types": [*_EVENT_TYPES],
        "value_template": _ACCESS,
    }
    shown["problem"] = {
        **_binary("Problem", "problem", topics.state, _on("value_json.state == 'degraded'")),
        "entity_category": "diagnostic",
    }
    if device.health_s:
        shown |= _health(device)
    if device.follows_gallery:
        shown["gallery"] = {
            **_sensor("Gallery version", topics.info, "value_json.gallery.version"),
            "icon": "mdi:account-group",
        }
    return shown


def _door(device: Described) -> dict[str, dict[str, Json]]:
    topic = device.topics.door_state(device.door)
    shown: dict[str, dict[str, Json]] = {}
    if device.allow_unlock:
        shown["lock"] = {
            "platform": _EVERY["lock"],
            "name": "Lock",
            "state_topic": topic,
            "value_template": "{{ 'LOCKED' if value_json.locked else 'UNLOCKED' }}",
            "command_topic": device.topics.home_assistant,
            "payload_lock": LOCK.decode(),
            "payload_unlock": UNLOCK.decode(),
            # A command that a broker may keep for later would open the door to nobody in sight of it.
            "qos": 0,
            "retain": False,
        }
    else:
        shown["strike"] = _binary("Lock", "lock", topic, _on("not value_json.locked"))
    if "contact" in device.wired:
        shown["leaf"] = _binary("Door", "door", topic, _LEAF)
    if "tamper" in device.wired:
        shown["tamper"] = _binary("Tamper", "tamper", topic, _on("value_json.tamper"))
    return shown


def _health(device: Described) -> dict[str, dict[str, Json]]:
    topic = device.topics.health
    shown: dict[str, dict[str, Json]] = {
        "temperature": {
            **_sensor("Temperature", topic, "value_json.body.temp_c"),
            "device_class": "temperature",
            "unit_of_measurement": "°C",
        },
        "frames": _sensor("Frames a second", topic, "value_json.body.fps"),
        "outbox": _sensor("Waiting events", topic, "value_json.body.outbox.depth"),
        "disk": {
            **_sensor("Free space", topic, "value_json.body.disk_free"),
            "device_class": "data_size",
            "unit_of_measurement": "B",
        },
    }
    # Three readings missed: what was read last says nothing of now.
    stale: dict[str, Json] = {"expire_after": int(device.health_s * 3), "state_class": "measurement"}
    return {key: component | stale for key, component in shown.items()}


def _on(claim: str) -> str:
    return f"{{{{ 'ON' if {claim} else 'OFF' }}}}"


def _binary(name: str, device_class: str, topic: str, template: str) -> dict[str, Json]:
    return {
        "platform": "binary_sensor",
        "name": name,
        "device_class": device_class,
        "state_topic": topic,
        "value_template": template,
    }


def _sensor(name: str, topic: str, value: str) -> dict[str, Json]:
    """`None` is what Home Assistant takes for a value that is not known."""
    holder, _, key = value.rpartition(".")
    return {
        "platform": "sensor",
        "name": name,
        "entity_category": "diagnostic",
        "state_topic": topic,
        "value_template": f"{{{{ ({holder} or {{}}).get('{key}') }}}}",
    }
