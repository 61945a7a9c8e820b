"""`ostiary fleet provision epoch`: what a root key says to begin a new epoch of a gallery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.context import print_json
from edge.cli.fleet_provided import provisioning

if TYPE_CHECKING:
    from edge.core.events import Json


def epoch(
    gallery: Annotated[str, typer.Argument(help="The gallery.")],
    number: Annotated[int, typer.Argument(metavar="EPOCH", min=2, help="The epoch that begins.")],
    version: Annotated[int, typer.Argument(min=1, help="The version it begins with.")],
    root: Annotated[str, typer.Argument(help="The root of that version, 64 hexadecimal digits.")],
    out: Annotated[
        Path | None, typer.Option(help="Where the proof is written to.", show_default=False)
    ] = None,
    folder: Annotated[Path, typer.Option(help="The folder the site is provisioned from.")] = Path("fleet"),
    passphrase_file: Annotated[
        Path | None, typer.Option(help="Holds the passphrase of the root key.", show_default=False)
    ] = None,
) -> None:
    """Sign that doors may follow a gallery back to an older version.

    Writes the proof for 'ostiary hub rebase GALLERY --proof FILE', which without one prints this command.
    Whoever was revoked after that version is let in again, unless revoked anew.
    """
    import os
    from datetime import UTC, datetime
    from json import dumps

    from edge.core.gallery_bodies import read_epoch
    from edge.core.identifiers import RANDOM_BYTES, uuid7
    from edge.errors import MessageMalformed, RequestRefused
    from edge.hub.rebasing import proof
    from edge.mqtt.topics import SiteTopics

    body: dict[str, Json] = {"gallery": gallery, "epoch": number, "version": version, "root": root}
    try:
        read_epoch(body)
    except MessageMalformed as error:
        raise RequestRefused(str(error)) from error
    with provisioning(folder, passphrase_file) as (_, site_folder):
        site = SiteTopics(site_folder.inventory().site)
        now = datetime.now(UTC)
        identifier = uuid7(int(now.timestamp() * 1000), os.urandom(RANDOM_BYTES))
        proven = proof(body, site, site_folder.root_key(), identifier, now)
    if out is None:
        print_json(proven)
        return
    try:
        out.write_text(dumps(proven) + "\n")
    except OSError as error:
        raise RequestRefused(f"{out} cannot be written ({error.strerror}); name another file") from error
