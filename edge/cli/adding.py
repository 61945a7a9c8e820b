"""`ostiary person add`: enroll somebody from pictures or in front of the camera."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.enrolling import as_json, enrolling, loader, told
from edge.cli.face_options import RotateOption

if TYPE_CHECKING:
    from edge.app.keepers import Keepers
    from edge.core.frame import Frame
    from edge.core.person import Description, GroupId, Person
    from edge.service.enrollment import Enrolled, Enroller
    from edge.settings import Settings

NameOption = Annotated[str | None, typer.Option(help="Shown to operators only.", show_default=False)]
TagOption = Annotated[str | None, typer.Option(help="A remark.", show_default=False)]
GenderOption = Annotated[
    int | None, typer.Option(help="0 not said, 1 male, 2 female; as recorded.", show_default=False)
]
FromOption = Annotated[datetime | None, typer.Option(help="UTC; no access before.", show_default=False)]
UntilOption = Annotated[
    datetime | None, typer.Option(help="UTC; no access from then on.", show_default=False)
]


def add(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="Id: letters, digits and -%@#&_, at most 64.")],
    pictures: Annotated[
        list[Path] | None, typer.Argument(help="Pictures of this person alone.", show_default=False)
    ] = None,
    camera: Annotated[bool, typer.Option("--camera", help="Enroll from the live camera.")] = False,
    name: NameOption = None,
    gender: GenderOption = None,
    tag: TagOption = None,
    group: Annotated[list[str] | None, typer.Option(help="Put the person in a group; made if new.")] = None,
    describe: Annotated[
        list[str] | None,
        typer.Option(help="GROUP:FIELD=TEXT for a field of the group.", show_default=False),
    ] = None,
    valid_from: FromOption = None,
    valid_until: UntilOption = None,
    unique: Annotated[
        int,
        typer.Option(
            min=0,
            max=4,
            help="Refuse who is enrolled under another id; 4 asks for the surest likeness, 0 off.",
        ),
    ] = 0,
    rotate: RotateOption = False,
    json: JsonOption = False,
) -> None:
    """Enroll a person, or give a known one more faces, another name or other dates.

    Examples:

        ostiary person add alice alice1.jpg alice2.jpg --name "Alice Adams" --group staff

        ostiary person add bob --camera --unique 3
    """
    from edge.app.keepers import keepers
    from edge.core.face import PersonId
    from edge.core.person import GroupId, Person
    from edge.errors import PoorQuality
    from edge.refusals import PersonExists

    settings = context.obj.settings()
    change = changes(name, gender, tag, valid_from, valid_until)
    wanted = change(Person(PersonId(person), "", datetime.now(UTC)))
    groups, texts = [GroupId(one) for one in group or []], descriptions(describe or [])
    _check(settings, wanted, groups)
    with enrolling(settings, rotate, unique) as (roster, enroller, read):
        of_store = keepers(settings, roster)

        def also() -> None:
            of_store.people.modify(wanted.id, change)
            _place(of_store, wanted, groups, texts)

        if camera:
            result = _from_camera(settings, enroller, wanted, also)
        else:
            result = enroller.enroll_pictures(wanted, [loader(path, read) for path in pictures or []], also)
    if json:
        print_json(as_json(result))
    else:
        _tell(result)
    if result.similar is not None:
        raise PersonExists(
            f"{person} was not enrolled: the faces look like {result.similar}, who is enrolled"
        )
    if result.refused and not (result.accepted or result.known):
        raise PoorQuality(f"{person} was not enrolled: no picture could be used")


def changes(
    name: str | None,
    gender: int | None,
    tag: str | None,
    valid_from: datetime | None,
    valid_until: datetime | None,
    revoked: bool | None = None,
) -> Callable[[Person], Person]:
    """What gives a person all that is not None. Raises GenderIllegal."""
    from edge.core import legality

    code = None if gender is None else legality.gender(gender)

    def change(known: Person) -> Person:
        return replace(
            known,
            name=known.name if name is None else name,
            gender=known.gender if code is None else code,
            tag=known.tag if tag is None else tag,
            valid_from=known.valid_from if valid_from is None else _utc(valid_from),
            valid_until=known.valid_until if valid_until is None else _utc(valid_until),
            revoked=known.revoked if revoked is None else revoked,
        )

    return change


def descriptions(options: Sequence[str]) -> list[Description]:
    """Read GROUP:FIELD=TEXT. Raises ParameterMissing."""
    from edge.cli.pairs import pairs
    from edge.core.person import Description, GroupId
    from edge.refusals import ParameterMissing

    found = []
    for place, text in pairs(options, "--describe"):
        group, _, field = place.partition(":")
        if not field:
            raise ParameterMissing(f"--describe {place[:40]!a} names no field; write GROUP:FIELD=TEXT")
        found.append(Description(GroupId(group), field, text))
    return found


def _check(settings: Settings, person: Person, groups: Sequence[GroupId]) -> None:
    """Refuse what can be refused before any picture is looked at."""
    from edge.app.wiring import gallery_limits
    from edge.core.legality import check_group_id, check_person_id, check_person_text

    limits = gallery_limits(settings)
    check_person_id(person.id, limits)
    check_person_text(person, limits)
    for group in groups:
        check_group_id(group, limits)


def _place(keepers: Keepers, person: Person, groups: Sequence[GroupId], texts: Sequence[Description]) -> None:
    """Put a person into groups, made if new, and write what these say of them."""
    from edge.refusals import GroupNotFound

    for group in groups:
        try:
            keepers.groups.show(group)
        except GroupNotFound:
            keepers.groups.create(group)
    keepers.people.place(person.id, groups, texts)


def _from_camera(
    settings: Settings, enroller: Enroller, person: Person, also: Callable[[], None]
) -> Enrolled:
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
            for state in enroller.enroll_live(person, _frames(camera.read), also):
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


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _tell(result: Enrolled) -> None:
    for one in result.refused:
        typer.echo(told(one), err=True)
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
