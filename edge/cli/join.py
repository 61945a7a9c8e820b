"""`ostiary join`: become the member of a site that a bundle was made for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge.cli.context import JsonOption, print_json


def join(
    bundle: Annotated[Path, typer.Argument(help="The file or folder 'ostiary fleet provision' made.")],
    code: Annotated[str | None, typer.Option(help="Opens a sealed bundle.", show_default=False)] = None,
    qr: Annotated[
        str | None,
        typer.Option(help="The QR code in place of its code: its text, or a picture.", show_default=False),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Instead of /etc/ostiary, or where a hub or an operator has it.", show_default=False
        ),
    ] = None,
    credentials: Annotated[
        Path | None, typer.Option(help="Of the secrets, instead of /etc/credstore.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also where this is another one now.")] = False,
    json: JsonOption = False,
) -> None:
    """Install certificate, keys and settings from a bundle; the other settings stay.

    Examples:

        sudo ostiary join door-1.bundle --code 7ZK2M-0QX4T-9PNB1-V3C8D-E5FGH-J

        sudo ostiary join door-1.bundle --qr photo.jpg
    """
    from edge.app.joining import check_invitation, open_bundle
    from edge.app.joining import join as install
    from edge.cli.qr import read
    from edge.errors import RequestRefused
    from edge.keys.bundle import Kind, invitation_of

    if code is not None and qr is not None:
        raise RequestRefused("--code and --qr say the same; give one of them")
    invitation = None
    if qr is not None:
        text = qr if ":" in qr and not Path(qr).is_file() else read(Path(qr))
        invitation = invitation_of(text)
        code = invitation.code
    opened = open_bundle(bundle, code)
    if invitation is not None:
        check_invitation(opened, invitation)
    done = install(opened, folder, credentials, force=force)
    if json:
        places = {"folder": str(done.folder), "credentials": str(done.credentials)}
        print_json({"site": opened.site, "id": opened.id, "kind": opened.kind, **places})
        return
    typer.echo(f"this is now {opened.id} of the site {opened.site}; its files are in {done.folder}")
    following = (
        "ostiary fleet list" if opened.kind is Kind.OPERATOR else "ostiary doctor, then restart the service"
    )
    typer.echo(f"next: {following}; delete the bundle and its QR code")
