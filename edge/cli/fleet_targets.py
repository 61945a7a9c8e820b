"""Whom an order of `ostiary fleet` is for, and the table of what was answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from edge.cli.context import Context, print_json
from edge.cli.fleet_completion import device_ids, group_names

if TYPE_CHECKING:
    from edge.core.events import Json
    from edge.hub.ordering import Result

DeviceArgument = Annotated[str, typer.Argument(help="Id of the device.", autocompletion=device_ids)]
DevicesArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Ids of devices.", metavar="DEVICE", show_default=False, autocompletion=device_ids),
]
GroupOption = Annotated[
    str | None,
    typer.Option(help="All devices of this group.", show_default=False, autocompletion=group_names),
]
AllOption = Annotated[bool, typer.Option("--all", help="Every device of the site.")]
CosignOption = Annotated[
    list[Path] | None,
    typer.Option(help="Key file of a second person, which opening a whole site takes.", show_default=False),
]
WaitOption = Annotated[float, typer.Option(min=0.5, max=600, help="Seconds to wait for answers.")]

Addressed: TypeAlias = tuple[Sequence[str] | None, str | None, bool]
"""Devices, group and all, as the options say it."""
_MOST_ROWS = 40


def give_order(
    context: typer.Context,
    type_: str,
    body: dict[str, Json],
    addressed: Addressed,
    *,
    wait_s: float,
    json: bool,
    cosign: Sequence[Path] | None = None,
    wrong: Callable[[Result], list[str]] = lambda result: [],
) -> None:
    """Send an order, show who did it, and end with code 1 unless everybody did.

    wrong: what is not as it should be with a device that did it.
    """
    from edge.cli.progress import bar
    from edge.hub.fleet_view import LEAVES
    from edge.hub.opened_console import console
    from edge.hub.ordering import Target, advice, deliver

    target = Target.of(*addressed)
    shared: Context = context.obj
    with console(shared.operator(), hears=LEAVES, cosigners=cosign or ()) as session, bar(type_) as progress:
        results = deliver(session, target, type_, body, wait_s=wait_s, progress=progress)
    if json:
        print_json([one.as_json() for one in results])
    else:
        _show(results, wrong)
    if (cure := advice(results, type_, target)) is not None:
        typer.echo(cure, err=True)
    if not all(one.is_good and not wrong(one) for one in results):
        raise typer.Exit(1)


def _show(results: Sequence[Result], wrong: Callable[[Result], list[str]]) -> None:
    """A table; of many devices, only those that did not do it."""
    from rich.console import Console as Screen
    from rich.markup import escape
    from rich.table import Table

    good = sum(one.is_good for one in results)
    caption = f"{good} of {len(results)} did it"
    shown = (
        results if len(results) <= _MOST_ROWS else [one for one in results if not one.is_good or wrong(one)]
    )
    if len(shown) < len(results):
        if not shown:
            typer.echo(caption)
            return
        caption += "; these did not, or are not well"
    table = Table("device", "status", "reason", "after", caption=caption, min_width=len(caption) + 2)
    for one in shown:
        waited = "" if one.after_s is None else f"{one.after_s * 1000:.0f} ms"
        table.add_row(one.dev, one.status, escape("\n".join(wrong(one)) or _reason(one)), waited)
    Screen().print(table)


def _reason(result: Result) -> str:
    """The word of it, and of who did not do it what was said besides."""
    told = result.detail.get("text")
    if result.is_good or not isinstance(told, str):
        return result.reason or ""
    return f"{result.reason}: {told}" if result.reason else told
