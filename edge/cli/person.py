"""`ostiary person`: the people the door knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.enrolling import as_json, enrolling, loader
from edge.cli.transfer import export, import_

if TYPE_CHECKING:
    from edge.app.wiring import Roster
    from edge.core.frame import Frame
    from edge.core.person import Person
    from edge.service.enrollment import Enrolled, Enroller
    from edge.settings import Settings

app = typer.Typer(
    help="Add, list, show, remove, import and export the people the door knows.", no_args_is_help=True
)
app.command("import")(import_)
app.command()(export)


@app.command()
def add(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="Id: letters, digits and -%@#&_, at most 64.")],
    pictures: Annotated[
        list[Path] | None, typer.Argument(help="Pictures of this person alone.", show_default=False)
    ] = None,
    camera: Annotated[bool, typer.Option("--camera", help="Enroll from the live camera.")] = False,
    name: Annotated[str, typer.Option(help="Shown to operators only; never published.")] = "",
    group: Annotated[list[str] | None, typer.Option(help="Put the person in a group; made if new.")] = None,
    valid_from: Annotated[datetime | None, typer.Option(help="UTC; no access before.")] = None,
    valid_until: Annotated[datetime | None, typer.Option(help="UTC; no access from then on.")] = None,
    json: JsonOption = False,
) -> None:
    """Enroll a person, or give a known one more faces, another name or other dates.

    Examples:

        ostiary person add alice alice1.jpg alice2.jpg --name "Alice Adams" --group staff

        ostiary person add bob --camera
    """
    from edge.app.wiring import gallery_limits
    from edge.core.face import PersonId
    from edge.core.legality import check_group_id, check_person_id
    from edge.core.person import Person
    from edge.errors import PoorQuality

    wanted = Person(
        PersonId(person), name, datetime.now(UTC), valid_from=_utc(valid_from), valid_until=_utc(valid_until)
    )
    settings = context.obj.settings()
    check_person_id(person, gallery_limits(settings))
    for one in group or []:
        check_group_id(one, gallery_limits(settings))
    with enrolling(settings) as (roster, enroller):
        if camera:
            result = _from_camera(settings, enroller, wanted)
        else:
            result = enroller.enroll_pictures(wanted, [loader(path) for path in pictures or []])
        if result.accepted or not result.refused:
            if not result.created:
                _update(roster, wanted)
            for one in group or []:
                _join(roster, one, person)
    if json:
        print_json(as_json(result))
    else:
        _tell(result)
    if result.refused and not (result.accepted or result.known):
        raise PoorQuality(f"{person} was not enrolled: no picture could be used")


@app.command("list")
def list_(
    context: typer.Context,
    offset: Annotated[int, typer.Option(min=0, max=2**62)] = 0,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    json: JsonOption = False,
) -> None:
    """List the people, in the order of their ids.

    Example: ostiary person list --limit 20 --json
    """
    from edge.app.wiring import open_roster

    with open_roster(context.obj.settings()) as roster:
        people = roster.gallery.people(offset, limit)
        rows = [_person_json(roster, person) for person in people]
        total = roster.gallery.count()
    if json:
        print_json({"total": total, "offset": offset, "people": rows})
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("id", "name", "groups", "faces", "valid", caption=f"{len(rows)} of {total} people")
    for row in rows:
        cells = (row["id"], row["name"], ", ".join(row["groups"]), str(row["faces"]), _validity(row))
        # A name may hold what looks like rich's markup.
        table.add_row(*map(escape, cells))
    Console().print(table)


@app.command()
def show(context: typer.Context, person: str, json: JsonOption = False) -> None:
    """Show one person and their faces.

    Example: ostiary person show alice
    """
    from edge.app.wiring import open_roster
    from edge.core.face import PersonId

    with open_roster(context.obj.settings()) as roster:
        row = _person_json(roster, roster.gallery.person(PersonId(person)))
        faces = [
            {
                "id": face.id,
                "added": face.added.isoformat(),
                "quality": round(face.quality, 3),
                "source": face.source,
            }
            for face in roster.gallery.faces(PersonId(person))
        ]
    if json:
        print_json({**row, "faces": faces})
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    about = f"  {row['name']}  groups: {', '.join(row['groups']) or '-'}  {_validity(row)}"
    console.print(f"[bold]{row['id']}[/]{escape(about)}")
    table = Table("face", "added", "quality", "source")
    for one in faces:
        table.add_row(*(escape(str(value)) for value in one.values()))
    console.print(table)


@app.command()
def remove(
    context: typer.Context,
    people: Annotated[list[str], typer.Argument(help="Ids.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erase people with their faces and templates.

    Example: ostiary person remove alice --yes
    """
    from edge.app.wiring import open_roster
    from edge.core.face import PersonId

    with open_roster(context.obj.settings()) as roster:
        wanted = [PersonId(person) for person in dict.fromkeys(people)]
        for person in wanted:
            roster.gallery.person(person)
        if not yes:
            typer.confirm(f"Erase {', '.join(wanted)} and all their faces?", abort=True)
        for person in wanted:
            roster.gallery.remove_person(person)
            typer.echo(f"{person}: erased")


def _from_camera(settings: Settings, enroller: Enroller, person: Person) -> Enrolled:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from edge.app import hardware
    from edge.service.enrollment import LiveProgress

    camera = hardware.camera(settings.camera)
    camera.start()
    columns = (
        TextColumn("{task.completed}/{task.total} good frames"),
        BarColumn(),
        TextColumn("{task.description}"),
    )
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("look at the camera", total=settings.enrollment.frames)
            for state in enroller.enroll_live(person, _frames(camera.read)):
                if not isinstance(state, LiveProgress):
                    return state
                progress.update(task, completed=state.taken, description=state.advice or "good")
    finally:
        camera.close()
    raise AssertionError("a live enrollment ends with a result or an error")


def _frames(read: Callable[[float], Frame], longest_s: float = 60.0) -> Iterator[Frame]:
    """Frames until the replay ends or a minute has passed."""
    from edge.errors import EndOfReplay

    started: float | None = None
    while True:
        try:
            frame = read(5.0)
        except EndOfReplay:
            return
        started = frame.captured_at if started is None else started
        if frame.captured_at - started > longest_s:
            return
        yield frame


def _update(roster: Roster, wanted: Person) -> None:
    """Give a known person what was named anew; what was not keeps its value."""
    known = roster.gallery.person(wanted.id)
    changed = replace(
        known,
        name=wanted.name or known.name,
        valid_from=wanted.valid_from or known.valid_from,
        valid_until=wanted.valid_until or known.valid_until,
    )
    if changed != known:
        roster.gallery.update_person(changed)


def _join(roster: Roster, group: str, person: str) -> None:
    from edge.core.face import PersonId
    from edge.core.person import Group, GroupId

    if group not in {known.id for known in roster.groups.all()}:
        roster.groups.add(Group(GroupId(group), group, datetime.now(UTC)))
    roster.groups.join(GroupId(group), PersonId(person))


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _person_json(roster: Roster, person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "groups": list(roster.groups.of(person.id)),
        "faces": len(roster.gallery.faces(person.id)),
        "valid_from": person.valid_from and person.valid_from.isoformat(),
        "valid_until": person.valid_until and person.valid_until.isoformat(),
        "revoked": person.revoked,
    }


def _validity(row: dict[str, Any]) -> str:
    if row["revoked"]:
        return "revoked"
    if not row["valid_from"] and not row["valid_until"]:
        return "always"
    return f"{row['valid_from'] or '…'} to {row['valid_until'] or '…'}"


def _tell(result: Enrolled) -> None:
    for one in result.refused:
        typer.echo(f"{one.source}: refused: {one.reason}", err=True)
    for duplicate in result.duplicates:
        typer.echo(
            f"warning: this face looks like {duplicate.person}, who is enrolled already; "
            "while both are, neither will be let in by face",
            err=True,
        )
    if result.known:
        typer.echo(f"{result.person}: enrolled before: {', '.join(result.known)}")
    if result.accepted:
        typer.echo(f"{result.person}: {len(result.accepted)} face(s) enrolled")
    elif result.created:
        typer.echo(f"{result.person}: added without a face")
