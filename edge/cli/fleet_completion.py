"""What the shell offers for a device or a group: those that the broker knows at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edge.cli.context import Context

if TYPE_CHECKING:
    from edge.hub.fleet_view import Device


def device_ids(context: typer.Context, incomplete: str) -> list[str]:
    return [one.dev for one in _devices(context) if one.dev.startswith(incomplete)]


def group_names(context: typer.Context, incomplete: str) -> list[str]:
    found = {group for one in _devices(context) for group in one.groups}
    return sorted(group for group in found if group.startswith(incomplete))


def _devices(context: typer.Context) -> list[Device]:
    """Nobody when they cannot be had: there is no place for an error while somebody types."""
    from edge.errors import OstiaryError
    from edge.hub.fleet_view import LEAVES, look
    from edge.hub.opened_console import console

    given = context.find_root().params
    try:
        settings = Context(given.get("config"), given.get("store")).operator()
        with console(settings, hears=LEAVES) as session:
            return look(session).devices()
    except OstiaryError:
        return []
