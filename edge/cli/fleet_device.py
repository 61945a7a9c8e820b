"""`ostiary fleet show|forget`: a single device, as the hub knows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.fleet_targets import DeviceArgument
from edge.cli.paging import print_page

_UNSAID = frozenset(("boot", "session", "root"))


def show(context: typer.Context, device: DeviceArgument, json: JsonOption = False) -> None:
    """Show all that the hub knows of a device: state, doors, health, gallery, settings and events.

    Example: ostiary fleet show door-1
    """
    from edge.errors import RequestRefused
    from edge.hub.asking import asked
    from edge.hub.opened_console import console

    with console(context.obj.operator()) as session:
        found: Any = asked(session, "device.list", {"dev": device, "limit": 1}).get("devices")
    if not found:
        raise RequestRefused(f"the hub never heard of {device}; see 'ostiary fleet list'")
    if json:
        print_json(found[0])
        return
    print_page([{"what": key, "value": value} for key, value in _flat(found[0])], ("what", "value"), None)


def forget(context: typer.Context, device: DeviceArgument, json: JsonOption = False) -> None:
    """Take a device out that is gone for good, once 'ostiary fleet provision revoke' has shut it out.

    Its events stay. One that still has a certificate comes back by itself.

    Example: ostiary fleet forget door-1
    """
    from edge.hub.asking import asked
    from edge.hub.opened_console import console

    with console(context.obj.operator()) as session:
        answer = asked(session, "device.forget", {"dev": device})
    if json:
        print_json(answer)
    else:
        typer.echo(f"{device} is forgotten")


def _flat(value: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The plain values of nested ones, each with its path."""
    for key, one in value.items():
        if isinstance(one, dict):
            yield from _flat(one, f"{before}{key}.")
        elif key not in _UNSAID and one not in (None, []):
            yield f"{before}{key}", one
