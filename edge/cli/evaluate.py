"""`ostiary evaluate`: how good the models are, measured on pictures with known answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edge.app.evaluation import Evaluation

app = typer.Typer(help="Measure the models on your own pictures.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `recognition` a command of its own while it is the only one."""


@app.command()
def recognition(
    root: Annotated[Path, typer.Option(help="Folder that the pictures' names are relative to.")],
    pairs: Annotated[Path, typer.Option(help="CSV file: a, b (pictures), same (0 or 1).")],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures here.", show_default=False)
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; all cores when absent.", show_default=False)
    ] = None,
) -> None:
    """Tell same from different people on labelled pairs of pictures.

    Accuracy is the mean of ten folds, each with the threshold that is best on the other nine. A pair in
    which a face is not found counts as not matching.

    Example:

        ostiary evaluate recognition --root lfw --pairs pairs.csv --json out.json
    """
    from edge.app.evaluation import default_jobs, evaluate
    from edge.cli.figures import check_writable, write_json
    from edge.cli.progress import bar

    check_writable(json_file)
    with bar("Pictures") as progress:
        result = evaluate(pairs, root, jobs or default_jobs(), progress)
    if json_file is not None:
        write_json(json_file, result.as_json())
    _show(result)


def _show(result: Evaluation) -> None:
    from rich.console import Console
    from rich.table import Table

    found = result.verification
    table = Table(title=f"Recognition, {result.model}", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("pictures", str(result.pictures))
    table.add_row("without a found face", str(result.no_face))
    table.add_row("pairs, same / different", f"{found.pairs_same} / {found.pairs_different}")
    table.add_row("accuracy, 10-fold", f"{found.accuracy:.4f} ± {found.accuracy_deviation:.4f}")
    table.add_row("equal error rate", f"{found.eer:.4f}")
    for far, tar in found.tar_at_far:
        table.add_row(f"accepted at FAR {far:g}", f"{tar:.4f}")
    Console().print(table)
