"""`ostiary fleet logs`: the last lines of a device's log."""

from __future__ import annotations

from typing import Annotated

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.fleet_targets import DeviceArgument


def logs(
    context: typer.Context,
    device: DeviceArgument,
    lines: Annotated[int, typer.Option(min=1, max=2000, help="At most so many, the newest.")] = 200,
    level: Annotated[str, typer.Option(help="From this level on: debug, info, warning, error.")] = "debug",
    wait: Annotated[float, typer.Option(min=1, max=600, help="Seconds to wait.")] = 30.0,
    json: JsonOption = False,
) -> None:
    """Show the last lines of a device's log. Names and pictures are never in it.

    Example: ostiary fleet logs door-1 --lines 50 --level warning
    """
    from edge.hub.log_reading import LEAVES, read_log
    from edge.hub.opened_console import console

    with console(context.obj.operator(), hears=LEAVES) as session:
        found = read_log(session, device, {"lines": lines, "level": level}, wait)
    if json:
        print_json({"dev": device, "lines": found})
    else:
        typer.echo("\n".join(found))
