"""`ostiary fleet people` and `revoke`: the gallery that the hub keeps for all doors."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.paging import counted, minute, print_page

if TYPE_CHECKING:
    from edge.core.events import Json

app = typer.Typer(help="The people of the whole fleet.", no_args_is_help=True)
PersonArgument = Annotated[str, typer.Argument(help="Id of a person.")]
GalleryOption = Annotated[str, typer.Option(help="Which gallery of the hub.")]
OfferArgument = Annotated[str, typer.Argument(help="As 'ostiary fleet people offers' names it.")]


def revoke(
    context: typer.Context,
    person: PersonArgument,
    gallery: GalleryOption = "main",
    direct: Annotated[
        bool, typer.Option("--direct", help="Tell the doors without the hub, which is told later.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Let somebody in nowhere any more, at once.

    The hub marks the person, tells every door, and raises an alarm for doors that do not confirm.

    Examples:

        ostiary fleet revoke bob

        ostiary fleet revoke bob --direct
    """
    if direct:
        from edge.cli.fleet_targets import give_order

        give_order(context, "gallery.revoke", {"person": person}, (None, None, True), wait_s=10.0, json=json)
        return
    answer = _asked(context, "gallery.revoke", {"gallery": gallery, "person": person})
    if json:
        print_json(answer)
    else:
        typer.echo(
            f"{person} is revoked in version {answer.get('version')}; 'ostiary fleet alarms' follows it"
        )


@app.command()
def status(context: typer.Context, json: JsonOption = False) -> None:
    """Show the galleries, and how many doors have their newest version.

    Example: ostiary fleet people status
    """
    answer = _asked(context, "gallery.status", {})
    if json:
        print_json(answer)
        return
    found: Any = answer.get("galleries") or []
    columns = ("gallery", "epoch", "version", "people", "model", "in step", "behind")
    rows = []
    for one in found:
        devices = one.get("devices") or {}
        counts = (devices.get("in_step"), devices.get("behind"))
        cells = (*(one.get(key) for key in ("gallery", "epoch", "version", "count", "model")), *counts)
        rows.append(dict(zip(columns, cells, strict=True)))
    print_page(rows, columns, None)


@app.command("list")
def list_(context: typer.Context, gallery: GalleryOption = "main", json: JsonOption = False) -> None:
    """List the people of a gallery; their names come sealed, and are opened here.

    Example: ostiary fleet people list
    """
    from edge.app.sealed_people import opened_people
    from edge.hub.asking import listed
    from edge.hub.opened_console import console

    settings = context.obj.operator()
    with console(settings) as session:
        rows = opened_people(settings, gallery, listed(session, "gallery.rows", {"gallery": gallery}, "rows"))
    if json:
        print_json(rows)
        return
    columns = ("person", "name", "groups", "faces", "valid_from", "valid_until", "revoked")
    shown = [{**row, "revoked": "yes" if row["revoked"] else ""} for row in rows]
    print_page(shown, columns, counted(len(rows), "person", "people"))


@app.command()
def add(
    context: typer.Context,
    person: PersonArgument,
    pictures: Annotated[list[Path], typer.Argument(help="Pictures of this one person.")],
    name: Annotated[str, typer.Option(help="Shown to operators; travels sealed.")] = "",
    group: Annotated[list[str] | None, typer.Option(help="Group of people.", show_default=False)] = None,
    valid_from: Annotated[
        datetime | None, typer.Option(help="From when on, UTC.", show_default=False)
    ] = None,
    until: Annotated[datetime | None, typer.Option(help="Until when, UTC.", show_default=False)] = None,
    gallery: GalleryOption = "main",
    json: JsonOption = False,
) -> None:
    """Enroll somebody for all doors, from pictures. The pictures stay here; sealed templates travel.

    Done again it adds faces, and sets name, groups and times anew; who was revoked comes in again.

    Example: ostiary fleet people add alice photos/alice-*.jpg --name "Alice Doe"
    """
    from datetime import UTC

    from edge.app.sealed_people import sealed_person
    from edge.cli.progress import bar
    from edge.core.face import PersonId
    from edge.core.person import GroupId, Person

    now = datetime.now(UTC)
    # Typer's times have no zone.
    begins, ends = (None if at is None else at.replace(tzinfo=UTC) for at in (valid_from, until))
    who = Person(PersonId(person), name, now, begins, ends)
    groups = [GroupId(one) for one in group or ()]
    # Whether the hub is there and has this gallery is known before the pictures are looked at.
    standing: Any = _asked(context, "gallery.status", {"gallery": gallery}).get("galleries")
    with bar("looking at the pictures") as progress:
        sealed = sealed_person(context.obj.operator(), gallery, who, groups, pictures, progress)
    for source, reason in sealed.refused:
        typer.echo(f"{source}: {reason}", err=True)
    if standing[0]["count"] and standing[0]["model"] != sealed.model:
        text = f"the faces of {gallery} are of the model {standing[0]['model']}, these of {sealed.model}"
        typer.echo(f"{text}: a door knows only faces of its own model", err=True)
    answer = _asked(context, "gallery.put", {"gallery": gallery, "ops": sealed.ops})
    faces = len(sealed.ops) - 1
    if json:
        print_json(
            {**answer, "person": person, "faces": faces, "refused": [list(one) for one in sealed.refused]}
        )
    else:
        typer.echo(
            f"{person}: {counted(faces, 'face', 'faces')}, in version {answer.get('version')} of {gallery}"
        )


@app.command()
def remove(
    context: typer.Context, person: PersonArgument, gallery: GalleryOption = "main", json: JsonOption = False
) -> None:
    """Erase somebody at the hub and at every door; each door sends a receipt.

    Example: ostiary fleet people remove alice
    """
    answer = _asked(context, "gallery.remove", {"gallery": gallery, "person": person})
    if json:
        print_json(answer)
    else:
        typer.echo(f"{person} is erased in version {answer.get('version')} of {gallery}")


@app.command()
def offers(context: typer.Context, json: JsonOption = False) -> None:
    """List whom doors enrolled and hand up.

    Example: ostiary fleet people offers
    """
    from edge.hub.asking import listed
    from edge.hub.opened_console import console

    with console(context.obj.operator()) as session:
        found = list(listed(session, "offer.list", {"limit": 200}, "offers"))
    if json:
        print_json(found)
        return
    columns = ("offer", "dev", "gallery", "person", "groups", "faces", "at")
    rows = [{**{key: one.get(key) for key in columns}, "at": minute(str(one.get("at", "")))} for one in found]
    print_page(rows, columns, counted(len(rows), "offer", "offers"))


@app.command()
def accept(context: typer.Context, offer: OfferArgument, json: JsonOption = False) -> None:
    """Take an offered person into the gallery."""
    _say(_asked(context, "offer.accept", {"offer": offer}), f"{offer} is taken in", json)


@app.command()
def refuse(context: typer.Context, offer: OfferArgument, json: JsonOption = False) -> None:
    """Leave an offered person where it was enrolled."""
    _say(_asked(context, "offer.refuse", {"offer": offer}), f"{offer} is refused", json)


def _say(answer: dict[str, Json], text: str, json: bool) -> None:
    if json:
        print_json(answer)
    else:
        typer.echo(text)


def _asked(context: typer.Context, type_: str, body: dict[str, Any]) -> dict[str, Json]:
    from edge.hub.asking import asked
    from edge.hub.opened_console import console

    with console(context.obj.operator()) as session:
        return asked(session, type_, body)
