"""What the commands share: the configuration, and ways to print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from edge.settings import Settings

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@dataclass(frozen=True, slots=True)
class Context:
    """The options before the command."""

    config: Path | None = None
    store: Path | None = None

    def settings(self, overrides: dict[str, Any] | None = None) -> Settings:
        """Read the configuration. Raises SettingsError."""
        from edge.configuration import load

        merged = dict(overrides or {})
        if self.store is not None:
            merged["store"] = {**merged.get("store", {}), "folder": self.store}
        return load(self.config, merged)


def print_json(value: Any) -> None:
    """Print a value as JSON, for other programs."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # A file name may hold bytes that are not text; JSON writes such a half character the same way.
    typer.echo(text.encode(errors="backslashreplace").decode())
