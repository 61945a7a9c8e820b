"""`ostiary face similar` and `group`: which faces of many pictures belong together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.face_options import (
    FarOption,
    GroupOption,
    MinFaceOption,
    QualityOption,
    RotateOption,
    chosen,
    named,
    wanted,
)
from edge.cli.face_sources import pictures_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.service.grouping import Grouped, GroupedFace
    from edge.service.similar import Mode, Unusable


def similar(
    context: typer.Context,
    picture: Annotated[Path, typer.Argument(help="Whose largest face is looked for.", show_default=False)],
    candidates: Annotated[
        list[Path] | None, typer.Argument(help="Pictures or folders to look in.", show_default=False)
    ] = None,
    group: GroupOption = None,
    mode: Annotated[
        str, typer.Option(help="person: only the same person's faces; face: the most similar, whoever it is.")
    ] = "person",
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many faces at most.")] = 20,
    min_face: MinFaceOption = 0.0,
    far: FarOption = None,
    quality: QualityOption = 0,
    rotate: RotateOption = False,
    json: JsonOption = False,
) -> None:
    """Find the faces of other pictures, or enrolled ones of a group, that look like one face.

    --far is the rate of one comparison, 1e-4 unless given; with --group that of the whole search, 1e-3.

    Examples:

        ostiary face similar ada.jpg holiday/*.jpg

        ostiary face similar ada.jpg album/ --mode face --top 4 --json

        ostiary face similar ada.jpg --group staff
    """
    from edge.refusals import ParameterMissing
    from edge.service.similar import Mode

    if mode not in set(Mode):
        raise typer.BadParameter(f"{mode!r} is neither person nor face", param_hint="--mode")
    if bool(candidates) == bool(group):
        raise ParameterMissing("give either pictures to look in or --group")
    asked = wanted(rotate, min_face, quality)
    if group:
        _similar_enrolled(context, picture, asked, group, Mode(mode), top, far, json)
        return
    from edge.app.faces import open_faces
    from edge.cli.progress import bar
    from edge.service.comparison import SAME_PERSON_FAR

    pictures = pictures_in(candidates or [])
    with open_faces(context.obj.settings()) as faces, bar("Pictures") as progress:
        result = faces.similarity.find(
            picture,
            pictures,
            asked,
            mode=Mode(mode),
            count=top,
            far=far or SAME_PERSON_FAR,
            progress=progress,
        )
    if json:
        print_json({**result.as_json(), "pictures": [str(path) for path in pictures]})
        return
    for one in result.faces:
        match = "" if one.is_match else "  (not the same person)"
        place = f"face {one.face + 1} at {one.box.x0:.0f}, {one.box.y0:.0f}"
        typer.echo(f"{one.score:5.1f}  {pictures[one.picture]}, {place}{match}")
    _tell_unusable(result.unusable, pictures)
    typer.echo(f"{len(result.faces)} of {result.compared} faces")


def group_faces(
    context: typer.Context,
    sources: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.", show_default=False)],
    copy_to: Annotated[
        Path | None,
        typer.Option(help="Copy the pictures here, a folder for each group.", show_default=False),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Draw the groups' faces into this picture.", show_default=False)
    ] = None,
    min_face: MinFaceOption = 0.0,
    far: FarOption = None,
    quality: QualityOption = 0,
    rotate: RotateOption = False,
    json: JsonOption = False,
) -> None:
    """Sort the faces of many pictures by who they show, without knowing anybody.

    Every face comes into exactly one group, or into the messy group of faces like nobody else. --far is the
    rate of one comparison.

    Examples:

        ostiary face group holiday/ --copy-to sorted --sheet groups.jpg

        ostiary face group *.jpg --far 1e-6 --json
    """
    from edge.app.faces import open_faces
    from edge.cli.figures import check_writable
    from edge.cli.progress import bar
    from edge.service.grouping import GROUPING_FAR

    check_writable(sheet)
    pictures = pictures_in(sources)
    settings = context.obj.settings()
    with open_faces(settings) as faces:
        asked = wanted(rotate, min_face, quality)
        with bar("Pictures") as progress:
            result = faces.grouping.group(pictures, asked, far=far or GROUPING_FAR, progress=progress)
    if copy_to is not None:
        from edge.app.sorted_pictures import copy_groups

        copy_groups(result, pictures, copy_to)
    if sheet is not None:
        from edge.app.sorted_pictures import draw_sheet

        draw_sheet(result, pictures, sheet)
    if json:
        print_json({**result.as_json(), "pictures": [str(path) for path in pictures]})
    else:
        _show(result, pictures)


def _similar_enrolled(
    context: typer.Context,
    picture: Path,
    asked: Any,
    group: list[str],
    mode: Mode,
    top: int,
    far: float | None,
    json: bool,
) -> None:
    from edge.app.faces import open_known_faces
    from edge.service.search import SEARCH_FAR, Among
    from edge.service.similar import Mode

    with open_known_faces(context.obj.settings()) as known:
        result = known.search.search(
            picture,
            asked,
            groups=chosen(group),
            among=Among.FACES,
            count=top,
            only_matches=mode is Mode.PERSON,
            far=far or SEARCH_FAR,
        )
    if json:
        print_json(result.as_json())
        return
    (searched,) = result.faces
    for one in searched.candidates:
        match = "" if one.is_match else "  (not the same person)"
        typer.echo(f"{one.score:5.1f}  {one.person}, face {one.face}{match}")
    typer.echo(f"{len(searched.candidates)} of {result.compared} faces")


def _tell_unusable(unusable: Sequence[Unusable], pictures: Sequence[Path]) -> None:
    for one in unusable:
        typer.echo(named(pictures[one.picture], one.reason), err=True)


def _show(result: Grouped, pictures: Sequence[Path]) -> None:
    for number, members in enumerate(result.groups, 1):
        _show_group(f"group {number}", members, pictures)
    if result.messy:
        _show_group("like nobody else", result.messy, pictures)
    _tell_unusable(result.unusable, pictures)
    faces = sum(map(len, result.groups)) + len(result.messy)
    typer.echo(f"{faces} faces of {len(pictures)} pictures: {len(result.groups)} groups")


def _show_group(name: str, faces: Sequence[GroupedFace], pictures: Sequence[Path]) -> None:
    typer.echo(f"{name}, {len(faces)} faces")
    for picture in dict.fromkeys(pictures[face.picture] for face in faces):
        typer.echo(f"    {picture}")
