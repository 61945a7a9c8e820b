"""`ostiary person faces`: the enrolled faces of one person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.enrolling import enrolling, loader, refusal, told
from edge.cli.face_options import RotateOption
from edge.cli.people_tables import face_row, print_faces

app = typer.Typer(help="Add, list and delete the faces of a person.", no_args_is_help=True)

PersonArgument = Annotated[str, typer.Argument(help="Id.")]


@app.command()
def add(
    context: typer.Context,
    person: PersonArgument,
    pictures: Annotated[list[Path], typer.Argument(help="Pictures of this person alone; up to 4.")],
    rotate: RotateOption = False,
    json: JsonOption = False,
) -> None:
    """Give a known person up to 4 more faces; a picture that is enrolled already is refused.

    Example: ostiary person faces add alice monday.jpg tuesday.jpg
    """
    from edge.app.keepers import uploads
    from edge.core.face import PersonId

    settings = context.obj.settings()
    with enrolling(settings, rotate) as (roster, enroller, read):
        result = uploads(settings, roster, enroller).add(
            PersonId(person), [loader(path, read) for path in pictures]
        )
    if json:
        rows = [face_row(face) for face in result.added]
        print_json({"person": person, "added": rows, "refused": [refusal(one) for one in result.refused]})
        return
    for one in result.refused:
        typer.echo(told(one), err=True)
    typer.echo(f"{person}: {len(result.added)} face(s) added")


@app.command("list")
def list_(context: typer.Context, person: PersonArgument, json: JsonOption = False) -> None:
    """List the faces of a person, in the order they were added.

    Example: ostiary person faces list alice
    """
    from edge.app.keepers import open_keepers
    from edge.core.face import PersonId

    with open_keepers(context.obj.settings()) as keepers:
        rows = [face_row(face) for face in keepers.people.faces(PersonId(person))]
    if json:
        print_json({"person": person, "faces": rows})
    else:
        print_faces(rows)


@app.command()
def delete(
    context: typer.Context,
    person: PersonArgument,
    faces: Annotated[list[str], typer.Argument(help="Ids of faces.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Erase faces of a person, but not the last one.

    Example: ostiary person faces delete alice 01a1f8de-3eda-7567-aca9-bf1f36eb1d99
    """
    from edge.app.keepers import open_keepers
    from edge.core.face import PersonId
    from edge.core.person import FaceId

    wanted = [FaceId(face) for face in dict.fromkeys(faces)]
    with open_keepers(context.obj.settings()) as keepers:
        keepers.people.faces(PersonId(person))
        if not yes:
            typer.confirm(f"Erase {len(wanted)} face(s) of {person}?", abort=True, err=True)
        keepers.people.erase_faces(PersonId(person), wanted)
    if json:
        print_json({"person": person, "deleted": wanted})
    else:
        typer.echo(f"{person}: {len(wanted)} face(s) erased")
