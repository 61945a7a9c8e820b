"""The command line: one module for each noun."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge.cli import board, config, face, fleet, group, hub, person
from edge.cli.bench import bench
from edge.cli.context import Context
from edge.cli.demo import demo
from edge.cli.doctor import doctor
from edge.cli.evaluate import app as evaluate
from edge.cli.join import join
from edge.cli.json_file import JsonFileCommand
from edge.cli.liveness import liveness
from edge.cli.rehearse import rehearse
from edge.cli.run import run
from edge.cli.schema import schema
from edge.cli.threshold import threshold

app = typer.Typer(
    name="ostiary",
    help="Ostiary, the keeper of a door: a camera sees an enrolled, living person and opens.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"ostiary {version('ostiary')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Configuration file (TOML).", show_default=False)
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(help="Folder of the database, in place of store.folder.", show_default=False),
    ] = None,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """What all commands share."""
    context.obj = Context(config, store)


app.command()(run)
app.command()(doctor)
app.command()(join)
app.command(cls=JsonFileCommand)(demo)
app.command(cls=JsonFileCommand)(bench)
app.command()(threshold)
app.command()(liveness)
app.command()(rehearse)
app.command()(schema)
app.add_typer(person.app, name="person")
app.add_typer(group.app, name="group")
app.add_typer(face.app, name="face")
app.add_typer(board.app, name="board")
app.add_typer(config.app, name="config")
app.add_typer(evaluate, name="evaluate")
app.add_typer(fleet.app, name="fleet")
app.add_typer(hub.app, name="hub")
