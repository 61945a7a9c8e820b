"""`ostiary face redact`: hide faces in pictures and clips."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.face_options import FarOption, GroupOption, RotateOption, chosen

if TYPE_CHECKING:
    from edge.app.redacting import FileRedaction
    from edge.core.coverage import Method
    from edge.core.person import GroupId
    from edge.settings import Settings


def redact(
    context: typer.Context,
    sources: Annotated[list[Path], typer.Argument(help="Pictures and clips.", show_default=False)],
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

        ostiary face redact clip.mp4 *.jpg --output redacted/ --method pixelate

        ostiary face redact lobby.mp4 -o lobby-staff.mp4 --keep-enrolled --group staff
    """
    from edge.app.redacting import CLIPS
    from edge.cli.progress import bar
    from edge.core.coverage import Method
    from edge.errors import SettingsError

    if method not in set(Method):
        raise typer.BadParameter(f"{method!r} is none of {', '.join(Method)}", param_hint="--method")
    if (group or far) and not keep_enrolled:
        raise SettingsError("--group and --far say who stays; add --keep-enrolled")
    outputs = _outputs(sources, output)
    settings = context.obj.settings()
    kept = (chosen(group), far) if keep_enrolled else None
    done = []
    with _redaction(settings, Method(method), kept, rotate, overwrite) as redaction:
        for source, target in outputs:
            with bar(source.name) as progress:
                done.append(redaction.redact(source, target, progress))
            if not json:
                one = done[-1]
                typer.echo(f"{one.output}: {one.hidden} hidden, {one.kept} kept")
    if json:
        print_json({"files": [one.as_json() for one in done]})
    if any(source.suffix.lower() in CLIPS for source in sources):
        typer.echo("clips are written without their sound", err=True)
    for one in done:
        if one.left:
            typer.echo(f"{one.output}: {one.left} places still look like a face; look at it", err=True)


def _outputs(sources: list[Path], output: Path) -> list[tuple[Path, Path]]:
    """Where each source goes. Raises SettingsError when two would go to one place."""
    from edge.errors import SettingsError

    if len(sources) == 1 and not output.is_dir():
        return [(sources[0], output)]
    names = [source.name for source in sources]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(f"several sources are called {twice[0]}; redact them one at a time")
    try:
        output.mkdir(exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{output} cannot be a folder: {error.strerror}; give another path") from None
    return [(source, output / source.name) for source in sources]


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
