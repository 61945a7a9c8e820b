"""Whom an order of `ostiary fleet` is for, and the table of what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.context import Context, print_json

if TYPE_CHECKING:
    from edge.core.events import Json
    from edge.hub.ordering import Result

DevicesArgument = Annotated[
    list[str] | None, typer.Argument(help="Ids of devices.", metavar="[DEVICE]...", show_default=False)
]
GroupOption = Annotated[str | None, typer.Option(help="All devices of this group.", show_default=False)]
AllOption = Annotated[bool, typer.Option("--all", help="Every device of the site.")]
CosignOption = Annotated[
    list[Path] | None,
    typer.Option(help="Key file of a second person, which opening a whole site takes.", show_default=False),
]
WaitOption = Annotated[float, typer.Option(min=0.5, max=600, help="Seconds to wait for answers.")]


def give_order(
    context: typer.Context,
    type_: str,
    body: dict[str, Json],
    *,
    devices: Sequence[str] | None,
    group: str | None,
    everybody: bool,
    cosign: Sequence[Path] | None,
    wait_s: float,
    json: bool,
) -> list[Result]:
    """Send an order, show who did it, and end with code 1 unless everybody did."""
    from edge.cli.progress import bar
    from edge.hub.fleet_view import LEAVES
    from edge.hub.opened_console import console
    from edge.hub.ordering import Target, deliver

    target = Target.of(devices, group, everybody)
    shared: Context = context.obj
    with console(shared.settings(), hears=LEAVES, cosigners=cosign or ()) as session, bar(type_) as progress:
        results = deliver(session, target, type_, body, wait_s=wait_s, progress=progress)
    if json:
        print_json([one.as_json() for one in results])
    else:
        _show(results)
    if not all(one.is_good for one in results):
        raise typer.Exit(1)
    return results


def _show(results: Sequence[Result]) -> None:
    from rich.console import Console as Screen
    from rich.markup import escape
    from rich.table import Table

    good = sum(one.is_good for one in results)
    caption = f"{good} of {len(results)} did it"
    table = Table("device", "status", "reason", "after", caption=caption, min_width=len(caption) + 2)
    for one in results:
        waited = "" if one.after_s is None else f"{one.after_s * 1000:.0f} ms"
        text = one.reason or ""
        if not one.is_good and isinstance(told := one.detail.get("text"), str):
            text = f"{text}: {told}" if text else told
        table.add_row(one.dev, one.status, escape(text), waited)
    Screen().print(table)
