"""Write sections of a configuration as TOML, alone or into a file that has others."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection
from typing import TypeAlias

from edge.core.events import Json

Sections: TypeAlias = dict[str, dict[str, Json]]
"""By section and key: strings, numbers, booleans, and lists of them."""
_HEADER = re.compile(r"\s*\[{1,2}\s*([A-Za-z0-9_-]+)")


def toml(sections: Sections) -> str:
    """One table for each section, in their order."""
    return "\n".join(_table(name, values) for name, values in sections.items())


def merged(text: str, given: Sections, whole: Collection[str] = ()) -> str:
    """A configuration with sections given to it; everything else stays as it was written.

    A key of such a section that is not given stays, too, unless the section is one of `whole`. Raises
    ValueError when that cannot be done: the text is no TOML, or says the same in an unusual way.
    """
    before = tomllib.loads(text)
    known = {name: {} if name in whole else before.get(name, {}) for name in given}
    if strange := [name for name, values in known.items() if not isinstance(values, dict)]:
        raise ValueError(f"{strange[0]} is no section")
    after = {name: {**known[name], **values} for name, values in given.items()}
    kept: list[str] = []
    section = ""
    for line in text.split("\n"):
        if header := _HEADER.match(line):
            section = header[1]
        if section not in given:
            kept.append(line)
    before_it = "\n".join(kept).strip("\n")
    written = (before_it + "\n\n" if before_it else "") + toml(after)
    if tomllib.loads(written) != {**before, **after}:
        raise ValueError("its sections are not written as [name] and key = value")
    return written


def _table(name: str, values: dict[str, Json]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {_value(value)}" for key, value in values.items()), ""])


def _value(value: Json) -> str:
    """What may stand in a section is written in TOML as it is in JSON, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
