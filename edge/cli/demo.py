"""`ostiary demo`: the whole daemon on rendered scenes."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from edge.cli.json_file import JsonFileOption, give_json
from edge.cli.json_file import console as console_for

if TYPE_CHECKING:
    from edge.demo.verdict import Result

BrokerKind = Literal["mosquitto", "amqtt"]
COLORS = {"granted": "green", "denied": "red", "repeated": "cyan"}


def demo(
    json_file: JsonFileOption = None,
    sheet: Annotated[Path, typer.Option(help="Write the contact sheet (PNG) here.")] = Path(
        "ostiary-demo.png"
    ),
    seed: Annotated[int, typer.Option(help="Another seed gives other movements and noise.")] = 0,
    broker: Annotated[
        BrokerKind | None, typer.Option(help="Absent: mosquitto where it is installed.", show_default=False)
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the daemon's log.")] = False,
) -> None:
    """Show the whole daemon at work: camera, decisions, relay and MQTT, with simulated hardware.

    Ends with 0 only if every scene came out right.

    Examples:

        ostiary demo

        ostiary demo --json demo.json --sheet demo.png
    """
    from rich.live import Live

    from edge.cli.figures import check_writable

    check_writable(sheet)
    logging.basicConfig(stream=sys.stderr, level="INFO" if verbose else "CRITICAL")
    from edge.demo.runner import perform

    console = console_for(json_file)
    results: list[Result] = []
    with Live(_table(results), console=console, refresh_per_second=8) as live:
        for result in perform(seed=seed, broker=broker, on_note=console.print):
            results.append(result)
            live.update(_table(results))
    if not console.is_terminal:
        console.print()  # into a file or a pipe, rich leaves the table's last line open
    _write_sheet(sheet, results)
    console.print(f"contact sheet: {sheet}")
    give_json(json_file, {"scenes": [result.as_json() for result in results]})
    wrong = [result for result in results if not result.is_right]
    for result in wrong:
        console.print(f"[red]{result.scene.name}[/]: {'; '.join(result.faults)}")
    if wrong:
        raise typer.Exit(1)
    console.print("[green]every scene came out right[/]")


def _table(results: list[Result]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table("scene", "answer", "latency", "relay", "", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for result in results:
        edges = " ".join(f"{'▲' if up else '▼'}{at:.2f} s" for at, up in result.relay_edges)
        table.add_row(
            result.scene.title,
            f"[{COLORS.get(result.decision, 'yellow')}]{result.decision}[/] {result.reason}",
            "" if result.latency_ms is None else f"{result.latency_ms:.0f} ms",
            edges or "no edge",
            "[green]right[/]" if result.is_right else "[red]wrong[/]",
        )
    return table


def _write_sheet(file: Path, results: list[Result]) -> None:
    import cv2

    from edge.cli.figures import write_file
    from edge.demo.sheet import Row, Thumbnail, contact_sheet

    rows = [
        Row(
            title=result.scene.title,
            decision=result.decision,
            reason=result.reason,
            person=result.person,
            latency_ms=result.latency_ms,
            seconds=max([result.scene.seconds, *(at for at, _ in result.relay_edges)]),
            thumbnails=[Thumbnail(shot.image, shot.at_s, shot.box) for shot in result.shots],
            relay_edges=result.relay_edges,
        )
        for result in results
    ]
    encoded, data = cv2.imencode(".png", contact_sheet(rows))
    if encoded:
        write_file(file, data.tobytes())
