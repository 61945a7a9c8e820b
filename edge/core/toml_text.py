"""Sections of a configuration as TOML; reading it is the standard library's."""

from __future__ import annotations

import json
from typing import TypeAlias

from edge.core.events import Json

Sections: TypeAlias = dict[str, dict[str, Json]]
"""By section and key: strings, whole numbers, booleans, and lists of them."""


def toml(sections: Sections) -> str:
    """One table for each section, in their order."""
    return "\n".join(_table(name, values) for name, values in sections.items())


def _table(name: str, values: dict[str, Json]) -> str:
    # What may stand in a section is written in TOML as it is in JSON.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])
