"""`ostiary liveness`: are these pictures and clips of living people?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.face_options import MinFaceOption, RotateOption, named, wanted
from edge.cli.face_sources import PICTURES, files_in

if TYPE_CHECKING:
    from edge.app.liveness_checks import LivenessChecks
    from edge.errors import OstiaryError
    from edge.service.clip_liveness import ClipAnswer
    from edge.service.liveness_check import LivenessAnswer
    from edge.service.pictures import Wanted


@dataclass(frozen=True, slots=True)
class Checked:
    """One file with the answer, or why there is none."""

    file: Path
    answer: LivenessAnswer | ClipAnswer | None
    error: OstiaryError | None = None


def liveness(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="Pictures and clips, or folders of them.", show_default=False)
    ],
    face: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Of each picture, the face of this number in 'ostiary face detect'; else the largest.",
            show_default=False,
        ),
    ] = None,
    min_face: MinFaceOption = 0.0,
    rotate: RotateOption = False,
    json: JsonOption = False,
) -> None:
    """Say of each picture and clip whether it is of a living person: live, attack, unsure, or no decision.

    A single picture proves little: use the answer only where little is lost when it is wrong. A clip is
    judged to its end as the door would; it is live when no stretch of it looks like an attack. --face,
    --min-face and --rotate are for pictures. With several files, one without a face or that cannot be read
    does not end the command.

    Examples:

        ostiary liveness selfie.jpg

        ostiary liveness visit.mp4 selfies/ --json
    """
    from edge.app.liveness_checks import open_liveness_checks
    from edge.vision.clip import CLIPS

    sources = [path for source in files for path in files_in(source, PICTURES | CLIPS)]
    asked = wanted(rotate, min_face)
    with open_liveness_checks(context.obj.settings()) as checks:
        checked = _each(checks, sources, asked, face)
    errors = [one.error for one in checked if one.error is not None]
    if len(errors) == len(checked):
        raise errors[0]
    if json:
        print_json({"files": [_as_json(one) for one in checked]})
    else:
        _show(checked)


def _each(checks: LivenessChecks, sources: Sequence[Path], asked: Wanted, face: int | None) -> list[Checked]:
    from edge.cli.progress import bar
    from edge.errors import PictureError, RequestRefused
    from edge.vision.clip import CLIPS

    checked: list[Checked] = []
    for number, source in enumerate(sources, 1):
        with bar(f"{source.name} ({number} of {len(sources)})") as progress:
            try:
                if source.suffix.lower() in CLIPS:
                    checked.append(Checked(source, checks.clip(source, progress)))
                else:
                    checked.append(Checked(source, checks.picture.check(source, asked, number=face)))
            except (PictureError, RequestRefused) as error:
                checked.append(Checked(source, None, error))
    return checked


def _as_json(checked: Checked) -> dict[str, Any]:
    if checked.answer is None:
        error = checked.error
        told = error and {"code": error.code, "number": error.number, "message": str(error)}
        return {"file": str(checked.file), "error": told}
    return {"file": str(checked.file), **checked.answer.as_json()}


def _show(checked: Sequence[Checked]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from edge.service.liveness_check import WARNING, LivenessAnswer

    table = Table("file", "decision", "score", "what was found")
    table.columns[0].overflow = "fold"
    for one in checked:
        if one.error is not None:
            typer.echo(named(one.file, one.error), err=True)
        if one.answer is None:
            continue
        score = one.answer.score
        table.add_row(
            escape(str(one.file)),
            one.answer.decision.value.replace("_", " "),
            "" if score is None else f"{score:.2f}",
            "\n".join(_found(one.answer)),
        )
    Console().print(table)
    if any(isinstance(one.answer, LivenessAnswer) for one in checked):
        typer.echo(f"note: {WARNING}", err=True)


def _found(answer: LivenessAnswer | ClipAnswer) -> list[str]:
    from edge.core.kiosk_words import say
    from edge.core.suspicion import MEANING
    from edge.service.liveness_check import LivenessAnswer

    problems = [say(problem) for problem in answer.problems]
    if isinstance(answer, LivenessAnswer):
        return problems or [f"alive from {answer.threshold:.2f}, an attack up to {answer.reject:.2f}"]
    found = [f"{answer.frames} usable frames"]
    if answer.seconds is not None:
        found.append(f"decided after {answer.seconds:.1f} s")
    if answer.opened_at and answer.refused_at:
        found.append(f"alive at {answer.opened_at[0]:.1f} s")
        found.append(f"an attack at {answer.refused_at[0]:.1f} s")
    found += [f"the face {MEANING[suspicion]}" for suspicion in answer.suspicions]
    return found + (problems if answer.decision.value == "no_decision" else [])
