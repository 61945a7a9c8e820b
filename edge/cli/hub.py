"""`ostiary hub`: the service that keeps the gallery, the settings and the events of many doors."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.serving import log_to_stderr, told_to_stop

if TYPE_CHECKING:
    from edge.settings import Settings

app = typer.Typer(
    help="The service that keeps the gallery, the settings and the events of many doors.",
    no_args_is_help=True,
)
_NEEDED = ("sqlalchemy", "psycopg")


@app.command()
def init(context: typer.Context, json: JsonOption = False) -> None:
    """Make the hub's tables, or bring older ones up to date, and check its keys.

    Harmless when all is done already; `ostiary hub run` does the same.

    Examples:

        ostiary --config hub.toml hub init

        OSTIARY_HUB__DATABASE=postgresql+psycopg://hub@db.local/ostiary ostiary hub init
    """
    settings = _settings(context)
    from edge.hub.run import identity_of, keys, open_database
    from edge.hub.status import begin

    keys(settings)
    with open_database(settings) as database:
        identity = identity_of(database)
        begin(database, settings.hub.galleries)
        told = {"database": database.where, "identity": identity, "galleries": [*settings.hub.galleries]}
    if json:
        print_json(told)
    else:
        typer.echo(f"{told['database']} is ready for the galleries {', '.join(settings.hub.galleries)}")


@app.command()
def run(
    context: typer.Context,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error.", show_default=False)
    ] = None,
) -> None:
    """Be the hub until stopped (SIGTERM, Ctrl-C).

    Examples:

        ostiary --config /etc/ostiary/hub.toml hub run
    """
    from edge.errors import SettingsError

    settings = _settings(context, {} if log_level is None else {"log": {"level": log_level}})
    from edge.broker_link import broker_link
    from edge.hub.run import run as run_hub

    link = broker_link(settings)
    if link is None:
        raise SettingsError("mqtt.host is not set: a hub reaches its doors through a broker; set it")
    log_to_stderr(settings.log.level)
    run_hub(settings, link, told_to_stop())


@app.command()
def status(context: typer.Context, json: JsonOption = False) -> None:
    """Show what the hub's database holds: galleries, devices, events. The hub may be at work.

    `ostiary fleet` asks the hub itself, from anywhere.
    """
    settings = _settings(context)
    from edge.hub.run import open_database
    from edge.hub.status import standing

    with open_database(settings) as database:
        told = standing(database)
    if json:
        print_json(told)
        return
    _print_table(told)


@app.command()
def rebase(
    context: typer.Context,
    gallery: Annotated[str, typer.Argument(help="The gallery.")],
    proof: Annotated[Path | None, typer.Option(help="What the root key signed.", show_default=False)] = None,
    json: JsonOption = False,
) -> None:
    """Let doors that are ahead of a restored backup follow the gallery back. The hub must not be at work.

    Without a proof, prints what to run where the root key is. Look first who was revoked since the backup.
    """
    settings = _settings(context)
    from json import loads

    from edge.errors import RequestRefused
    from edge.host.keeper import sole_keeper
    from edge.hub.parts import build
    from edge.hub.rebasing import next_epoch
    from edge.hub.rebasing import rebase as begin
    from edge.hub.run import identity_of, keys, open_database, utc

    keyholder, author = keys(settings)
    with sole_keeper(settings.store.folder), open_database(settings) as database:
        identity_of(database)
        wanted = next_epoch(database, gallery, utc())
        if proof is not None:
            try:
                proven = loads(proof.read_text())
            except (OSError, ValueError) as error:
                raise RequestRefused(f"{proof} cannot be read ({error}); name the proof") from error
            wanted = begin(
                database, build(author, "", settings.store.folder, keyholder), gallery, proven, utc()
            )
    if json:
        print_json(wanted)
    elif proof is not None:
        typer.echo(f"epoch {wanted['epoch']} of {gallery} has begun; start the hub")
    else:
        told = (gallery, wanted["epoch"], wanted["version"], wanted["root"])
        typer.echo(
            "ostiary fleet provision epoch " + " ".join(str(one) for one in told) + " --out proof.json"
        )


def _print_table(told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    counts = ", ".join(f"{count} {state}" for state, count in told["devices"].items()) or "none yet"
    console.print(f"{told['database']}: {told['events']} events; devices: {counts}")
    table = Table("gallery", "epoch", "version", "people", "devices in step", "behind")
    for row in told["galleries"]:
        cells = ("gallery", "epoch", "version", "people", "in_step", "behind")
        table.add_row(*(str(row[cell]) for cell in cells))
    console.print(table)


def _settings(context: typer.Context, overrides: dict[str, Any] | None = None) -> Settings:
    """The configuration, once it is clear that a hub could run at all. Raises SettingsError."""
    from edge.errors import SettingsError

    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise SettingsError(
            f"the hub needs {' and '.join(missing)}; install it with pip install 'ostiary[hub]'"
        )
    settings: Settings = context.obj.settings(overrides)
    return settings
