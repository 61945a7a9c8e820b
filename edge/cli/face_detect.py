"""`ostiary face detect` and `ostiary face locate`: the faces of pictures, and their keypoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.face_options import MinFaceOption, RotateOption, named, wanted
from edge.cli.face_sources import pictures_in

if TYPE_CHECKING:
    from edge.core.frame import Image
    from edge.errors import PictureError
    from edge.service.analysis import AnalysedFace
    from edge.service.localization import LocatedFace
    from edge.service.pictures import View

Pictures = Annotated[
    list[Path], typer.Argument(help="JPEG, PNG or BMP, or folders of them.", show_default=False)
]
Largest = Annotated[bool, typer.Option("--largest", help="Only the largest face of each picture.")]
Draw = Annotated[
    Path | None,
    typer.Option(help="Draw into a copy (.jpg, .png), when there is one picture.", show_default=False),
]
Found = TypeVar("Found", "AnalysedFace", "LocatedFace")


@dataclass(frozen=True, slots=True, eq=False)
class Looked(Generic[Found]):
    """One picture with its faces, or why there are none."""

    picture: Path
    view: View | None
    faces: tuple[Found, ...]
    error: PictureError | None = None


def detect(
    context: typer.Context,
    pictures: Pictures,
    largest: Largest = False,
    max_faces: Annotated[int, typer.Option(min=1, max=120, help="Most faces of each picture.")] = 120,
    min_face: MinFaceOption = 0.0,
    quality: Annotated[
        bool, typer.Option("--quality", help="Also quality, eyes and mouth open or closed.")
    ] = False,
    attributes: Annotated[
        bool, typer.Option("--attributes", help="Also age, gender, expression, glasses, hair and mask.")
    ] = False,
    rotate: RotateOption = False,
    draw: Draw = None,
    json: JsonOption = False,
) -> None:
    """Find the faces of pictures, largest first, and say how they are turned.

    With several pictures, one without a face or that cannot be read does not end the command.

    Examples:

        ostiary face detect group.jpg --quality

        ostiary face detect album/ --largest --attributes --json
    """
    from edge.app.faces import open_faces
    from edge.vision.drawing import draw_boxes

    pictures = pictures_in(pictures)
    _check_drawing(draw, pictures)
    asked = wanted(rotate, min_face)
    with open_faces(context.obj.settings(), with_attributes=attributes) as faces:

        def look(picture: Path) -> Looked[AnalysedFace]:
            view = faces.reader.faces(picture, asked, most=1 if largest else max_faces)
            analysed = faces.analysis.analyse(view, with_quality=quality, with_attributes=attributes)
            return Looked(picture, view, analysed)

        looked = _each(pictures, look)
        if draw is not None:
            boxes = [(face.box, str(number)) for number, face in enumerate(looked[0].faces, 1)]
            _write(draw, draw_boxes(faces.reader.load(pictures[0]).image, boxes))
    if json:
        print_json({"pictures": [_as_json(one) for one in looked]})
    else:
        _show_faces(looked)


def locate(
    context: typer.Context,
    pictures: Pictures,
    largest: Largest = False,
    min_face: MinFaceOption = 0.0,
    rotate: RotateOption = False,
    draw: Draw = None,
    json: JsonOption = False,
) -> None:
    """Find the 90 keypoints of up to ten faces of each picture, largest first.

    Left and right are those of the picture. edge/core/keypoints.md draws and numbers the points.

    Examples:

        ostiary face locate portrait.jpg --json

        ostiary face locate group.jpg --draw keypoints.jpg
    """
    from edge.app.faces import open_faces
    from edge.service.localization import MOST_FACES
    from edge.vision.drawing import draw_keypoints

    pictures = pictures_in(pictures)
    _check_drawing(draw, pictures)
    asked = wanted(rotate, min_face)
    with open_faces(context.obj.settings()) as faces:

        def look(picture: Path) -> Looked[LocatedFace]:
            view = faces.reader.faces(picture, asked, most=1 if largest else MOST_FACES)
            return Looked(picture, view, faces.localizer.locate(view))

        looked = _each(pictures, look)
        if draw is not None:
            found = [face.keypoints for face in looked[0].faces]
            _write(draw, draw_keypoints(faces.reader.load(pictures[0]).image, found))
    if json:
        print_json({"pictures": [_as_json(one) for one in looked]})
    else:
        _show_keypoints(looked)


def _each(pictures: Sequence[Path], look: Callable[[Path], Looked[Found]]) -> list[Looked[Found]]:
    """Look at each picture. Raises PictureError when that fails with all of them."""
    from edge.cli.progress import bar
    from edge.errors import PictureError

    looked: list[Looked[Found]] = []
    with bar("Pictures") as progress:
        for count, picture in enumerate(pictures, 1):
            try:
                looked.append(look(picture))
            except PictureError as error:
                looked.append(Looked(picture, None, (), error))
            progress(count, len(pictures))
    errors = [one.error for one in looked if one.error is not None]
    if len(errors) == len(looked):
        raise errors[0]
    return looked


def _as_json(looked: Looked[Any]) -> dict[str, Any]:
    if looked.view is None:
        error = looked.error
        told = error and {"code": error.code, "number": error.number, "message": str(error)}
        return {"picture": str(looked.picture), "error": told}
    return {
        "picture": str(looked.picture),
        "width": looked.view.given.width,
        "height": looked.view.given.height,
        "faces": [face.as_json() for face in looked.faces],
    }


def _show_faces(looked: Sequence[Looked[AnalysedFace]]) -> None:
    from rich.console import Console
    from rich.markup import escape

    from edge.cli.face_tables import face_table

    console = Console()
    for one in looked:
        if one.error is not None:
            typer.echo(named(one.picture, one.error), err=True)
        else:
            console.print(escape(str(one.picture)), style="bold", highlight=False, soft_wrap=True)
            console.print(face_table(one.faces))


def _show_keypoints(looked: Sequence[Looked[LocatedFace]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    for one in looked:
        if one.error is not None:
            typer.echo(named(one.picture, one.error), err=True)
        for number, face in enumerate(one.faces, 1):
            table = Table("part", "points")
            for part, points in face.keypoints.parts():
                table.add_row(part.value, "  ".join(f"{x:.0f},{y:.0f}" for x, y in points.tolist()))
            title = escape(f"{one.picture}, face {number}")
            console.print(title, style="bold", highlight=False, soft_wrap=True)
            console.print(table)


def _check_drawing(draw: Path | None, pictures: Sequence[Path]) -> None:
    """Refuse a drawing that cannot be made before any work is done."""
    from edge.cli.figures import check_writable

    if draw is None:
        return
    if len(pictures) != 1:
        raise typer.BadParameter("draws into one picture; name one", param_hint="--draw")
    if draw.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise typer.BadParameter(f"{draw} must end in .jpg or .png", param_hint="--draw")
    check_writable(draw)


def _write(file: Path, image: Image) -> None:
    import cv2

    from edge.cli.figures import write_file

    write_file(file, cv2.imencode(file.suffix.lower(), image)[1].tobytes())
