"""`ostiary face`: everything that can be asked of pictures of faces."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Detect, describe, compare, search and redact faces in pictures.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """Keeps the commands below `face`."""
