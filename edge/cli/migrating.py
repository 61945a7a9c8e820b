"""`ostiary person migrate`: templates of another embedding for people who are known."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.enrolling import loader, refusal
from edge.cli.progress import bar
from edge.cli.transfer import PICTURES

if TYPE_CHECKING:
    from edge.service.migration import Migrated
    from edge.settings import Settings


_SHOWN = 10
"""So many of those who wait are named."""


def migrate(
    context: typer.Context,
    pictures: Annotated[Path | None, typer.Option(help="A folder <id>/<picture>.")] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Erase old templates of those who have new ones.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before erasing.")] = False,
    json: JsonOption = False,
) -> None:
    """Make templates of the present embedding for people enrolled with another one.

    Templates cannot be converted and no pictures are kept, so the pictures are needed again. Old templates
    stay, and are compared with nothing, until --prune.

    Examples:

        ostiary person migrate

        ostiary person migrate --pictures people/

        ostiary person migrate --prune --yes
    """
    from edge.errors import PictureUnreadable

    settings = context.obj.settings()
    results = [] if pictures is None else _migrate(settings, pictures)
    erased = _prune(settings, yes) if prune else 0
    model, waiting = _waiting(settings)
    if json:
        rows = [_row(result) for result in results]
        print_json({"model": model, "people": rows, "waiting": waiting, "erased": erased})
        return
    for result in results:
        for one in result.refused:
            typer.echo(f"{result.person}: {one.source}: refused: {one.reason}", err=True)
    if pictures is not None:
        renewed, added = (sum(len(getattr(one, key)) for one in results) for key in ("renewed", "added"))
        typer.echo(f"{len(results)} people: {renewed} faces renewed, {added} added")
    if prune:
        typer.echo(f"{erased} old templates erased")
    if waiting:
        named = ", ".join(waiting[:_SHOWN]) + (", …" if len(waiting) > _SHOWN else "")
        typer.echo(f"{len(waiting)} people without a template of {model}, whom no door recognizes: {named}")
    else:
        typer.echo(f"everybody with a face has a template of {model}")
    used = any(one.renewed or one.added or one.known for one in results)
    if any(one.refused for one in results) and not used:
        raise PictureUnreadable("nobody was migrated; see the reasons above")


def _migrate(settings: Settings, folder: Path) -> list[Migrated]:
    from edge.app import wiring
    from edge.core.face import PersonId
    from edge.errors import PictureUnreadable
    from edge.refusals import GalleryError, PersonNotFound
    from edge.service.examination import Refused
    from edge.service.migration import Migrated, TemplateMigration
    from edge.vision.image import load_picture

    if not folder.is_dir():
        raise PictureUnreadable(f"no folder {folder}; give one with <id>/<picture> in it")
    people = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not people:
        raise PictureUnreadable(f"no folders in {folder}; the layout is <id>/<picture>")
    results = []
    with (
        bar("migrating") as progress,
        wiring.open_roster(settings) as roster,
        wiring.open_models(settings) as models,
        wiring.open_index(settings, models.embedder.model) as index,
    ):
        enroller = wiring.enroller(settings, models, roster.gallery, index)
        migration = TemplateMigration(
            roster.gallery, models.embedder.model, enroller.examine, lambda: datetime.now(UTC)
        )
        for number, path in enumerate(people):
            progress(number, len(people))
            person = PersonId(path.name)
            files = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES)
            try:
                results.append(migration.migrate(person, [loader(file, load_picture) for file in files]))
            except PersonNotFound as error:
                unknown = PersonNotFound(f"nobody is known as {person}; enroll with 'ostiary person add'")
                results.append(Migrated(person, refused=(Refused(path.name, str(unknown), error),)))
            except GalleryError as error:
                results.append(Migrated(person, refused=(Refused(path.name, str(error), error),)))
    return results


def _prune(settings: Settings, yes: bool) -> int:
    from edge.app.wiring import open_roster
    from edge.vision.manifest import find

    model = find("embedding", settings.vision.embedding).model_id
    with open_roster(settings) as roster:
        if not yes:
            typer.confirm(
                f"Erase the templates of other models of all who have one of {model}?", abort=True, err=True
            )
        return roster.gallery.prune(model)


def _waiting(settings: Settings) -> tuple[str, list[str]]:
    from edge.app.wiring import open_roster
    from edge.vision.manifest import find

    model = find("embedding", settings.vision.embedding).model_id
    with open_roster(settings) as roster:
        return model, [str(person) for person in roster.gallery.waiting(model)]


def _row(result: Migrated) -> dict[str, Any]:
    return {
        "person": result.person,
        "renewed": list(result.renewed),
        "added": list(result.added),
        "known": list(result.known),
        "refused": [refusal(one) for one in result.refused],
    }
