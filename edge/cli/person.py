"""`ostiary person`: the people the door knows."""

from __future__ import annotations

from typing import Annotated

import typer

from edge.cli import person_faces
from edge.cli.adding import FromOption, GenderOption, NameOption, TagOption, UntilOption, add, changes
from edge.cli.context import JsonOption, print_json
from edge.cli.migrating import migrate
from edge.cli.paging import LimitOption, OffsetOption, print_page
from edge.cli.people_tables import GENDERS, face_row, person_row, print_faces, print_people, validity
from edge.cli.transfer import export, import_

app = typer.Typer(
    help="Add, change, list, show, remove, import and export the people the door knows.",
    no_args_is_help=True,
)
app.command()(add)
app.command("import")(import_)
app.command()(export)
app.command()(migrate)
app.add_typer(person_faces.app, name="faces")

PersonArgument = Annotated[str, typer.Argument(help="Id.")]


@app.command("list")
def list_(
    context: typer.Context, offset: OffsetOption = 0, limit: LimitOption = 100, json: JsonOption = False
) -> None:
    """List the people, in the order of their ids; those of one group: `ostiary group members`.

    Example: ostiary person list --limit 20 --json
    """
    from edge.app.keepers import open_keepers

    with open_keepers(context.obj.settings()) as keepers:
        found = keepers.people.list(offset, limit)
        rows = [person_row(keepers.people.show(person.id)) for person in found.rows]
    if json:
        print_json({"total": found.total, "offset": offset, "people": rows})
    else:
        print_people(rows, found.total)


@app.command()
def show(context: typer.Context, person: PersonArgument, json: JsonOption = False) -> None:
    """Show one person, what groups say of them, and their faces.

    Example: ostiary person show alice
    """
    from rich.console import Console
    from rich.markup import escape

    from edge.app.keepers import open_keepers
    from edge.core.face import PersonId

    with open_keepers(context.obj.settings()) as keepers:
        info = keepers.people.show(PersonId(person))
    row = person_row(info)
    faces = [face_row(face) for face in info.faces]
    if json:
        print_json({**row, "faces": faces})
        return
    console = Console()
    about = f"  {row['name']}  groups: {', '.join(row['groups']) or '-'}  {validity(row)}"
    console.print(f"[bold]{row['id']}[/]{escape(about)}")
    if row["gender"] or row["tag"]:
        console.print(escape(f"gender: {GENDERS[row['gender']]}  {row['tag']}"))
    for one in row["descriptions"]:
        console.print(escape(f"{one['group']}: {one['field']}: {one['text']}"))
    print_faces(faces)


@app.command()
def modify(
    context: typer.Context,
    person: PersonArgument,
    name: NameOption = None,
    gender: GenderOption = None,
    tag: TagOption = None,
    valid_from: FromOption = None,
    valid_until: UntilOption = None,
    revoked: Annotated[
        bool | None,
        typer.Option("--revoked/--not-revoked", help="No access, whatever else.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Change what is known of a person; what is not named stays.

    Examples:

        ostiary person modify alice --name "Alice Brown" --tag "badge 17"

        ostiary person modify alice --revoked
    """
    from edge.app.keepers import open_keepers
    from edge.core.face import PersonId

    change = changes(name, gender, tag, valid_from, valid_until, revoked)
    with open_keepers(context.obj.settings()) as keepers:
        keepers.people.modify(PersonId(person), change)
        row = person_row(keepers.people.show(PersonId(person)))
    if json:
        print_json(row)
    else:
        typer.echo(f"{person}: changed")


@app.command()
def describe(
    context: typer.Context,
    person: PersonArgument,
    group: Annotated[str, typer.Argument(help="Id of a group the person is in.")],
    fields: Annotated[list[str], typer.Argument(help="FIELD=TEXT; without a text it is removed.")],
    json: JsonOption = False,
) -> None:
    """Write what the custom description fields of a group say of a person.

    Example: ostiary person describe alice staff floor=3 badge=17
    """
    from edge.app.keepers import open_keepers
    from edge.cli.pairs import pairs
    from edge.core.face import PersonId
    from edge.core.person import GroupId

    texts = pairs(fields, "the field")
    with open_keepers(context.obj.settings()) as keepers:
        keepers.people.describe(PersonId(person), GroupId(group), texts)
        row = person_row(keepers.people.show(PersonId(person)))
    if json:
        print_json(row)
    else:
        typer.echo(f"{person}: {len(texts)} field(s) of {group} written")


@app.command()
def copy(
    context: typer.Context,
    person: PersonArgument,
    groups: Annotated[list[str], typer.Argument(help="Ids of groups.")],
    json: JsonOption = False,
) -> None:
    """Put a person into more groups.

    Example: ostiary person copy alice night-shift parking
    """
    from edge.app.keepers import open_keepers
    from edge.core.face import PersonId
    from edge.core.person import GroupId

    with open_keepers(context.obj.settings()) as keepers:
        keepers.people.copy(PersonId(person), [GroupId(group) for group in groups])
        row = person_row(keepers.people.show(PersonId(person)))
    if json:
        print_json(row)
    else:
        typer.echo(f"{person}: in {', '.join(row['groups'])}")


@app.command()
def groups(
    context: typer.Context,
    person: PersonArgument,
    offset: OffsetOption = 0,
    limit: LimitOption = 100,
    json: JsonOption = False,
) -> None:
    """List the groups of a person, in the order of their ids.

    Example: ostiary person groups alice
    """
    from edge.app.keepers import open_keepers
    from edge.core.face import PersonId

    with open_keepers(context.obj.settings()) as keepers:
        found = keepers.people.groups(PersonId(person), offset, limit)
    if json:
        print_json({"total": found.total, "offset": offset, "groups": list(found.rows)})
    else:
        caption = f"{len(found.rows)} of {found.total} groups"
        print_page([{"group": group} for group in found.rows], ("group",), caption)


@app.command()
def remove(
    context: typer.Context,
    people: Annotated[list[str], typer.Argument(help="Ids.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Erase people with their faces and templates, from all groups.

    Example: ostiary person remove alice --yes
    """
    from edge.app.keepers import open_keepers
    from edge.core.face import PersonId

    with open_keepers(context.obj.settings()) as keepers:
        wanted = [PersonId(person) for person in dict.fromkeys(people)]
        for person in wanted:
            keepers.people.show(person)
        if not yes:
            typer.confirm(f"Erase {', '.join(wanted)} and all their faces?", abort=True, err=True)
        keepers.people.remove(wanted)
    if json:
        print_json({"erased": wanted})
    else:
        typer.echo("\n".join(f"{person}: erased" for person in wanted))
