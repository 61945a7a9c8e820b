"""`ostiary person import` and `export`: many people at once."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.enrolling import as_json, enrolling, loader

if TYPE_CHECKING:
    from edge.settings import Settings

# Also what is then refused: a phone's HEIC pictures passed over without a word would look enrolled.
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif")


def import_(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="A folder <id>/<picture>, or a file that `export` wrote.")],
    passphrase_file: Annotated[Path | None, typer.Option(help="Holds the passphrase of an export.")] = None,
    json: JsonOption = False,
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
    known = sum(len(result["known"]) for result in results)
    refused = sum(len(result["refused"]) for result in results)
    if json:
        totals = {"people": len(results), "accepted": accepted, "known": known, "refused": refused}
        print_json({**totals, "results": results})
    else:
        for result in results:
            for one in result["refused"]:
                picture = "" if one["source"] == result["person"] else f"{one['source']}: "
                typer.echo(f"{result['person']}: {picture}{one['reason']}", err=True)
            for one in result["duplicates"]:
                typer.echo(f"{result['person']}: warning: looks like {one['person']}", err=True)
        before = f", {known} enrolled before" if known else ""
        typer.echo(f"{len(results)} people: {accepted} faces enrolled{before}, {refused} pictures refused")
    if refused and not accepted and not known:
        raise PictureUnreadable("nobody was enrolled; see the reasons above")


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
    from edge.store.archive import Archive, seal

    passphrase = _passphrase(passphrase_file, confirm=True)
    with open_roster(context.obj.settings()) as roster:
        records = list(_progress(roster.gallery.export(), "exporting", roster.gallery.count()))
        groups = roster.groups.all()
    try:
        _write_whole(file, seal(Archive(tuple(records), tuple(groups)), passphrase))
    except OSError as error:
        raise StoreUnwritable(f"{file} cannot be written: {error.strerror}; choose another place") from None
    typer.echo(f"{len(records)} people written to {file}, encrypted")


def _write_whole(file: Path, data: bytes) -> None:
    """Write for the owner's eyes alone; an older file stays as it is until the new one is complete."""
    if file.exists() and not file.is_file():
        file.write_bytes(data)
        return
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.unlink(missing_ok=True)
        beside.touch(mode=0o600)
        beside.write_bytes(data)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _import_folder(settings: Settings, folder: Path) -> list[dict[str, Any]]:
    from edge.app.wiring import gallery_limits
    from edge.core.face import PersonId
    from edge.core.legality import check_person_id
    from edge.core.person import Person
    from edge.errors import PictureUnreadable
    from edge.refusals import GalleryError
    from edge.service.enrollment import Enrolled
    from edge.service.examination import Refused

    people = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not people:
        raise PictureUnreadable(f"no folders in {folder}; the layout is <id>/<picture>")
    results = []
    with enrolling(settings) as (_, enroller, read):
        for path in _progress(people, "enrolling", len(people)):
            pictures = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES)
            person = Person(PersonId(path.name), "", datetime.now(UTC))
            try:
                check_person_id(person.id, gallery_limits(settings))
                result = enroller.enroll_pictures(person, [loader(file, read) for file in pictures])
            except GalleryError as error:
                result = Enrolled(person.id, False, refused=(Refused(path.name, str(error), error),))
            results.append(as_json(result))
    return results


def _import_archive(settings: Settings, file: Path, passphrase_file: Path | None) -> list[dict[str, Any]]:
    from edge.app.wiring import open_roster
    from edge.store.archive import unseal

    archive = unseal(file.read_bytes(), _passphrase(passphrase_file, confirm=False))
    records = archive.people
    batch = 100
    with open_roster(settings) as roster:
        roster.gallery.put([], archive.groups)
        for start in _progress(range(0, len(records), batch), "importing", -(-len(records) // batch)):
            roster.gallery.put(records[start : start + batch])
    return [
        {
            "person": record.person.id,
            "created": True,
            "accepted": [face.face.source for face in record.faces],
            "known": [],
            "refused": [],
            "duplicates": [],
        }
        for record in records
    ]


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
