"""`ostiary fleet`: many doors at once."""

from __future__ import annotations

import typer

from edge.cli import fleet_provision

app = typer.Typer(help="Many doors at once.", no_args_is_help=True)
app.add_typer(fleet_provision.app, name="provision")
