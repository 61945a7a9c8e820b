"""What the commands share: the configuration, and ways to print."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from edge.configuration import Sources
    from edge.errors import OstiaryError
    from edge.settings import Settings


@dataclass(slots=True)
class _Answer:
    """The one JSON document that `--json` promises on standard output."""

    wanted: bool = False
    given: bool = False


_answer = _Answer()
"""A fact of the process, as standard output is."""


def want_json(wanted: bool) -> bool:
    """A result, or the error that ends the command, goes to standard output as JSON."""
    _answer.wanted = wanted
    return wanted


JsonOption = Annotated[
    bool, typer.Option("--json", callback=want_json, help="Print JSON instead of a table; errors too.")
]


@dataclass(frozen=True, slots=True)
class Context:
    """The options before the command."""

    config: Path | None = None
    store: Path | None = None

    def settings(self, overrides: dict[str, Any] | None = None) -> Settings:
        """Read the configuration. Raises SettingsError."""
        return self.sources(overrides).load()

    def operator(self) -> Settings:
        """The same for somebody who orders doors about: what 'ostiary join' made for them, where nothing
        else is named. Raises SettingsError."""
        from edge.configuration import operator_folder

        joined = operator_folder() / "ostiary.toml"
        if self.config is None and "OSTIARY_CONFIG" not in os.environ and joined.is_file():
            return replace(self, config=joined).settings()
        return self.settings()

    def sources(self, overrides: dict[str, Any] | None = None) -> Sources:
        """Where the configuration is read from."""
        from edge.configuration import Sources

        merged = dict(overrides or {})
        if self.store is not None:
            merged["store"] = {**merged.get("store", {}), "folder": self.store}
        return Sources(self.config, merged)


def print_json(value: Any) -> None:
    """Print a value as JSON, for other programs."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # A file name may hold bytes that are not text; JSON writes such a half character the same way.
    typer.echo(text.encode(errors="backslashreplace").decode())
    _answer.given = True


def expect_answer() -> None:
    """A command begins: nothing was asked for as JSON yet, and nothing printed."""
    _answer.wanted = _answer.given = False


def print_usage_error(end: SystemExit) -> None:
    """The same for words that the command line does not know, and for a question not answered with yes.

    Typer has told a person already and says here only what code to end with; the reason is its context.
    """
    from edge.errors import RequestRefused

    reason = end.__context__
    if isinstance(reason, typer.Abort):
        message = "not confirmed; say --yes where nobody can be asked"
    elif (tell := getattr(reason, "format_message", None)) is not None:
        message = str(tell())
    else:
        return
    # The wrong word may have come before --json was read.
    _answer.wanted = _answer.wanted or "--json" in sys.argv
    print_error(RequestRefused(message))


def print_error(error: OstiaryError) -> None:
    """Say why a command ended, as JSON where that was asked for and no result was printed."""
    if _answer.wanted and not _answer.given:
        print_json({"error": {"code": error.code, "number": error.number, "message": str(error)}})
