"""`ostiary group`: the groups people are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.paging import LimitOption, OffsetOption, minute, print_page
from edge.cli.people_tables import person_row, print_people

if TYPE_CHECKING:
    from edge.core.person import Group

app = typer.Typer(help="Make, change, copy, list and delete groups of people.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(help="Id: letters, digits and -%@#&_, at most 64.")]
FieldOption = Annotated[
    list[str] | None,
    typer.Option(help="Custom description field (letters, digits, - and _); up to 5.", show_default=False),
]


@app.command()
def create(
    context: typer.Context,
    group: IdArgument,
    name: Annotated[str, typer.Option(help="Of this group alone; its id when not given.")] = "",
    tag: Annotated[str, typer.Option(help="A remark.")] = "",
    field: FieldOption = None,
    json: JsonOption = False,
) -> None:
    """Make an empty group.

    Example: ostiary group create staff --name "All staff" --field floor --field badge
    """
    from edge.app.keepers import open_keepers
    from edge.core.person import GroupId

    with open_keepers(context.obj.settings()) as keepers:
        made = keepers.groups.create(GroupId(group), name, tag=tag, fields=field or [])
    _tell(made, "made", json)


@app.command()
def modify(
    context: typer.Context,
    group: IdArgument,
    name: Annotated[str | None, typer.Option(help="A new name.", show_default=False)] = None,
    tag: Annotated[str | None, typer.Option(help="A new remark; '' removes it.", show_default=False)] = None,
    field: FieldOption = None,
    rename_field: Annotated[
        list[str] | None, typer.Option(help="OLD=NEW; what it says of people stays.", show_default=False)
    ] = None,
    drop_field: Annotated[
        list[str] | None,
        typer.Option(help="Drop a field, and what it says of people.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Change a group's name, remark or fields.

    Example: ostiary group modify staff --tag "since 2026" --rename-field floor=level --field shift
    """
    from edge.app.keepers import open_keepers
    from edge.cli.pairs import pairs
    from edge.core.person import GroupId
    from edge.service.groups import FieldChanges

    fields = FieldChanges(dict(pairs(rename_field or [], "--rename-field")), drop_field or [], field or [])
    with open_keepers(context.obj.settings()) as keepers:
        changed = keepers.groups.modify(GroupId(group), name=name, tag=tag, fields=fields)
    _tell(changed, "changed", json)


@app.command()
def delete(
    context: typer.Context,
    groups: Annotated[list[str], typer.Argument(help="Ids.")],
    with_people: Annotated[
        bool, typer.Option("--with-people", help="Erase people who are in no other group, with their faces.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Delete groups; the people stay, unless you say otherwise.

    Deleting a group again finishes a deletion that was cut short.

    Examples:

        ostiary group delete visitors --yes

        ostiary group delete visitors --with-people
    """
    from edge.app.keepers import open_keepers
    from edge.core.person import GroupId
    from edge.refusals import GroupBeingDeleted

    wanted = [GroupId(group) for group in dict.fromkeys(groups)]
    with open_keepers(context.obj.settings()) as keepers:
        for group in wanted:
            try:
                size = keepers.groups.show(group).size
            except GroupBeingDeleted:
                continue
            if not yes:
                also = " and everybody who is in no other group" if with_people else ""
                typer.confirm(f"Delete group {group} of {size.people} people{also}?", abort=True, err=True)
        for group in wanted:
            keepers.groups.delete(group, with_people=with_people)
    if json:
        print_json({"deleted": wanted})
    else:
        typer.echo("\n".join(f"{group}: deleted" for group in wanted))


@app.command("list")
def list_(
    context: typer.Context, offset: OffsetOption = 0, limit: LimitOption = 100, json: JsonOption = False
) -> None:
    """List the groups, in the order of their ids.

    Example: ostiary group list --limit 20 --json
    """
    from edge.app.keepers import open_keepers

    with open_keepers(context.obj.settings()) as keepers:
        found = keepers.groups.list(offset, limit)
    rows = [_row(group) for group in found.rows]
    if json:
        print_json({"total": found.total, "offset": offset, "groups": rows})
    else:
        print_page(rows, ("id", "name", "tag", "fields"), f"{len(rows)} of {found.total} groups")


@app.command()
def show(context: typer.Context, group: IdArgument, json: JsonOption = False) -> None:
    """Show one group, and how many people and faces are in it.

    Example: ostiary group show staff
    """
    from edge.app.keepers import open_keepers
    from edge.core.person import GroupId

    with open_keepers(context.obj.settings()) as keepers:
        info = keepers.groups.show(GroupId(group))
    row = {**_row(info.group), "people": info.size.people, "faces": info.size.faces}
    if json:
        print_json(row)
    else:
        print_page([{**row, "created": f"{minute(row['created'])} UTC"}], tuple(row), None)


@app.command()
def members(
    context: typer.Context,
    group: IdArgument,
    offset: OffsetOption = 0,
    limit: LimitOption = 100,
    json: JsonOption = False,
) -> None:
    """List the people of a group, in the order of their ids.

    Example: ostiary group members staff --offset 100
    """
    from edge.app.keepers import open_keepers
    from edge.core.person import GroupId

    with open_keepers(context.obj.settings()) as keepers:
        found = keepers.groups.members(GroupId(group), offset, limit)
        rows = [person_row(keepers.people.show(person.id)) for person in found.rows]
    if json:
        print_json({"total": found.total, "offset": offset, "people": rows})
    else:
        print_people(rows, found.total)


@app.command()
def join(
    context: typer.Context,
    group: IdArgument,
    people: Annotated[list[str], typer.Argument(help="Ids of people.")],
    json: JsonOption = False,
) -> None:
    """Put people into a group; those who are in it stay.

    Example: ostiary group join staff alice bob
    """
    from edge.app.keepers import open_keepers
    from edge.core.face import PersonId
    from edge.core.person import GroupId

    with open_keepers(context.obj.settings()) as keepers:
        joined = keepers.groups.join(GroupId(group), [PersonId(person) for person in people])
    if json:
        print_json({"group": group, "joined": joined})
    else:
        typer.echo(f"{group}: {joined} people joined")


@app.command()
def leave(
    context: typer.Context,
    group: IdArgument,
    people: Annotated[list[str], typer.Argument(help="Ids of people.")],
    json: JsonOption = False,
) -> None:
    """Take people out of a group, with what it says of them; they stay enrolled.

    Example: ostiary group leave staff alice
    """
    from edge.app.keepers import open_keepers
    from edge.core.face import PersonId
    from edge.core.person import GroupId

    wanted = [PersonId(person) for person in dict.fromkeys(people)]
    with open_keepers(context.obj.settings()) as keepers:
        keepers.groups.leave(GroupId(group), wanted)
    if json:
        print_json({"group": group, "left": len(wanted)})
    else:
        typer.echo(f"{group}: {len(wanted)} people left")


@app.command()
def copy(
    context: typer.Context,
    group: IdArgument,
    targets: Annotated[list[str], typer.Argument(help="Ids of groups.")],
    json: JsonOption = False,
) -> None:
    """Put everybody of a group into other groups too.

    Example: ostiary group copy staff night-shift
    """
    from edge.app.keepers import open_keepers
    from edge.core.person import GroupId

    with open_keepers(context.obj.settings()) as keepers:
        joined = keepers.groups.copy(GroupId(group), [GroupId(target) for target in targets])
    if json:
        print_json({"group": group, "joined": joined})
    else:
        typer.echo(f"{group}: {joined} memberships made")


def _row(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "tag": group.tag,
        "fields": list(group.fields),
        "created": group.created.isoformat(),
    }


def _tell(group: Group, what: str, json: bool) -> None:
    if json:
        print_json(_row(group))
    else:
        typer.echo(f"{group.id}: {what}")
