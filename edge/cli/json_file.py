"""`--json FILE` writes figures into a file; `--json` alone prints them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from edge.cli.context import print_json, want_json
from edge.cli.figures import check_writable, write_json

if TYPE_CHECKING:
    from rich.console import Console

OUTPUT = Path("-")
"""Standard output, as a file's name."""


class JsonFileCommand(TyperCommand):
    """A command without arguments, only options, so that what follows `--json` can be told from its file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _named(args))


def _named(args: list[str]) -> list[str]:
    """The words of a command with a file after every `--json`."""
    found: list[str] = []
    for word, following in pairwise([*args, "--"]):
        found.append(word)
        if word == "--json" and following.startswith("-") and following != str(OUTPUT):
            found.append(str(OUTPUT))
    return found


def _check(file: Path | None) -> Path | None:
    """Refuse a file that could not be written, before minutes of work. Raises SettingsError."""
    want_json(file == OUTPUT)
    if file != OUTPUT:
        check_writable(file)
    return file


JsonFileOption = Annotated[
    Path | None,
    typer.Option(
        "--json",
        callback=_check,
        metavar="[<path>]",
        help="Also write the figures here; without a path they are printed, and tables go to stderr.",
        show_default=False,
    ),
]


def give_json(file: Path | None, figures: Any) -> None:
    """Write or print the figures where `--json` asked for it. Raises SettingsError."""
    if file == OUTPUT:
        print_json(figures)
    elif file is not None:
        write_json(file, figures)


def console(file: Path | None) -> Console:
    """Where tables go, so that standard output is JSON alone where that was asked for."""
    from rich.console import Console

    return Console(stderr=file == OUTPUT)
