"""`ostiary fleet list|watch|events|alarms`: how the fleet is doing, and what happens in it."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.fleet_targets import GroupOption
from edge.cli.paging import minute, print_page

if TYPE_CHECKING:
    from edge.hub.console import Heard
    from edge.hub.fleet_view import Device, FleetView

StateOption = Annotated[
    str | None,
    typer.Option(help="Only in this state: ready, degraded, lost, disconnected.", show_default=False),
]
_COLUMNS = ("device", "state", "doors", "groups", "version", "gallery")
_EVENTS = ("evt/+",)
_STYLES = {"ready": "green", "degraded": "yellow", "lost": "red", "disconnected": "dim", "unknown": "dim"}


def list_(
    context: typer.Context, group: GroupOption = None, state: StateOption = None, json: JsonOption = False
) -> None:
    """List the devices as the broker knows them; no hub is needed.

    Examples:

        ostiary -c anna/ostiary.toml fleet list --state lost

        ostiary -c anna/ostiary.toml fleet list --group lobby --json
    """
    from rich.console import Console as Screen

    from edge.hub.fleet_view import LEAVES, look
    from edge.hub.opened_console import console

    with console(context.obj.settings(), hears=LEAVES) as session:
        found = look(session).devices(group, state)
    if json:
        print_json([one.as_json() for one in found])
        return
    Screen().print(_table(found))


def watch(context: typer.Context, group: GroupOption = None, json: JsonOption = False) -> None:
    """Watch devices and events as they come, until it is interrupted. --json: a line for each message.

    Example: ostiary -c anna/ostiary.toml fleet watch --group lobby
    """
    from collections import deque
    from contextlib import suppress

    from rich.console import Console as Screen
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from edge.hub.fleet_view import LEAVES, FleetView
    from edge.hub.opened_console import console

    view = FleetView()
    lines: deque[str] = deque(maxlen=12)
    screen = Screen()
    with suppress(KeyboardInterrupt), console(context.obj.settings(), hears=(*LEAVES, *_EVENTS)) as session:
        if json or not screen.is_terminal:
            for heard in session.heard():
                if heard is not None and _is_shown(view, heard, group):
                    typer.echo(_as_line(heard) if json else _event_line(heard))
            return
        with Live(console=screen, auto_refresh=False) as live:
            for heard in session.heard():
                if heard is not None and _is_shown(view, heard, group) and heard.leaf.startswith("evt/"):
                    lines.append(_event_line(heard))
                live.update(Group(_table(view.devices(group)), *map(Text, lines)), refresh=True)


def events(
    context: typer.Context,
    device: Annotated[str | None, typer.Option(help="Of this device.", show_default=False)] = None,
    kind: Annotated[
        str | None,
        typer.Option("--class", help="Of this class: access, door, alarm, audit …", show_default=False),
    ] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="Of this type, e.g. access.denied.", show_default=False)
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="From this time on (2026-11-20T18:00:00Z).", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many, the newest.")] = 50,
    json: JsonOption = False,
) -> None:
    """List events that the hub has collected, the newest last.

    Examples:

        ostiary -c anna/ostiary.toml fleet events --class alarm

        ostiary -c anna/ostiary.toml fleet events --device door-1 --since 2026-11-20T00:00:00Z --json
    """
    from edge.hub.asking import listed
    from edge.hub.opened_console import console

    named = {"dev": device, "class": kind, "type": type_, "since": since}
    body: dict[str, Any] = {key: value for key, value in named.items() if value is not None}
    if since is None:
        body["newest"] = True
    with console(context.obj.settings()) as session:
        rows: Iterable[dict[str, Any]] = listed(
            session, "event.list", {**body, "limit": min(limit, 200)}, "events"
        )
        found = list(islice(rows, limit))
    if json:
        print_json(found)
        return
    shown = [
        {
            "at": str(one.get("ts", ""))[:19].replace("T", " "),
            "device": one.get("dev"),
            "type": one.get("type"),
            "what": _told(one.get("body")),
        }
        for one in found
    ]
    print_page(shown, ("at", "device", "type", "what"), f"{len(shown)} events")


def alarms(context: typer.Context, json: JsonOption = False) -> None:
    """List what needs somebody: revokes that a device has not confirmed, gaps in events, two hubs.

    Ends with code 1 when there is any.

    Example: ostiary -c anna/ostiary.toml fleet alarms
    """
    from edge.hub.asking import asked
    from edge.hub.opened_console import console

    with console(context.obj.settings()) as session:
        found: Any = asked(session, "alarm.list", {}).get("alarms") or []
    if json:
        print_json(found)
    elif found:
        rows = [
            {
                "kind": one.get("kind"),
                "device": one.get("dev"),
                "since": minute(str(one.get("since", ""))),
                "what": one.get("text"),
            }
            for one in found
        ]
        print_page(rows, ("kind", "device", "since", "what"), f"{len(rows)} alarms")
    else:
        typer.echo("no alarm")
    if found:
        raise typer.Exit(1)


def _table(devices: list[Device]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    there = sum(one.is_there for one in devices)
    caption = f"{there} of {len(devices)} connected"
    table = Table(*_COLUMNS, caption=caption, min_width=len(caption) + 2)
    for one in devices:
        gallery = one.info.get("gallery")
        told = f"{gallery.get('gallery')} {gallery.get('version')}" if isinstance(gallery, dict) else ""
        doors = ", ".join(f"{name}: {_standing(level)}" for name, level in sorted(one.doors.items()))
        style = _STYLES.get(one.state, "")
        table.add_row(
            one.dev,
            f"[{style}]{escape(one.state)}[/]" if style else escape(one.state),
            escape(doors),
            escape(", ".join(one.groups)),
            escape(str(one.info.get("version", ""))),
            escape(told),
        )
    return table


def _standing(level: dict[str, Any]) -> str:
    """A door's level in a few words."""
    return "/".join(str(level[key]) for key in ("strike", "leaf", "posture") if level.get(key) is not None)


def _is_shown(view: FleetView, heard: Heard, group: str | None) -> bool:
    view.note(heard)
    return group is None or any(one.dev == heard.dev for one in view.devices(group))


def _as_line(heard: Heard) -> str:
    return json_text.dumps({"dev": heard.dev, "topic": heard.leaf, "message": heard.document})


def _event_line(heard: Heard) -> str:
    document = heard.document
    if not heard.leaf.startswith("evt/"):
        return f"{heard.dev}  {heard.leaf}  {_told(document)}"
    at = str(document.get("ts", ""))[:19].replace("T", " ")
    return f"{at}  {heard.dev}  {document.get('type')}  {_told(document.get('body'))}"


def _told(body: Any) -> str:
    """The plain values of a body, in one line."""
    if not isinstance(body, dict):
        return ""
    plain = (
        f"{key}={value}"
        for key, value in body.items()
        if value is not None and not isinstance(value, dict | list)
    )
    return " ".join(plain)[:160]
