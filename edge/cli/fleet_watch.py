"""`ostiary fleet list|watch`: how the fleet is doing, as the broker tells it; no hub is needed."""

from __future__ import annotations

import json as json_text
import logging
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.fleet_events import HEARS, event_line, told
from edge.cli.fleet_targets import GroupOption

if TYPE_CHECKING:
    from edge.hub.console import Heard
    from edge.hub.fleet_view import Device, FleetView

StateOption = Annotated[
    str | None,
    typer.Option(help="Only in this state: ready, degraded, lost, disconnected.", show_default=False),
]
_COLUMNS = ("device", "state", "doors", "groups", "version", "gallery")
_STYLES = {"ready": "green", "degraded": "yellow", "lost": "red", "disconnected": "dim", "unknown": "dim"}
_USUAL = {"posture": ("secure",), "strike": ("locked",), "leaf": ("closed", "unknown")}
_FLAGS = ("forced", "held", "tamper", "fire")
_LINES = 12
_EACH_S = 0.25


def list_(
    context: typer.Context, group: GroupOption = None, state: StateOption = None, json: JsonOption = False
) -> None:
    """List the devices as the broker knows them; no hub is needed.

    Examples:

        ostiary fleet list --state lost

        ostiary fleet list --group lobby --json
    """
    from rich.console import Console as Screen

    from edge.hub.fleet_view import LEAVES, look
    from edge.hub.opened_console import console

    with console(context.obj.operator(), hears=LEAVES) as session:
        found = look(session).devices(group, state)
        hub = session.hub
    if json:
        print_json([one.as_json() for one in found])
        return
    Screen().print(_table(found, hub))


def watch(context: typer.Context, group: GroupOption = None, json: JsonOption = False) -> None:
    """Watch devices and events as they come, until it is interrupted. --json: a line for each message.

    Examples:

        ostiary fleet watch --group lobby

        ostiary fleet watch --json | jq 'select(.topic == "evt/alarm")'
    """
    from collections import deque
    from contextlib import suppress
    from itertools import chain

    from rich.console import Console as Screen
    from rich.live import Live

    from edge.hub.fleet_view import LEAVES, look
    from edge.hub.opened_console import console

    due = 0.0
    lines: deque[str] = deque(maxlen=_LINES)
    screen = Screen()
    with suppress(KeyboardInterrupt), console(context.obj.operator(), hears=(*LEAVES, *HEARS)) as session:
        before: list[Heard] = []
        view = look(session, before.append)
        comes = chain(before, session.heard())
        if json or not screen.is_terminal:
            # Whoever reads the lines is told on the side why none come.
            logging.basicConfig(format="%(message)s", level=logging.WARNING)
            for heard in comes:
                if heard is not None and _is_shown(view, heard, group):
                    typer.echo(_as_line(heard) if json else _line(heard))
            return
        with Live(console=screen, auto_refresh=False, screen=True, vertical_overflow="crop") as live:
            for heard in comes:
                if heard is not None and _is_shown(view, heard, group) and heard.leaf.startswith("evt/"):
                    lines.append(_line(heard))
                if (now := time.monotonic()) >= due:
                    due = now + _EACH_S
                    shown = _screen(view.devices(group), session.hub, list(lines), screen)
                    live.update(shown, refresh=True)


def _screen(devices: list[Device], hub: str | None, lines: list[str], screen: Any) -> Any:
    """The devices that need a look first, as many as there is room for, and the newest events below."""
    from rich.console import Group
    from rich.text import Text

    room = max(3, screen.height - _LINES - 6)
    ordered = sorted(devices, key=lambda one: (one.state == "ready", one.dev))
    told = [Text(line, overflow="ellipsis", no_wrap=True) for line in lines]
    return Group(_table(ordered[:room], hub, of=devices), *told)


def _table(devices: list[Device], hub: str | None, of: list[Device] | None = None) -> Any:
    """of: all of whom these are shown."""
    from rich.markup import escape
    from rich.table import Table

    everybody = devices if of is None else of
    there = sum(one.is_there for one in everybody)
    caption = f"{there} of {len(everybody)} connected; the hub is {hub or 'not there'}"
    if len(devices) < len(everybody):
        caption = f"{len(everybody) - len(devices)} more; {caption}"
    table = Table(*_COLUMNS, caption=caption, min_width=len(caption) + 2)
    for one in devices:
        style = _STYLES.get(one.state, "")
        state = f"[{style}]{escape(one.state)}[/]" if style else escape(one.state)
        cells = (_doors(one), ", ".join(one.groups), str(one.info.get("version", "")), _gallery(one))
        table.add_row(one.dev, state, *map(escape, cells))
    return table


def _doors(device: Device) -> str:
    """Each door, with what is not as usual: who may pass, and how strike, leaf and inputs are."""
    return ", ".join(" ".join([name, *unusual(level)]) for name, level in sorted(device.doors.items()))


def unusual(level: dict[str, Any]) -> list[str]:
    """The words of a door's level that somebody should see."""
    words = [str(level[key]) for key, usual in _USUAL.items() if level.get(key, usual[0]) not in usual]
    return list(dict.fromkeys([*words, *(flag for flag in _FLAGS if level.get(flag) is True)]))


def _gallery(device: Device) -> str:
    followed = device.info.get("gallery")
    return f"{followed.get('gallery')} {followed.get('version')}" if isinstance(followed, dict) else ""


def _is_shown(view: FleetView, heard: Heard, group: str | None) -> bool:
    view.note(heard)
    return group is None or group in view.named([heard.dev])[0].groups


def _as_line(heard: Heard) -> str:
    return json_text.dumps({"dev": heard.dev, "topic": heard.leaf, "message": heard.document})


def _line(heard: Heard) -> str:
    if heard.leaf.startswith("evt/"):
        return event_line({**heard.document, "dev": heard.dev})
    return f"{heard.dev or 'the site'}  {heard.leaf}  {told(heard.document)}"
