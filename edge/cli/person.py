"""`ostiary person`: the people the door knows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import print_json

if TYPE_CHECKING:
    from edge.app.wiring import Roster
    from edge.core.frame import Frame, Image
    from edge.core.person import Person
    from edge.service.enrollment import Enrolled, Enroller
    from edge.settings import Settings

app = typer.Typer(
    help="Add, list, show, remove, import and export the people the door knows.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


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
    json: Json = False,
) -> None:
    """Enroll a person, or give a known one more faces, another name or other dates.

    Examples:

        ostiary person add alice alice1.jpg alice2.jpg --name "Alice Adams" --group staff

        ostiary person add bob --camera
    """
    from edge.core.face import PersonId
    from edge.core.person import Person
    from edge.errors import PoorQuality
    from edge.store.legality import check_group_id, check_person_id

    wanted = Person(
        PersonId(person), name, datetime.now(UTC), valid_from=_utc(valid_from), valid_until=_utc(valid_until)
    )
    settings = context.obj.settings()
    check_person_id(person)
    for one in group or []:
        check_group_id(one)
    with _enrolling(settings) as (roster, enroller):
        if camera:
            result = _from_camera(settings, enroller, wanted)
        else:
            result = enroller.enroll_pictures(wanted, [_loader(path) for path in pictures or []])
        if result.accepted or not result.refused:
            if not result.created:
                _update(roster, wanted)
            for one in group or []:
                _join(roster, one, person)
    if json:
        print_json(_as_json(result))
    else:
        _tell(result)
    if result.refused and not result.accepted:
        raise PoorQuality(f"{person} was not enrolled: no picture could be used")


@app.command("list")
def list_(
    context: typer.Context,
    offset: Annotated[int, typer.Option(min=0, max=2**62)] = 0,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    json: Json = False,
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
def show(context: typer.Context, person: str, json: Json = False) -> None:
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
        for person in people:
            roster.gallery.person(PersonId(person))
        if not yes and sys.stdin.isatty():
            typer.confirm(f"Erase {', '.join(people)} and all their faces?", abort=True)
        for person in people:
            roster.gallery.remove_person(PersonId(person))
            typer.echo(f"{person}: erased")


@app.command("import")
def import_(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="A folder <id>/<picture>, or a file that `export` wrote.")],
    passphrase_file: Annotated[Path | None, typer.Option(help="Holds the passphrase of an export.")] = None,
    json: Json = False,
) -> None:
    """Enroll many people at once.

    Examples:

        ostiary person import people/

        ostiary person import gallery.ostiary --passphrase-file secret.txt
    """
    from edge.errors import PictureUnreadable

    settings = context.obj.settings()
    try:
        if source.is_dir():
            results = _import_folder(settings, source)
        elif source.is_file():
            results = _import_archive(settings, source, passphrase_file)
        else:
            raise PictureUnreadable(f"nothing at {source}; give a folder <id>/<picture> or an export")
    except OSError as error:
        where = error.filename or source
        raise PictureUnreadable(f"{where} cannot be read: {error.strerror}; check its permissions") from None
    accepted = sum(len(result["accepted"]) for result in results)
    refused = sum(len(result["refused"]) for result in results)
    if json:
        print_json({"people": len(results), "accepted": accepted, "refused": refused, "results": results})
    else:
        for result in results:
            for one in result["refused"]:
                typer.echo(f"{result['person']}: {one['source']}: {one['reason']}", err=True)
            for one in result["duplicates"]:
                typer.echo(f"{result['person']}: warning: looks like {one['person']}", err=True)
        typer.echo(f"{len(results)} people: {accepted} faces enrolled, {refused} pictures refused")
    if results and accepted == 0 and refused:
        raise PictureUnreadable("nobody was enrolled; see the reasons above")


@app.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write.")],
    passphrase_file: Annotated[
        Path | None, typer.Option(help="Holds the passphrase; asked for when absent.")
    ] = None,
) -> None:
    """Write everybody to an encrypted file.

    Example: ostiary person export gallery.ostiary --passphrase-file secret.txt
    """
    from edge.app.wiring import open_roster
    from edge.errors import StoreUnwritable
    from edge.store.archive import seal

    passphrase = _passphrase(passphrase_file, confirm=True)
    with open_roster(context.obj.settings()) as roster:
        records = list(_progress(roster.gallery.export(), "exporting", roster.gallery.count()))
    try:
        file.touch(mode=0o600)
        file.write_bytes(seal(records, passphrase))
    except OSError as error:
        raise StoreUnwritable(f"{file} cannot be written: {error.strerror}; choose another place") from None
    typer.echo(f"{len(records)} people written to {file}, encrypted")


@contextmanager
def _enrolling(settings: Settings) -> Iterator[tuple[Roster, Enroller]]:
    from edge.app import wiring
    from edge.store.index import TemplateIndex

    with wiring.open_roster(settings) as roster, wiring.open_models(settings) as models:
        index = TemplateIndex(models.embedder.model)
        index.refresh(roster.gallery)
        yield roster, wiring.enroller(settings, models, roster.gallery, index)


def _import_folder(settings: Settings, folder: Path) -> list[dict[str, Any]]:
    from edge.core.face import PersonId
    from edge.core.person import Person
    from edge.errors import GalleryError, PictureUnreadable
    from edge.service.enrollment import Enrolled, Refused
    from edge.store.legality import check_person_id

    people = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not people:
        raise PictureUnreadable(f"no folders in {folder}; the layout is <id>/<picture>")
    results = []
    with _enrolling(settings) as (_, enroller):
        for path in _progress(people, "enrolling", len(people)):
            pictures = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES)
            person = Person(PersonId(path.name), "", datetime.now(UTC))
            try:
                check_person_id(person.id)
                result = enroller.enroll_pictures(person, [_loader(file) for file in pictures])
            except GalleryError as error:
                result = Enrolled(person.id, False, refused=(Refused(path.name, str(error)),))
            results.append(_as_json(result))
    return results


def _import_archive(settings: Settings, file: Path, passphrase_file: Path | None) -> list[dict[str, Any]]:
    from edge.app.wiring import open_roster
    from edge.store.archive import unseal

    records = unseal(file.read_bytes(), _passphrase(passphrase_file, confirm=False))
    batch = 100
    with open_roster(settings) as roster:
        for start in _progress(range(0, len(records), batch), "importing", -(-len(records) // batch)):
            roster.gallery.put(records[start : start + batch])
    return [
        {
            "person": record.person.id,
            "created": True,
            "accepted": [face.face.source for face in record.faces],
            "refused": [],
            "duplicates": [],
        }
        for record in records
    ]


def _from_camera(settings: Settings, enroller: Enroller, person: Person) -> Enrolled:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from edge.app import wiring
    from edge.service.enrollment import LiveProgress

    camera = wiring.camera(settings.camera)
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


def _loader(path: Path) -> tuple[str, Callable[[], Image]]:
    from edge.vision.image import load_picture

    return path.name, partial(load_picture, path)


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


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    from edge.errors import SettingsError

    if file is not None:
        try:
            text = file.read_text().rstrip("\n")
        except (OSError, UnicodeDecodeError):
            raise SettingsError(f"the passphrase file {file} cannot be read") from None
    elif sys.stdin.isatty():
        text = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm)
    else:
        raise SettingsError("an export is encrypted; give --passphrase-file")
    if len(text) < 8:
        raise SettingsError("the passphrase is shorter than 8 characters; use a longer one")
    return text


def _progress(items: Any, title: str, total: int) -> Any:
    from rich.console import Console
    from rich.progress import track

    return track(items, title, total=total, console=Console(stderr=True), disable=not sys.stderr.isatty())


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


def _as_json(result: Enrolled) -> dict[str, Any]:
    return {
        "person": result.person,
        "created": result.created,
        "accepted": list(result.accepted),
        "refused": [{"source": one.source, "reason": one.reason} for one in result.refused],
        "duplicates": [
            {"person": one.person, "similarity": round(one.similarity, 4)} for one in result.duplicates
        ],
    }


def _tell(result: Enrolled) -> None:
    for one in result.refused:
        typer.echo(f"{one.source}: refused: {one.reason}", err=True)
    for duplicate in result.duplicates:
        typer.echo(
            f"warning: this face looks like {duplicate.person}, who is enrolled already; "
            "while both are, neither will be let in by face",
            err=True,
        )
    if result.accepted:
        typer.echo(f"{result.person}: {len(result.accepted)} face(s) enrolled")
    elif result.created:
        typer.echo(f"{result.person}: added without a face")
