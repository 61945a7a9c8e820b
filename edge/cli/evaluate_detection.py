"""`ostiary evaluate detection`: which faces of a picture are found, by their size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.json_file import JsonFileOption, console, give_json

if TYPE_CHECKING:
    from rich.console import Console

    from edge.app.detection_evaluation import DetectionEvaluation


def detection(
    root: Annotated[Path, typer.Option(help="Folder that the pictures' names are relative to.")],
    boxes: Annotated[
        Path, typer.Option(help="CSV file: image, x0, y0, x1, y1; a line for each face, in pixels.")
    ],
    json_file: JsonFileOption = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; all cores when absent.", show_default=False)
    ] = None,
) -> None:
    """Find labeled faces in pictures, as single pictures are searched.

    Pictures are scaled to a longer side of 640 pixels. The size of a face is the square root of its label's
    width times height there: one side alone says little of a high and narrow label. A face is found when a
    box overlaps its label with an intersection over union of at least 0.5. Faces below 20 pixels are ignored,
    and so are boxes on them. Labels should go from the hairline to the chin, as those of WIDER FACE. The time
    is of one picture on one thread, taken when everything else is done.

    Example:

        ostiary evaluate detection --root pictures --boxes boxes.csv --json out.json
    """
    from edge.app.detection_evaluation import evaluate_detection
    from edge.app.every_core import default_jobs
    from edge.cli.progress import bar

    with bar("Pictures") as progress:
        result = evaluate_detection(boxes, root, jobs or default_jobs(), progress)
    give_json(json_file, result.as_json())
    _show(result, console(json_file))


def _show(result: DetectionEvaluation, console: Console) -> None:
    from rich.table import Table

    found = result.figures
    table = Table("face", "faces", "recall", title=f"Detection, {found.pictures} pictures")
    for name, recall in found.recall.items():
        table.add_row(
            f"{name} px", str(found.faces[name]), "no such face" if recall is None else f"{recall:.3f}"
        )
    console.print(table)
    console.print(f"false positives per picture: {found.false_positives_per_image:.3f}")
    console.print(f"AP50: {'no face' if found.ap50 is None else f'{found.ap50:.3f}'}")
    console.print(f"time of a picture, one thread, median: {result.ms_per_image_p50:.1f} ms")
