"""The settings in effect, as they may be shown to somebody afar."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from pydantic import SecretStr

from edge.core.events import Json
from edge.core.log_line import redacted
from edge.section import Section
from edge.settings import Settings


def shown(settings: Settings, keys: tuple[str, ...] = ()) -> dict[str, Json]:
    """`settings`: nested, without secrets; `unknown`: the keys asked for that there are not.

    keys: dotted, sections or single ones; all when empty.
    """
    everything = {name: _plain(getattr(settings, name)) for name in type(settings).model_fields}
    if not keys:
        return {"settings": everything, "unknown": []}
    chosen: dict[str, Json] = {}
    unknown: list[Json] = []
    unknown.extend(key for key in keys if not _copy(everything, chosen, key.split(".")))
    return {"settings": chosen, "unknown": unknown}


def _plain(value: object) -> Json:
    match value:
        case Section():
            parts = {name: getattr(value, name) for name in type(value).model_fields}
            return {name: _plain(part) for name, part in parts.items() if not isinstance(part, SecretStr)}
        case dict():
            return {str(name): _plain(part) for name, part in value.items()}
        case list() | tuple() | frozenset():
            return [_plain(part) for part in value]
        case Enum():
            return _plain(value.value)
        case str() | Path():
            return redacted(str(value))
        case bool() | int() | float() | None:
            return value
        case _:
            return redacted(str(value))


def _copy(source: dict[str, Json], target: dict[str, Json], path: list[str]) -> bool:
    """Copy what a path leads to. False when there is nothing."""
    found: Json = source
    for name in path:
        if not isinstance(found, dict) or name not in found:
            return False
        found = found[name]
    for name in path[:-1]:
        inner = target.setdefault(name, {})
        if not isinstance(inner, dict):
            return True
        target = inner
    target[path[-1]] = found
    return True
