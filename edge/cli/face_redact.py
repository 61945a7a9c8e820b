"""`ostiary face redact`: hide faces in pictures and clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.face_options import FarOption, GroupOption, RotateOption, chosen

if TYPE_CHECKING:
    from edge.app.redacting import FileRedaction, RedactedFile
    from edge.core.coverage import Method
    from edge.core.person import GroupId
    from edge.errors import PictureError
    from edge.settings import Settings


def redact(
    context: typer.Context,
    sources: Annotated[
        list[Path], typer.Argument(help="Pictures and clips, or folders of them.", show_default=False)
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A file for one source, else a folder.", show_default=False)
    ],
    method: Annotated[str, typer.Option(help="blur, pixelate or fill.")] = "blur",
    keep_enrolled: Annotated[
        bool, typer.Option("--keep-enrolled", help="Leave the faces of enrolled people.")
    ] = False,
    group: GroupOption = None,
    far: FarOption = None,
    rotate: RotateOption = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that exist, the source too.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Hide every face, or every face of people who are not enrolled, for good.

    Each head is hidden with what is around it, and the result searched again until the detector finds no
    face. EXIF, thumbnails and the sound of clips do not go into the output. --group and --far belong to
    --keep-enrolled.

    Examples:

        ostiary face redact street.jpg --output street-redacted.jpg

        ostiary face redact clip.mp4 album/ --output redacted/ --method pixelate

        ostiary face redact lobby.mp4 -o lobby-staff.mp4 --keep-enrolled --group staff
    """
    from edge.app.redacting import check_output
    from edge.core.coverage import Method
    from edge.errors import SettingsError
    from edge.vision.clip import CLIPS

    if method not in set(Method):
        raise typer.BadParameter(f"{method!r} is none of {', '.join(Method)}", param_hint="--method")
    if (group or far) and not keep_enrolled:
        raise SettingsError("--group and --far say who stays; add --keep-enrolled")
    outputs = _outputs(sources, output)
    for source, target in outputs:
        check_output(source, target, overwrite)
    settings = context.obj.settings()
    kept = (chosen(group), far) if keep_enrolled else None
    with _redaction(settings, Method(method), kept, rotate, overwrite) as redaction:
        done, failed = _each(redaction, outputs, quiet=json)
    if failed and not done:
        raise failed[0][1]
    if json:
        print_json({"files": [one.as_json() for one in done] + [_as_json(*one) for one in failed]})
    elif len(outputs) > 1:
        hidden, kept_faces = sum(one.hidden for one in done), sum(one.kept for one in done)
        typer.echo(f"{len(done)} of {len(outputs)} files: {hidden} hidden, {kept_faces} kept")
    if any(one.source.suffix.lower() in CLIPS for one in done):
        typer.echo("clips are written without their sound", err=True)
    for one in done:
        if one.left:
            typer.echo(f"{one.output}: {one.left} places still look like a face; look at it", err=True)
    if failed:
        error = type(failed[0][1])
        raise error(f"{len(failed)} of {len(outputs)} files were not redacted; convert them to JPEG or MP4")


def _each(
    redaction: FileRedaction, outputs: Sequence[tuple[Path, Path]], *, quiet: bool
) -> tuple[list[RedactedFile], list[tuple[Path, PictureError]]]:
    """Redact each file; one that cannot be read does not end the work, and nothing is written for it."""
    from edge.cli.face_options import named
    from edge.cli.progress import bar
    from edge.errors import PictureError

    done: list[RedactedFile] = []
    failed: list[tuple[Path, PictureError]] = []
    for number, (source, target) in enumerate(outputs, 1):
        with bar(f"{source.name} ({number} of {len(outputs)})") as progress:
            try:
                one = redaction.redact(source, target, progress)
            except PictureError as error:
                failed.append((source, error))
                if len(outputs) > 1:
                    typer.echo(f"not redacted: {named(source, error)}", err=True)
                continue
        done.append(one)
        if not quiet:
            typer.echo(f"{one.output}: {one.hidden} hidden, {one.kept} kept")
    return done, failed


def _as_json(source: Path, error: PictureError) -> dict[str, Any]:
    told = {"code": error.code, "number": error.number, "message": str(error)}
    return {"source": str(source), "error": told}


def _outputs(sources: list[Path], output: Path) -> list[tuple[Path, Path]]:
    """Where each file goes; what is below a folder keeps its place there.

    Raises SettingsError when two would go to one place or a folder cannot be made, PictureUnreadable for a
    folder without pictures.
    """
    from edge.app.redacting import PICTURES
    from edge.cli.face_sources import files_in
    from edge.errors import SettingsError
    from edge.vision.clip import CLIPS

    if len(sources) == 1 and not sources[0].is_dir() and not output.is_dir():
        return [(sources[0], output)]
    outputs: dict[Path, Path] = {}
    for source in sources:
        base = source if source.is_dir() else source.parent
        for file in files_in(source, PICTURES | CLIPS):
            target = output / file.relative_to(base)
            if target in outputs:
                raise SettingsError(f"several sources would become {target}; redact them one at a time")
            outputs[target] = file
    try:
        output.mkdir(exist_ok=True)
        for target in outputs:
            target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{output} cannot be a folder: {error.strerror}; give another path") from None
    return [(file, target) for target, file in outputs.items()]


@contextmanager
def _redaction(
    settings: Settings,
    method: Method,
    kept: tuple[list[GroupId] | None, float | None] | None,
    rotate: bool,
    overwrite: bool,
) -> Iterator[FileRedaction]:
    """kept: of which groups people stay, and how surely; None hides everybody."""
    from edge.app.faces import open_faces, open_known_faces
    from edge.app.redacting import FileRedaction
    from edge.service.search import SEARCH_FAR

    if kept is None:
        with open_faces(settings) as faces:
            yield FileRedaction(faces.redaction, method, rotate=rotate, overwrite=overwrite)
        return
    groups, far = kept
    with open_known_faces(settings) as known:
        familiar = known.familiar(groups, far or SEARCH_FAR)
        yield FileRedaction(known.faces.redaction, method, familiar, rotate, overwrite)
