"""`ostiary face compare`, `verify`, `search`, `duplicate`: who is who."""

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
    told,
    wanted,
)

if TYPE_CHECKING:
    from edge.service.search import SearchResult

Picture = Annotated[Path, typer.Argument(help="A JPEG, PNG or BMP picture.", show_default=False)]


def compare(
    context: typer.Context,
    a: Picture,
    b: Picture,
    far: FarOption = None,
    quality: QualityOption = 0,
    rotate: RotateOption = False,
    json: JsonOption = False,
) -> None:
    """Say whether two pictures show the same person: the largest face of each counts.

    The score is 0 to 100; 40, 50 and 60 are false accept rates of 1e-3, 1e-4 and 1e-5. A match needs 50
    unless --far says otherwise.

    Example: ostiary face compare passport.jpg visitor.jpg --json
    """
    from edge.app.faces import open_faces
    from edge.service.comparison import SAME_PERSON_FAR

    with open_faces(context.obj.settings()) as faces:
        asked = wanted(rotate, quality=quality)
        result = faces.comparison.compare(a, b, asked, far=far or SAME_PERSON_FAR)
    if json:
        print_json(result.as_json())
    else:
        typer.echo(told(result.likeness))


def verify(
    context: typer.Context,
    picture: Picture,
    person: Annotated[str, typer.Option(help="Id of an enrolled person.", show_default=False)],
    far: FarOption = None,
    quality: QualityOption = 0,
    rotate: RotateOption = False,
    json: JsonOption = False,
) -> None:
    """Say whether a picture shows an enrolled person: all faces of the person count together.

    Example: ostiary face verify visitor.jpg --person alice --far 1e-5
    """
    from edge.app.faces import open_known_faces
    from edge.core.face import PersonId
    from edge.service.comparison import SAME_PERSON_FAR

    with open_known_faces(context.obj.settings()) as known:
        asked = wanted(rotate, quality=quality)
        result = known.verification.verify(picture, PersonId(person), asked, far=far or SAME_PERSON_FAR)
    if json:
        print_json(result.as_json())
    else:
        typer.echo(f"{result.person}: {told(result.likeness)}")


def search(
    context: typer.Context,
    picture: Picture,
    group: GroupOption = None,
    top: Annotated[int, typer.Option(help="How many people or faces to show for each face.")] = 5,
    faces: Annotated[bool, typer.Option("--faces", help="Rank single faces instead of people.")] = False,
    max_faces: Annotated[int, typer.Option(help="Search for so many faces of the picture.")] = 1,
    min_face: MinFaceOption = 0.0,
    far: FarOption = None,
    quality: QualityOption = 0,
    rotate: RotateOption = False,
    json: JsonOption = False,
) -> None:
    """Find who is in a picture among the enrolled people, most similar first.

    --far is the rate for the whole search, 1e-3 unless given: the more people are searched, and the more
    faces of the picture, the higher the score that a match needs.

    Examples:

        ostiary face search visitor.jpg --group staff --top 3

        ostiary face search party.jpg --max-faces 10 --json
    """
    from edge.app.faces import open_known_faces
    from edge.service.search import SEARCH_FAR, Among

    with open_known_faces(context.obj.settings()) as known:
        result = known.search.search(
            picture,
            wanted(rotate, min_face, quality),
            groups=chosen(group),
            among=Among.FACES if faces else Among.PEOPLE,
            count=top,
            most_faces=max_faces,
            far=far or SEARCH_FAR,
        )
    if json:
        print_json(result.as_json())
    else:
        _show(result)


def duplicate(
    context: typer.Context,
    picture: Annotated[Path | None, typer.Argument(help="A picture of somebody.", show_default=False)] = None,
    person: Annotated[str | None, typer.Option(help="Or an enrolled person.", show_default=False)] = None,
    group: GroupOption = None,
    far: FarOption = None,
    quality: QualityOption = 0,
    rotate: RotateOption = False,
    json: JsonOption = False,
) -> None:
    """Find people who are enrolled already, perhaps under another id.

    Examples:

        ostiary face duplicate newcomer.jpg

        ostiary face duplicate --person alice --far 1e-5
    """
    from edge.app.faces import open_known_faces
    from edge.core.face import PersonId
    from edge.refusals import ParameterMissing
    from edge.service.duplicates import DUPLICATE_FAR

    if (picture is None) == (person is None):
        raise ParameterMissing("give either a picture or --person")
    rate, groups = far or DUPLICATE_FAR, chosen(group)
    with open_known_faces(context.obj.settings()) as known:
        if picture is not None:
            asked = wanted(rotate, quality=quality)
            found = known.duplicates.of_picture(picture, asked, far=rate, groups=groups)
        else:
            found = known.duplicates.of_person(PersonId(person or ""), far=rate, groups=groups)
    if json:
        print_json({"duplicates": [one.as_json() for one in found], "far": rate})
        return
    for one in found:
        typer.echo(f"{one.person}: score {one.score:.1f} (similarity {one.similarity:.3f})")
    if not found:
        typer.echo(f"nobody enrolled looks the same at FAR {rate:g}")


def _show(result: SearchResult) -> None:
    from rich.console import Console
    from rich.table import Table

    caption = (
        f"compared with {result.compared} {result.among.value}; a match needs {result.needed_score:.1f} "
        f"(FAR {result.far:g})"
    )
    table = Table("face at", "person", "enrolled face", "score", "match", caption=caption)
    for searched in result.faces:
        place = f"{searched.box.x0:.0f}, {searched.box.y0:.0f}"
        for one in searched.candidates:
            row: tuple[Any, ...] = (
                place,
                one.person,
                one.face,
                f"{one.score:.1f}",
                "yes" if one.is_match else "",
            )
            table.add_row(*row)
            place = ""
    Console().print(table)
