"""`ostiary config`: the configuration in force."""

from __future__ import annotations

from typing import Annotated

import typer

from edge.cli.context import JsonOption, print_json

app = typer.Typer(help="The configuration in force.", no_args_is_help=True)


@app.callback()
def _configuration() -> None:
    """The configuration in force."""


@app.command()
def show(
    context: typer.Context,
    is_all: Annotated[bool, typer.Option("--all", help="In the table, too, what nobody has set.")] = False,
    json: JsonOption = False,
) -> None:
    """Print the values in force, and where each was set: command line, environment, credential, remote, file.

    `remote` is what the site has set; a value set further left takes its place. Secrets are stars.

    Examples:

        ostiary config show --all

        ostiary config show --json
    """
    shows_defaults = is_all or json
    origins = [one for one in context.obj.sources().origins() if shows_defaults or one.source != "default"]
    if json:
        print_json({one.key: {"value": one.value, "source": one.source} for one in origins})
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("key", "value", "source")
    for one in origins:
        table.add_row(Text(one.key), Text(str(one.value)), one.source)
    Console().print(table)
