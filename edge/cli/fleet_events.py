"""`ostiary fleet events|alarms`: what happened at the doors, and what needs somebody."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.moments import ago
from edge.cli.paging import counted, minute, print_page

if TYPE_CHECKING:
    from edge.hub.console import Console

HEARS = ("evt/+",)
"""What has to be heard of devices for their events."""
_PAGE = 200
_WIDEST = 160
_FIGURES = (
    "decision_id",
    "trace_id",
    "decision",
    "request",
    "command",
    "score",
    "threshold",
    "margin",
    "far_target",
)


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
        str | None,
        typer.Option(help="From this time on (2026-11-20T18:00Z), or so long ago: 2h.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many, the newest.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="And those to come.")] = False,
    json: JsonOption = False,
) -> None:
    """List events that the hub has collected, the newest last. --follow --json: a line for each.

    Examples:

        ostiary fleet events --class alarm --since 1d

        ostiary fleet events --device door-1 --limit 1000 --json

        ostiary fleet events --type access.denied --follow
    """
    from contextlib import suppress

    from edge.hub.opened_console import console

    wanted = {"dev": device, "class": kind, "type": type_}
    body = {key: value for key, value in wanted.items() if value is not None}
    if since is not None:
        body["since"] = ago(since)
    with console(context.obj.operator(), hears=HEARS if follow else ()) as session:
        found = _newest(session, body, limit)
        if follow:
            with suppress(KeyboardInterrupt):
                _follow(session, found, wanted, json=json)
            return
    if json:
        print_json(found)
        return
    rows = [
        {"at": _second(one), "device": one.get("dev"), "type": one.get("type"), "what": told(one.get("body"))}
        for one in found
    ]
    print_page(rows, ("at", "device", "type", "what"), counted(len(rows), "event", "events"))


def alarms(context: typer.Context, json: JsonOption = False) -> None:
    """List what needs somebody: revokes that a device has not confirmed, events that are missing.

    Ends with code 1 when there is any.

    Example: ostiary fleet alarms
    """
    from edge.hub.asking import asked
    from edge.hub.opened_console import console

    with console(context.obj.operator()) as session:
        found: Any = asked(session, "alarm.list", {}).get("alarms") or []
    if json:
        print_json(found)
    elif found:
        rows = [
            {
                "kind": one.get("kind"),
                "device": one.get("dev"),
                "since": minute(str(one.get("since", ""))),
                "what": " ".join(
                    f"{key} {value}" for key, value in one.items() if key not in ("kind", "dev", "since")
                ),
            }
            for one in found
        ]
        print_page(rows, ("kind", "device", "since", "what"), counted(len(rows), "alarm", "alarms"))
    else:
        typer.echo("no alarm")
    if found:
        raise typer.Exit(1)


def event_line(event: dict[str, Any]) -> str:
    """An event in one line."""
    return f"{_second(event)}  {event.get('dev')}  {event.get('type')}  {told(event.get('body'))}"


def told(body: Any) -> str:
    """The plain values of a body in one line, without what only a program would want."""
    if not isinstance(body, dict):
        return ""
    plain = (
        f"{key}={value}"
        for key, value in body.items()
        if value is not None and not isinstance(value, dict | list) and key not in _FIGURES
    )
    return " ".join(plain)[:_WIDEST]


def _newest(session: Console, body: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """The newest events, oldest first: pages, from the end."""
    from edge.hub.asking import asked

    found: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    while len(found) < limit:
        count = min(limit - len(found), _PAGE)
        asking = {**body, **before, "newest": True, "limit": count}
        page: Any = asked(session, "event.list", asking).get("events") or []
        if not page:
            break
        found = [*page, *found]
        before = {"before": page[0]["number"]}
    return found


def _follow(
    session: Console, found: list[dict[str, Any]], wanted: dict[str, str | None], *, json: bool
) -> None:
    """What there was, and then what comes, each once: a device says an event again that nobody confirmed."""
    known: set[object] = set()
    for event in found:
        _say(event, known, json=json)
    for heard in session.heard():
        if heard is not None and heard.leaf.startswith("evt/"):
            event = {**heard.document, "dev": heard.dev, "class": heard.leaf.removeprefix("evt/")}
            if all(value is None or event.get(key) == value for key, value in wanted.items()):
                _say(event, known, json=json)


def _say(event: dict[str, Any], known: set[object], *, json: bool) -> None:
    if event.get("id") in known:
        return
    known.add(event.get("id"))
    typer.echo(json_text.dumps(event) if json else event_line(event))


def _second(event: dict[str, Any]) -> str:
    return str(event.get("ts", ""))[:19].replace("T", " ")
