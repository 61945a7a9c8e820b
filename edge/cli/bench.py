"""`ostiary bench`: how fast it is here, and how much it needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.json_file import JsonFileOption, give_json
from edge.cli.json_file import console as console_for
from edge.errors import SettingsError

if TYPE_CHECKING:
    from rich.console import Console

    from edge.app.daemon_bench import DaemonFigures
    from edge.app.pipeline_bench import PipelineTimes
    from edge.app.search_bench import SearchFigures
    from edge.core.frame import Image

LEAST_FACES, MOST_FACES = 100, 10_000_000
STANDING_FRAMES = 18
"""At the end of the walk-up scene the person stands before the door."""


def bench(
    json_file: JsonFileOption = None,
    people: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Synthetic people in the gallery.")
    ] = 10_000,
    frames: Annotated[int, typer.Option(min=10, max=100_000, help="Frames to time.")] = 400,
    embedding: Annotated[
        str | None, typer.Option(help="Another embedding in `models/`, by name.", show_default=False)
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(
            help="Also time 1:N search among so many made-up faces each, as in 10000,1000000.",
            show_default=False,
        ),
    ] = None,
    only_search: Annotated[
        bool, typer.Option("--only-search", help="Time nothing but the search; needs no networks.")
    ] = False,
) -> None:
    """Time each stage of a decision, the start, memory and idle load. Takes about a minute.

    Default settings, one inference thread, 640x480 frames of the demo's walk-up. A search among a million
    faces takes about two more minutes, and 2.6 GB in the folder for temporary files.

    Examples:

        ostiary bench --json bench.json

        ostiary bench --embedding dlib-resnet

        ostiary bench --search 1000000,3000000 --only-search --json
    """
    from edge.app.machine import describe_machine

    sizes = _sizes(search)
    if only_search and not sizes:
        raise SettingsError("--only-search leaves nothing to time; say --search and numbers of faces")
    console = console_for(json_file)
    figures: dict[str, Any] = {}
    if not only_search:
        figures |= _measure_decisions(people, frames, embedding, console)
    if sizes:
        figures["search"] = _measure_search(sizes, console)
    figures["machine"] = describe_machine()
    give_json(json_file, figures)
    console.print(", ".join(figures["machine"].values()), style="dim", highlight=False)


def _sizes(text: str | None) -> list[int]:
    """Raises SettingsError for what is not a list of numbers of faces."""
    if text is None:
        return []
    try:
        sizes = [int(one) for one in text.split(",")]
    except ValueError:
        sizes = []
    if not sizes or not all(LEAST_FACES <= one <= MOST_FACES for one in sizes):
        raise SettingsError(
            f"--search {text[:80]!a} is not a list of numbers of {LEAST_FACES} to {MOST_FACES} faces; "
            "write it as 10000,1000000"
        )
    return sizes


def _measure_decisions(people: int, frames: int, embedding: str | None, console: Console) -> dict[str, Any]:
    from tempfile import TemporaryDirectory

    from edge.app.daemon_bench import measure_daemon
    from edge.cli.progress import bar
    from edge.demo.scenes import enrolment_pictures
    from edge.demo.scenes import frames as scene_frames

    visitor = list(scene_frames("enrolled_walks_up"))[-STANDING_FRAMES:]
    empty = list(scene_frames("mqtt_unlock"))
    times = _time_pipeline(visitor, people, frames, embedding)
    with TemporaryDirectory(prefix="ostiary-bench-") as folder, bar("Daemon") as progress:
        progress(0, 1)
        daemon = measure_daemon(Path(folder), visitor, empty, enrolment_pictures(), people, embedding)
        progress(1, 1)
    _show(times, daemon, people, console)
    return {
        "pipeline": times.as_json(),
        "stages": {name: stage.as_json() for name, stage in times.stages.items()},
        "startup_s": round(daemon.startup_s, 3),
        "rss_mb": round(daemon.rss_mb, 1),
        "idle_cpu_percent": round(daemon.idle_cpu_percent, 2),
        "people": people,
    }


def _measure_search(sizes: list[int], console: Console) -> dict[str, Any]:
    from tempfile import TemporaryDirectory

    from edge.app.search_bench import measure_search
    from edge.cli.progress import bar

    with TemporaryDirectory(prefix="ostiary-bench-") as folder:
        found = measure_search(Path(folder), sizes, bar)
    _show_search(found, console)
    return {str(faces): figures.as_json() for faces, figures in found.items()}


def _time_pipeline(visitor: list[Image], people: int, frames: int, embedding: str | None) -> PipelineTimes:
    from edge.app.pipeline_bench import WARM_UP, open_bench, summarize
    from edge.cli.progress import bar
    from edge.settings import Settings, VisionSettings

    settings = Settings(vision=VisionSettings(embedding=embedding))
    with open_bench(settings, people) as pipeline, bar("Frames") as progress:
        seen = []
        for number in range(frames + WARM_UP):
            full = pipeline.look(visitor[number % len(visitor)])
            if full is not None and number >= WARM_UP:
                seen.append(full)
            progress(number + 1, frames + WARM_UP)
    return summarize(seen)


def _show(times: PipelineTimes, daemon: DaemonFigures, people: int, console: Console) -> None:
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
    console.print(table)
    ratio = times.around.p50_ms / times.bare_invoke_ms
    console.print(f"decision / networks alone  {ratio:.2f}")
    console.print(f"start to first decision    {daemon.startup_s:.2f} s")
    console.print(f"resident memory            {daemon.rss_mb:.0f} MB")
    console.print(f"no face, 15 fps            {daemon.idle_cpu_percent:.1f} % of one core")


def _show_search(found: dict[int, SearchFigures], console: Console) -> None:
    from rich.box import SIMPLE
    from rich.table import Table

    title = "The five most similar faces or people, 256 numbers each, milliseconds"
    table = Table(title=title, box=SIMPLE, padding=(0, 1, 0, 0))
    for column in ("faces", "p50", "p95", "people", "top 1 exact", "MB", "ready s", "add", "remove"):
        table.add_column(column, justify="right", no_wrap=True)
    for faces, one in found.items():
        table.add_row(
            f"{faces:,}",
            f"{one.p50_ms:.2f}",
            f"{one.p95_ms:.2f}",
            f"{one.people_p50_ms:.2f}",
            f"{one.top1_agreement:.2%}",
            f"{one.rss_mb:.0f}",
            f"{one.ready_s:.2f}",
            f"{one.add_ms:.1f}",
            f"{one.remove_ms:.1f}",
        )
    console.print(table)
