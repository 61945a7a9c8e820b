"""`ostiary evaluate liveness`: which attacks pass, and which living people are refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.json_file import JsonFileOption, console, give_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from edge.app.liveness_evaluation import LivenessEvaluation
    from edge.core.pad_figures import MeanFigures, SourceFigures
    from edge.core.pad_metrics import Interval


def liveness(
    root: Annotated[Path, typer.Option(help="Folder that the paths are relative to.")],
    manifest: Annotated[
        Path,
        typer.Option(
            help="CSV file: path (a picture or a clip), source, label (live or spoof), x, y, w, h (pixels; "
            "empty: the largest face); if you like, attack (its type, such as print)."
        ),
    ],
    json_file: JsonFileOption = None,
    plots: Annotated[
        Path | None,
        typer.Option(
            help="Also draw scores, error trade-off and the worst mistakes, as PNG in this folder.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; all cores when absent.", show_default=False)
    ] = None,
) -> None:
    """Tell living people from prints and screens, in pictures and clips.

    APCER is the share of attacks taken for alive, BPCER the share of living people refused (ISO/IEC 30107-3).
    Pictures are judged one by one and in runs of 8 of the same source and label, in the order of the file;
    means weigh all sources alike. A picture in which no face is found is refused, as at a door. A box says
    which face is meant; where the detector does not see that face, the box itself is looked at. A clip is
    decided on as a whole, as the door would with default settings. Pictures that the network was trained on
    flatter it.

    Examples:

        ostiary evaluate liveness --root pictures --manifest manifest.csv --json out.json

        ostiary evaluate liveness --root pictures --manifest manifest.csv --plots plots
    """
    from edge.app.every_core import default_jobs
    from edge.app.liveness_evaluation import evaluate_liveness
    from edge.cli.progress import bar

    if plots is not None:
        from edge.app.paper import check_drawable

        check_drawable(plots)
    with bar("Pictures and clips") as progress:
        result = evaluate_liveness(manifest, root, jobs or default_jobs(), progress)
    give_json(json_file, result.as_json())
    tables = console(json_file)
    _show(result, tables)
    if plots is not None:
        from edge.app.liveness_plots import draw

        for path in draw(result, plots):
            tables.print(path, soft_wrap=True, highlight=False, markup=False)


def _show(result: LivenessEvaluation, console: Console) -> None:
    if result.frames:
        _show_frames(result, console)
    for name, found in result.attacks.items():
        rate = _share(found.single.apcer, found.apcer_interval)
        console.print(f"{name}: APCER {rate} of {found.attacks}", highlight=False)
    if result.clips:
        _show_clips(result, console)


def _show_frames(result: LivenessEvaluation, console: Console) -> None:
    from rich.table import Table

    from edge.core.pad_figures import RUN

    table = Table(title=f"Liveness, {result.model}, threshold {result.threshold:.3f}")
    table.add_column("source", overflow="fold")
    headings = ("live/attacks", "AUC", "own", "APCER", "BPCER", f"APCER\nof {RUN}", f"BPCER\nof {RUN}")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, found in result.sources.items():
        _add(table, name, found.live, found.attacks, found)
    table.add_section()
    live = sum(one.live for one in result.frames)
    _add(table, "mean", live, len(result.frames) - live, result.means)
    console.print(table)
    mean = result.means
    console.print(
        f"own: APCER where a source's own threshold refuses 5 %; 1 %: {_share(mean.own[0.01])} in the mean\n"
        f"of {RUN}: by the mean of {RUN} consecutive frames of a source and label\n"
        f"worst AUC {_share(mean.worst_auc)}, equal error rate {_share(mean.eer)}, "
        f"ACER {_share(mean.single.acer)}, no face in {result.scores.count(None)}",
        highlight=False,
    )


def _add(table: Table, name: str, live: int, attacks: int, found: SourceFigures | MeanFigures) -> None:
    rates = (found.single.apcer, found.single.bpcer, found.runs.apcer, found.runs.bpcer)
    shown = (_share(rate) for rate in (found.auc, found.own[0.05], *rates))
    table.add_row(name, f"{live}/{attacks}", *shown)


def _show_clips(result: LivenessEvaluation, console: Console) -> None:
    from rich.table import Table

    table = Table("clip", "label", "decision", "seconds", "")
    for clip in result.clips:
        table.add_row(
            clip.clip.name,
            "live" if clip.clip.live else "spoof",
            clip.decision,
            "-" if clip.seconds is None else f"{clip.seconds:.2f}",
            "right" if clip.is_right else "wrong",
        )
    console.print(table)


def _share(rate: float | None, interval: Interval | None = None) -> str:
    if rate is None:
        return "-"
    return f"{rate:.3f}" + ("" if interval is None else f" ({interval.low:.3f}-{interval.high:.3f})")
