"""`ostiary evaluate`: how good the models are, measured on pictures with known answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.evaluate_detection import detection
from edge.cli.evaluate_liveness import liveness
from edge.cli.json_file import JsonFileCommand, JsonFileOption, console, give_json

if TYPE_CHECKING:
    from rich.console import Console

    from edge.app.evaluation import Evaluation

app = typer.Typer(help="Measure the models on your own pictures.", no_args_is_help=True)
app.command(cls=JsonFileCommand)(detection)
app.command(cls=JsonFileCommand)(liveness)


@app.command(cls=JsonFileCommand)
def recognition(
    root: Annotated[Path, typer.Option(help="Folder of the pictures.")],
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="CSV file: a, b (pictures, relative to --root), same (0 or 1).", show_default=False
        ),
    ] = None,
    all_pairs: Annotated[
        bool,
        typer.Option("--all-pairs", help="Compare all pictures; --root has a folder for each person."),
    ] = False,
    json_file: JsonFileOption = None,
    plots: Annotated[
        Path | None,
        typer.Option(help="Also draw the figures, as PNG in this folder.", show_default=False),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; all cores when absent.", show_default=False)
    ] = None,
) -> None:
    """Tell same from different people: listed pairs of pictures, all pairs, or both.

    With both, accuracy is of the listed pairs and everything else of all pairs. Accuracy is the mean of ten
    folds, each with the threshold that is best on the other nine; without a list the people are dealt to the
    folds, and same and different pairs weigh the same. A pair in which a face is not found counts as not
    matching. A rate that would take more pairs of different people than there are is not measured.

    Examples:

        ostiary evaluate recognition --root lfw --pairs pairs.csv --json out.json

        ostiary evaluate recognition --root lfw --all-pairs --json out.json --plots plots
    """
    from edge.app.evaluation import evaluate
    from edge.app.every_core import default_jobs
    from edge.cli.progress import bar

    if plots is not None:
        from edge.app.paper import check_drawable

        check_drawable(plots)
    with bar("Pictures") as progress:
        result = evaluate(root, pairs, all_pairs, jobs or default_jobs(), progress)
    give_json(json_file, result.as_json())
    tables = console(json_file)
    _show(result, tables)
    if plots is not None:
        from edge.app.plots import draw

        for path in draw(result, plots):
            tables.print(path, soft_wrap=True, highlight=False, markup=False)


def _show(result: Evaluation, console: Console) -> None:
    from rich.table import Table

    from edge.core.score import ScoreScale, rate_of

    table = Table(title=f"Recognition, {result.model}", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("pictures", str(result.pictures))
    if result.people is not None:
        table.add_row("people", str(result.people))
    table.add_row("without a found face", str(result.no_face))
    table.add_row("pairs, same / different", f"{result.tally.pairs_same} / {result.tally.pairs_different}")
    table.add_row("accuracy, 10-fold", _with_deviation(result))
    table.add_row("equal error rate", f"{result.eer:.4f}")
    for check in result.scores:
        wanted = rate_of(check.score)
        measured = (
            "too few pairs" if check.far is None else f"{check.far:.2e}, {check.far / wanted:.2f} times"
        )
        table.add_row(f"FAR at score {check.score:g} ({wanted:.0e})", measured)
    console.print(table)
    scale = ScoreScale(result.curve)
    points = Table("FAR", "similarity", "score", "same pairs accepted", "95 % interval")
    for point in result.points:
        if point.similarity is None or point.tar is None:
            points.add_row(f"{point.far:.0e}", "too few pairs", "", "", "")
            continue
        low_high = result.intervals.get(point.far)
        points.add_row(
            f"{point.far:.0e}",
            f"{point.similarity:.4f}",
            f"{scale.score(point.similarity):.1f}",
            f"{point.tar:.4f}",
            "" if low_high is None else f"{low_high[0]:.4f} to {low_high[1]:.4f}",
        )
    console.print(points)


def _with_deviation(result: Evaluation) -> str:
    if result.accuracy is None:
        return "too few people"
    return f"{result.accuracy:.4f} ± {result.accuracy_deviation:.4f}"
