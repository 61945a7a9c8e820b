"""What the commands of `ostiary fleet provision` share: the folder they work on, and what they tell."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from edge.cli.context import print_json

if TYPE_CHECKING:
    from edge.hub.inventory import Entry
    from edge.hub.member_bundle import Provided
    from edge.hub.provisioning import Provisioning, Wish
    from edge.hub.site_folder import SiteFolder


@contextmanager
def provisioning(folder: Path, passphrase_file: Path | None) -> Iterator[tuple[Provisioning, SiteFolder]]:
    from datetime import UTC, datetime

    from edge.hub.provisioning import Provisioning
    from edge.hub.site_folder import SiteFolder

    site_folder = SiteFolder(folder, _passphrase(passphrase_file))
    with site_folder.locked():
        yield Provisioning(site_folder, datetime.now(UTC)), site_folder


def provide(
    wishes: list[Wish],
    folder: Path,
    passphrase_file: Path | None,
    *,
    renew: bool,
    sealed: bool,
    overlap_days: int | None = None,
    json: bool,
) -> None:
    """overlap_days: new signing keys, and so long those before count; None: the same keys."""
    from datetime import timedelta

    from edge.cli.progress import bar

    with provisioning(folder, passphrase_file) as (work, site_folder):
        with bar("provisioning") as progress:
            overlap = None if overlap_days is None else timedelta(days=overlap_days)
            provided = work.members(wishes, renew=renew, sealed=sealed, overlap=overlap, progress=progress)
        bundles = site_folder.path / "bundles"
    if sealed:
        _show(provided[0], bundles, json=json)
    elif json:
        print_json({"folder": str(bundles), "members": [as_json(one.entry) for one in provided]})
    else:
        what = provided[0].entry.member.id if len(provided) == 1 else f"{len(provided)} bundles"
        typer.echo(f"{what}: in {bundles}, not encrypted; copy the access rules to the broker and reload it")


def _show(one: Provided, bundles: Path, *, json: bool) -> None:
    """One sealed bundle: where it is, and the code that opens it."""
    from edge.cli.qr import draw, write

    invitation = one.invitation
    if invitation is None:
        return
    text, file = invitation.text(), bundles / f"{invitation.id}.bundle"
    pictures = write(text, bundles / invitation.id)
    if json:
        given = {"bundle": str(file), "code": invitation.code, "qr": text, "pictures": pictures}
        print_json({**as_json(one.entry), **given})
        return
    if sys.stdout.isatty():
        draw(text)
    typer.echo(f"bundle: {file}, encrypted; carry it to where it belongs")
    typer.echo(f"code:   {invitation.code}, which opens it; the QR code in {bundles} holds it, too")
    typer.echo(f"there:  ostiary join {file.name} --code {invitation.code}")
    typer.echo(f"broker: give it the files in {bundles.parent / 'broker'} anew, and reload it")
    if one.entry.kid is not None:
        typer.echo("doors:  'ostiary fleet provision keys --publish' tells them of a new key")


def as_json(entry: Entry) -> dict[str, Any]:
    member, until = entry.member, entry.valid_until
    return {
        "id": member.id,
        "kind": member.kind,
        "groups": list(member.groups),
        "gallery": member.gallery,
        "roles": sorted(member.roles),
        "client_id": entry.client_id,
        "kid": entry.kid,
        "valid_until": None if until is None else until.isoformat(),
        "revoked": None if entry.revoked is None else entry.revoked.isoformat(),
    }


def _passphrase(file: Path | None) -> str | None:
    from edge.errors import SettingsError

    if file is None:
        return None
    try:
        text = file.read_text().rstrip("\n")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"the passphrase file {file} cannot be read; check path and mode") from None
    if len(text) < 8:
        raise SettingsError("the passphrase is shorter than 8 characters; use a longer one")
    return text
