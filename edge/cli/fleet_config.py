"""`ostiary fleet config`: what the hub wants devices to be set to, and what they made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.fleet_targets import AllOption, DeviceArgument, DevicesArgument, GroupOption, WaitOption
from edge.cli.paging import counted, print_page

if TYPE_CHECKING:
    from edge.core.events import Json

app = typer.Typer(help="Settings of devices, from afar.", no_args_is_help=True)
SetOption = Annotated[
    list[str], typer.Option("--set", help="KEY=VALUE, e.g. door.unlock_s=7; KEY= takes it back.")
]


@app.command("set")
def set_(
    context: typer.Context,
    set_: SetOption,
    devices: DevicesArgument = None,
    group: GroupOption = None,
    everybody: AllOption = False,
    json: JsonOption = False,
) -> None:
    """Change settings of devices. A device that is not well with them within a minute takes them back.

    What is set for a device counts more than for its group, and that more than for all.

    Examples:

        ostiary fleet config set --all --set recognition.far=0.0005

        ostiary fleet config set door-1 --set door.unlock_s=8 --set log.level=debug
    """
    from edge.hub.asking import asked
    from edge.hub.opened_console import console
    from edge.hub.ordering import Target

    target = Target.of(devices, group, everybody)
    body: dict[str, Json] = {**target.as_scope(), "settings": nested(set_)}
    with console(context.obj.operator()) as session:
        answer = asked(session, "config.set", body)
    if json:
        print_json(answer)
        return
    count = counted(int(str(answer.get("devices"))), "device", "devices")
    typer.echo(f"version {answer.get('version')} for {count}; 'ostiary fleet config list' follows it")


@app.command("list")
def list_(context: typer.Context, json: JsonOption = False) -> None:
    """List what is set from afar, and how far each device is with it.

    Example: ostiary fleet config list
    """
    from edge.hub.asking import asked, listed
    from edge.hub.opened_console import console

    with console(context.obj.operator()) as session:
        parts: Any = asked(session, "config.list", {"limit": 1}).get("parts") or []
        devices: list[dict[str, Any]] = list(listed(session, "config.list", {"limit": 200}, "devices"))
    if json:
        print_json({"parts": parts, "devices": devices})
        return
    set_for = [
        {"for": one.get("scope"), "version": one.get("version"), "settings": _flat(one.get("settings"))}
        for one in parts
    ]
    print_page(set_for, ("for", "version", "settings"), None)
    columns = ("dev", "desired", "reported", "state", "refused")
    rows = [
        {**{key: one.get(key) for key in columns}, "refused": _flat(one.get("refused"))} for one in devices
    ]
    print_page(rows, columns, counted(len(rows), "device", "devices"))


@app.command()
def show(
    context: typer.Context,
    device: DeviceArgument,
    keys: Annotated[
        list[str] | None, typer.Argument(help="Only these: SECTION, or SECTION.KEY.", show_default=False)
    ] = None,
    wait: WaitOption = 15.0,
    json: JsonOption = False,
) -> None:
    """Show the settings in force on a device, without its secrets; no hub is needed.

    Example: ostiary fleet config show door-1 door recognition.far
    """
    from edge.hub.one_device import HEARS, told_by
    from edge.hub.opened_console import console

    body: dict[str, Json] = {"keys": [*keys]} if keys else {}
    with console(context.obj.operator(), hears=HEARS) as session:
        answer = told_by(session, device, "config.get", body, wait)
    settings: Any = answer.ack.detail.get("settings")
    if json:
        print_json(settings)
        return
    rows = [dict(zip(("key", "value"), word.split("=", 1), strict=True)) for word in _flat(settings)]
    print_page(rows, ("key", "value"), None)


def nested(given: list[str]) -> dict[str, Json]:
    """Nested settings of KEY=VALUE words; fractions stay text, as they travel. Raises RequestRefused."""
    import json as json_text

    from edge.errors import RequestRefused

    found: dict[str, Json] = {}
    for word in given:
        key, equals, text = word.partition("=")
        names = key.split(".")
        if not equals or len(names) < 2 or not all(names):
            raise RequestRefused(f"{word!r} is not SECTION.KEY=VALUE")
        try:
            value: Json = None if not text else json_text.loads(text, parse_float=str)
        except ValueError:
            value = text
        place = found
        for name in names[:-1]:
            inner = place.setdefault(name, {})
            if not isinstance(inner, dict):
                raise RequestRefused(f"{key!r} is inside a value that is set, too")
            place = inner
        place[names[-1]] = value
    return found


def _flat(value: Any, before: str = "") -> list[str]:
    """KEY=VALUE words of nested settings."""
    if not isinstance(value, dict):
        return [] if value is None and not before else [f"{before}={value}"]
    return [word for key, one in value.items() for word in _flat(one, f"{before}.{key}" if before else key)]
