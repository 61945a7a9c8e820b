"""Where the files that ship with the package lie: the models, the board profiles and the JSON Schemas."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from edge.errors import SettingsError

_PACKAGE = Path(__file__).resolve().parent
_SCHEMAS = _PACKAGE / "schemas"


def folder(name: str) -> Path:
    """The folder `name` (models, hardware): inside an installed wheel, else beside the source tree."""
    installed = _PACKAGE / "data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def schema_names() -> list[str]:
    """Of the JSON Schemas of what travels over MQTT: `door.unlock`, `hub/gallery.put`."""
    return sorted(path.relative_to(_SCHEMAS).with_suffix("").as_posix() for path in _SCHEMAS.rglob("*.json"))


def load_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of that name. Raises SettingsError when there is none."""
    known = schema_names()
    if name not in known:
        near = "".join(f"did you mean {one}? " for one in get_close_matches(name, known, 1))
        raise SettingsError(f"no schema {name!r}; {near}'ostiary schema' lists them all")
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return schema


def portrait() -> Path:
    """A photograph of one person that ships with the package, for self-tests."""
    return _PACKAGE / "demo" / "portraits" / "eileen_collins.jpg"
