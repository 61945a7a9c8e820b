"""`tools/fleet_bench`: holds a fleet of virtual doors to the bars, with a real broker and a real hub."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge.app.machine import describe_machine
from edge.cli.progress import bar
from edge.errors import OstiaryError, SettingsError
from tools.fleet.bench_site import BenchSite, running
from tools.fleet.files import allow_files
from tools.fleet.measured_events import events
from tools.fleet.measured_snapshot import snapshot
from tools.fleet.measures import Figure, Progress, await_filled, commands, delta, fill, revoke

Measure = Callable[[BenchSite, Progress], list[Figure]]
MEASURES: dict[str, Measure] = {
    "commands": commands,
    "delta": delta,
    "revoke": revoke,
    "events": events,
    "snapshot": snapshot,
}
SHARED = (
    "Each door has a TLS session with a certificate, a journal, an outbox and a copy of the gallery of its"
    " own, and checks every signature itself. The doors of one process share the rows of a version of the"
    " gallery: the first one that gets there computes them, opens what is sealed and compares the root. Their"
    " stores are in memory. Commands go before the gallery, and both before events: in a daemon each has a"
    " thread of its own."
)


def main(
    devices: Annotated[int, typer.Option(min=1, help="How many doors.")] = 1000,
    simulators: Annotated[int, typer.Option(min=1, help="Processes that share them.")] = 1,
    only: Annotated[str | None, typer.Option(help=f"Some of {', '.join(MEASURES)}.")] = None,
    postgres: Annotated[
        str | None, typer.Option(help="Address of an empty database for the hub.", show_default=False)
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures into this file.", show_default=False)
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Empty folder for all files, kept.", show_default=False)
    ] = None,
) -> None:
    """Measure a fleet on this machine: commands, deltas, revocations, events, and a large snapshot.

    Everything runs here: mosquitto with the generated configuration (TLS, certificates, access rules), the
    hub, and the doors. What is missed is marked; the exit status is 1 then.
    """
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    chosen = _chosen(only)
    allow_files(devices * 2)
    console = Console(stderr=True)
    figures: list[Figure] = []
    with TemporaryDirectory(prefix="ostiary-fleet-") as temporary:
        console.print(f"starting a broker, a hub and {devices} doors")
        folder = keep or Path(temporary)
        with (
            bar("filling the gallery") as filled,
            running(
                folder,
                devices,
                simulators=simulators,
                postgres=postgres,
                prepare=lambda site: fill(site, filled),
            ) as site,
        ):
            figures.append(await_filled(site))
            for name in chosen:
                with bar(name) as progress:
                    figures += MEASURES[name](site, progress)
    machine = describe_machine()
    _show(figures, machine, devices, simulators)
    if json_file is not None:
        document = {
            "machine": machine,
            "devices": devices,
            "simulators": simulators,
            "database": "SQLite" if postgres is None else "PostgreSQL",
            "shared": SHARED,
            "figures": [
                {
                    "name": one.name,
                    "value": round(one.value, 3),
                    "bar": one.bar,
                    "unit": one.unit,
                    **one.details,
                }
                for one in figures
            ],
        }
        json_file.write_text(json.dumps(document, indent=2) + "\n")
    if not all(one.is_met for one in figures):
        raise typer.Exit(1)


def _chosen(only: str | None) -> Sequence[str]:
    if only is None:
        return [*MEASURES]
    names = [name.strip() for name in only.split(",")]
    if unknown := set(names) - MEASURES.keys():
        raise SettingsError(
            f"there is no measure {', '.join(sorted(unknown))}; choose of {', '.join(MEASURES)}"
        )
    return names


def _show(figures: Sequence[Figure], machine: dict[str, str], devices: int, simulators: int) -> None:
    table = Table(title=f"{devices} doors in {simulators} process(es)", title_justify="left")
    for name, justify in (("", "left"), ("figure", "right"), ("bar", "right"), ("", "left")):
        table.add_column(name, justify="right" if justify == "right" else "left")
    for one in figures:
        details = ", ".join(f"{key} {value}" for key, value in one.details.items())
        mark = "" if one.is_met else "[red]missed[/red]"
        table.add_row(
            one.name,
            f"{one.value:.3g} {one.unit}",
            "" if one.bar is None else f"{one.bar:g}",
            f"{mark} {details}".strip(),
        )
    Console().print(table)
    print(", ".join(machine.values()))
    print(SHARED)


if __name__ == "__main__":
    try:
        typer.run(main)
    except OstiaryError as error:
        print(f"fleet_bench: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
