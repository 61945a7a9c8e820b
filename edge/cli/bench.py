"""`ostiary bench`: how fast it is here, and how much it needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edge.app.daemon_bench import DaemonFigures
    from edge.app.pipeline_bench import PipelineTimes
    from edge.core.frame import Image

STANDING_FRAMES = 18
"""At the end of the walk-up scene the person stands before the door."""


def bench(
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures here.", show_default=False)
    ] = None,
    people: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Synthetic people in the gallery.")
    ] = 10_000,
    frames: Annotated[int, typer.Option(min=10, max=100_000, help="Frames to time.")] = 400,
) -> None:
    """Time each stage of a decision, the start, memory and idle load. Takes about a minute.

    Default settings, one inference thread, 640x480 frames of the demo's walk-up.

    Example:

        ostiary bench --json bench.json
    """
    from tempfile import TemporaryDirectory

    from edge.app.daemon_bench import measure_daemon
    from edge.app.machine import describe_machine
    from edge.cli.figures import check_writable, write_json
    from edge.cli.progress import bar
    from edge.demo.scenes import enrolment_pictures
    from edge.demo.scenes import frames as scene_frames

    check_writable(json_file)
    visitor = list(scene_frames("enrolled_walks_up"))[-STANDING_FRAMES:]
    empty = list(scene_frames("mqtt_unlock"))
    times = _time_pipeline(visitor, people, frames)
    with TemporaryDirectory(prefix="ostiary-bench-") as folder, bar("Daemon") as progress:
        progress(0, 1)
        daemon = measure_daemon(Path(folder), visitor, empty, enrolment_pictures(), people)
        progress(1, 1)
    machine = describe_machine()
    if json_file is not None:
        write_json(
            json_file,
            {
                "pipeline": times.as_json(),
                "stages": {name: stage.as_json() for name, stage in times.stages.items()},
                "startup_s": round(daemon.startup_s, 3),
                "rss_mb": round(daemon.rss_mb, 1),
                "idle_cpu_percent": round(daemon.idle_cpu_percent, 2),
                "people": people,
                "machine": machine,
            },
        )
    _show(times, daemon, people, machine)


def _time_pipeline(visitor: list[Image], people: int, frames: int) -> PipelineTimes:
    from edge.app.pipeline_bench import WARM_UP, open_bench, summarize
    from edge.cli.progress import bar
    from edge.settings import Settings

    with open_bench(Settings(), people) as pipeline, bar("Frames") as progress:
        seen = []
        for number in range(frames + WARM_UP):
            full = pipeline.look(visitor[number % len(visitor)])
            if full is not None and number >= WARM_UP:
                seen.append(full)
            progress(number + 1, frames + WARM_UP)
    return summarize(seen)


def _show(times: PipelineTimes, daemon: DaemonFigures, people: int, machine: dict[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"One decision, {people} people, median of {times.frames} frames")
    table.add_column("stage", style="bold")
    for column in ("p50 ms", "p95 ms", "network alone ms"):
        table.add_column(column, justify="right")
    for name, stage in times.stages.items():
        bare = f"{stage.bare_invoke_ms:.2f}" if stage.bare_invoke_ms else ""
        table.add_row(name, f"{stage.around.p50_ms:.2f}", f"{stage.around.p95_ms:.2f}", bare)
    table.add_section()
    table.add_row(
        "all", f"{times.around.p50_ms:.2f}", f"{times.around.p95_ms:.2f}", f"{times.bare_invoke_ms:.2f}"
    )
    console = Console()
    console.print(table)
    ratio = times.around.p50_ms / times.bare_invoke_ms
    console.print(f"decision / networks alone  {ratio:.2f}")
    console.print(f"start to first decision    {daemon.startup_s:.2f} s")
    console.print(f"resident memory            {daemon.rss_mb:.0f} MB")
    console.print(f"no face, 15 fps            {daemon.idle_cpu_percent:.1f} % of one core")
    console.print(", ".join(machine.values()), style="dim", highlight=False)
