"""The remote layer of the configuration: what a site may set from afar, and what is set at the door only.

A document holds the whole layer. What it leaves out has the value of the device's own file again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from edge.core.canonical import digest
from edge.core.events import Json
from edge.errors import MessageMalformed

Layer = dict[str, Json]
"""Sections by name; each a table of keys, some of them tables in turn."""

_WIRING = "what is wired there is known at the device only"
_IDENTITY = "it says who the device is"
_WAY = "a mistake would cut the device off"
_RIGHTS = "it says who may command the device"
_LOCAL: MappingProxyType[str, str] = MappingProxyType(
    {
        "device": _IDENTITY,
        "store.folder": _IDENTITY,
        "mqtt": _WAY,
        "fleet": _RIGHTS,
        "ota": _RIGHTS,
        "home_assistant.allow_unlock": _RIGHTS,
        "hub": "it is the hub's own",
        "metrics.host": "it would open the device to its network",
        **{
            f"door.{key}": _WIRING
            for key in (
                "kind", "name", "board", "lock_type", "lock_pin", "lock_active_high", "contact_pin",
                "rex_pin", "tamper_pin", "fire_pin", "led_pin", "edge_log", "rex_unlocks", "fire_unlocks",
            )
        },
    }
)  # fmt: skip
_REMOTE = frozenset(("device.time_zone", "fleet.groups", "fleet.health_s"))
"""What may be set from afar in a section that is local else."""
_LARGEST = 2**53
_WIRED_CAMERA = re.compile(r"[0-9]{1,3}|/dev/video[0-9]{1,3}|/dev/v4l/by-(id|path)/[\w:.-]+")
"""A camera in the device itself. What an address, a file or a pipeline shows may be anything."""


class ConfigState(StrEnum):
    """What became of the newest document. NONE: there was none yet."""

    NONE = "none"
    TRYING = "trying"
    APPLIED = "applied"
    ROLLED_BACK = "rolled_back"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Desired:
    """A document of the site, or of a command to this device. version: grows. hash: 64 hex digits."""

    version: int
    settings: Layer
    hash: str


@dataclass(frozen=True, slots=True)
class Reported:
    """What the site is told. version, hash, state, refused (reasons by key), reason: of the newest document.
    running_version, running_hash: of the one in force; 0 and empty without one."""

    version: int = 0
    hash: str = ""
    state: ConfigState = ConfigState.NONE
    refused: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    running_version: int = 0
    running_hash: str = ""

    def body(self) -> dict[str, Json]:
        optional: dict[str, Json] = {"reason": self.reason} if self.reason else {}
        return {
            "version": self.version,
            "hash": self.hash,
            "state": self.state.value,
            "refused": dict(self.refused),
            "running": {"version": self.running_version, "hash": self.running_hash},
            **optional,
        }


def read_desired(body: dict[str, Json]) -> Desired:
    """Read the body of `config.desired`. Raises MessageMalformed."""
    if body.keys() != {"version", "settings"}:
        raise MessageMalformed("the body of a configuration is {version, settings}; correct it")
    version = body["version"]
    if type(version) is not int or not 1 <= version <= _LARGEST:
        raise MessageMalformed("the version of a configuration is a whole number from 1 on; correct it")
    settings = read_layer(body["settings"])
    return Desired(version, settings, layer_hash(settings))


def read_layer(settings: Json, *, may_remove: bool = False) -> Layer:
    """Check the shape of settings. may_remove: null is a value. Raises MessageMalformed."""
    if not isinstance(settings, dict):
        raise MessageMalformed("'settings' is not an object; send {section: {key: value}}")
    for key, value in _leaves(settings):
        if "." not in key:
            raise MessageMalformed(f"the section {_shown(key)} of the settings is not an object; correct it")
        if value is None and not may_remove:
            raise MessageMalformed(f"{_shown(key)} is null; leave the key out")
    return settings


def layer_hash(settings: Layer) -> str:
    """Names a layer: 64 hex digits. Raises MessageMalformed for fractions, which travel as texts."""
    return digest(settings).hex()


def local_only(settings: Layer) -> dict[str, str]:
    """The keys that may not be set from afar, each with the reason."""
    refused = {}
    for key, value in _leaves(settings):
        if (why := _why_local(key) or _why_value_local(key, value)) is not None:
            refused[key] = f"can be set at the device only: {why}"
    return refused


def patched(layer: Layer, patch: Layer) -> Layer:
    """The layer with the changes of a patch; null takes a key out, and empty sections go."""
    result = dict(layer)
    for key, value in patch.items():
        below = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            inner = patched(below if isinstance(below, dict) else {}, value)
            if inner:
                result[key] = inner
            else:
                result.pop(key, None)
        else:
            result[key] = value
    return result


def laid_over(under: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    """One table of settings on top of another. A table that says another `kind` replaces the one below."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            is_other = "kind" in value and value["kind"] != below.get("kind")
            result[key] = value if is_other else laid_over(below, value)
        else:
            result[key] = value
    return result


def _leaves(table: dict[str, Json], prefix: str = "") -> Iterator[tuple[str, Json]]:
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        elif not (isinstance(value, dict) and not prefix):
            yield f"{prefix}{key}", value


def _why_local(key: str) -> str | None:
    if key in _REMOTE:
        return None
    parts = key.split(".")
    names = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
    return next((_LOCAL[name] for name in names if name in _LOCAL), None)


def _why_value_local(key: str, value: Json) -> str | None:
    section, *_, name = key.split(".")
    if section == "camera":
        is_file = name == "kind" and value == "replay"
        if is_file or (name == "source" and not _WIRED_CAMERA.fullmatch(str(value))):
            return "a recording must open no door, nor pictures of it go elsewhere"
    if section == "liveness" and any(policy == "off" for policy in _policies(name, value)):
        return "a picture must open no door"
    return None


def _policies(name: str, value: Json) -> Iterator[Json]:
    if name == "policy":
        yield value
    elif name == "schedule" and isinstance(value, list):
        yield from (one.get("policy") for one in value if isinstance(one, dict))


def _shown(key: str) -> str:
    return ascii(key) if len(key) <= 60 else ascii(key[:57]) + "..."
