"""`ostiary fleet provision`: certificates, keys and access rules of a site's members."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.cli.context import JsonOption, print_json
from edge.cli.fleet_epoch import epoch
from edge.cli.fleet_provided import as_json, provide, provisioning

if TYPE_CHECKING:
    from edge.hub.site_folder import SiteFolder

app = typer.Typer(help="Certificates, keys and access rules.", no_args_is_help=True)
app.command()(epoch)

FolderOption = Annotated[Path, typer.Option(help="The folder the site is provisioned from.")]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(help="Holds the passphrase of the authority's and the root key.", show_default=False),
]
NewKeyOption = Annotated[
    int | None,
    typer.Option(
        min=0, metavar="DAYS", help="A new signing key; the one before counts so long.", show_default=False
    ),
]
RenewOption = Annotated[bool, typer.Option("--renew", help="Sign a new certificate for the same key.")]
_FOLDER = Path("fleet")
_MOST_AT_ONCE = 100_000


class _Broker(StrEnum):
    MOSQUITTO = "mosquitto"
    NATS = "nats"


class _Role(StrEnum):
    OPERATOR = "operator"
    EMERGENCY = "emergency"
    GALLERY = "gallery"
    CONFIGURATION = "configuration"
    OTA = "ota"


@app.command()
def init(
    site: Annotated[str, typer.Argument(help="The site's id, 1 to 63 of a-z, 0-9 and -.")],
    host: Annotated[list[str], typer.Option(help="The broker's name or address; each node of a cluster.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="The broker's port.")] = 8883,
    gallery: Annotated[
        list[str] | None, typer.Option(help="A gallery of the hub's; main without one.", show_default=False)
    ] = None,
    broker: Annotated[_Broker, typer.Option(help="Which broker it is.")] = _Broker.MOSQUITTO,
    passwords: Annotated[
        bool, typer.Option("--passwords", help="Passwords, for a broker without client certificates.")
    ] = False,
    folder: FolderOption = _FOLDER,
    passphrase_file: PassphraseOption = None,
    json: JsonOption = False,
) -> None:
    """Make a site: its authority, its keys, its hub, and what the broker needs.

    Done again it changes nothing but hosts, port and galleries; no key is ever replaced.

    Examples:

        ostiary fleet provision init north --host broker.example

        ostiary fleet provision init north --broker nats --host a.example --host b.example --host c.example
    """
    galleries = tuple(dict.fromkeys(gallery or ("main",)))
    with provisioning(folder, passphrase_file) as (work, site_folder):
        inventory = work.start(
            site, host, port, galleries, is_cluster=broker is _Broker.NATS, passwords=passwords
        )
        files = site_folder.path / "broker" / broker
    if json:
        print_json({"site": inventory.site, "folder": str(site_folder.path), "broker": str(files)})
        return
    typer.echo(f"the site {inventory.site} is in {site_folder.path}; keep this folder off the network")
    typer.echo(f"for the broker: {files}; for the hub: {site_folder.path / 'bundles' / 'hub'}")


@app.command()
def device(
    name: Annotated[str | None, typer.Argument(help="The device's id.", show_default=False)] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="A group whose commands it obeys.", show_default=False)
    ] = None,
    no_groups: Annotated[bool, typer.Option("--no-groups", help="Take it out of all groups.")] = False,
    gallery: Annotated[
        str | None, typer.Option(help="The gallery of the hub it follows.", show_default=False)
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(min=1, max=_MOST_AT_ONCE, help="Many devices instead of one.", show_default=False),
    ] = None,
    prefix: Annotated[str, typer.Option(help="How the ids of many begin.")] = "door-",
    renew: RenewOption = False,
    folder: FolderOption = _FOLDER,
    passphrase_file: PassphraseOption = None,
    json: JsonOption = False,
) -> None:
    """Make a device's bundle, sealed, with the QR code that opens it; many come as plain folders.

    Done again it gives the same keys, with other groups or another gallery where those are named.

    Examples:

        ostiary fleet provision device door-1 --group lobby --gallery main

        ostiary fleet provision device --count 200 --prefix north- --gallery main
    """
    from edge.errors import RequestRefused
    from edge.hub.provisioning import Wish
    from edge.keys.bundle import Kind

    if (name is None) == (count is None):
        raise RequestRefused("give the id of one device, or --count for many")
    groups = () if no_groups else tuple(dict.fromkeys(group)) if group else None
    digits = len(str(count))
    names = [name] if name is not None else [f"{prefix}{at:0{digits}}" for at in range(1, (count or 0) + 1)]
    wishes = [Wish(one, Kind.DEVICE, groups, gallery) for one in names]
    provide(wishes, folder, passphrase_file, renew=renew, sealed=count is None, json=json)


@app.command()
def operator(
    name: Annotated[str, typer.Argument(help="The operator's id.")],
    role: Annotated[
        list[_Role] | None,
        typer.Option(help="What the operator may order; without any, watch only.", show_default=False),
    ] = None,
    renew: RenewOption = False,
    new_key: NewKeyOption = None,
    folder: FolderOption = _FOLDER,
    passphrase_file: PassphraseOption = None,
    json: JsonOption = False,
) -> None:
    """Make an operator's bundle, with a signing key for the roles.

    Example: ostiary fleet provision operator anna --role operator --role emergency
    """
    from edge.core.roles import Role
    from edge.hub.provisioning import Wish
    from edge.keys.bundle import Kind

    roles = None if role is None else frozenset(Role(one) for one in role)
    wishes = [Wish(name, Kind.OPERATOR, roles=roles)]
    provide(wishes, folder, passphrase_file, renew=renew, sealed=True, overlap_days=new_key, json=json)


@app.command()
def hub(
    renew: RenewOption = False,
    new_key: NewKeyOption = None,
    folder: FolderOption = _FOLDER,
    passphrase_file: PassphraseOption = None,
    json: JsonOption = False,
) -> None:
    """Make the hub's bundle, sealed; `init` made the plain one."""
    from edge.hub.provisioning import HUB, Wish
    from edge.keys.bundle import Kind

    wishes = [Wish(HUB, Kind.HUB)]
    provide(wishes, folder, passphrase_file, renew=renew, sealed=True, overlap_days=new_key, json=json)


@app.command()
def home_automation(
    name: Annotated[str, typer.Argument(help="What it is called at the broker.")] = "home-automation",
    allow_unlock: Annotated[
        bool | None,
        typer.Option(
            "--allow-unlock/--no-allow-unlock",
            help="Let it unlock doors that let it, too; such commands are not signed.",
            show_default=False,
        ),
    ] = None,
    renew: RenewOption = False,
    folder: FolderOption = _FOLDER,
    passphrase_file: PassphraseOption = None,
    json: JsonOption = False,
) -> None:
    """Make a certificate for Home Assistant, which may see the doors."""
    from edge.hub.provisioning import Wish
    from edge.keys.bundle import Kind

    wishes = [Wish(name, Kind.HOME_AUTOMATION, may_unlock=allow_unlock)]
    provide(wishes, folder, passphrase_file, renew=renew, sealed=False, json=json)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Whose certificates and keys shall count no longer.")],
    folder: FolderOption = _FOLDER,
    passphrase_file: PassphraseOption = None,
    json: JsonOption = False,
) -> None:
    """Take everything away from a member, for ever; the broker must be told afterwards."""
    with provisioning(folder, passphrase_file) as (work, site_folder):
        entry = work.revoke(name)
    if json:
        print_json(as_json(entry))
        return
    typer.echo(f"{name} is revoked; copy {site_folder.path / 'broker'} to the broker and reload it")
    if entry.kid is not None:
        typer.echo(
            "its signing key is off the list: 'ostiary fleet provision keys --publish' tells the devices"
        )


@app.command(name="list")
def list_members(folder: FolderOption = _FOLDER, json: JsonOption = False) -> None:
    """List who belongs to the site, and until when."""
    from rich.console import Console
    from rich.table import Table

    from edge.hub.site_folder import SiteFolder

    entries = SiteFolder(folder).inventory().entries.values()
    if json:
        print_json([as_json(entry) for entry in entries])
        return
    table = Table("id", "kind", "groups", "gallery", "roles", "valid until")
    for entry in entries:
        member, until = entry.member, entry.valid_until
        table.add_row(
            member.id,
            member.kind,
            ", ".join(member.groups),
            member.gallery or "",
            ", ".join(sorted(member.roles)),
            "revoked" if entry.revoked else "" if until is None else until.date().isoformat(),
        )
    Console().print(table)


@app.command()
def keys(
    publish: Annotated[
        bool, typer.Option("--publish", help="Send the list to the broker, for all devices.")
    ] = False,
    folder: FolderOption = _FOLDER,
    json: JsonOption = False,
) -> None:
    """Show whose signatures count, and tell the devices.

    The list is signed by the root key; devices take a newer one over, whoever brings it.
    """
    from edge.hub.site_folder import SiteFolder

    site_folder = SiteFolder(folder)
    inventory, keyring = site_folder.inventory(), site_folder.keyring()
    if publish:
        _publish_keys(site_folder)
    holders = {entry.kid: member for member, entry in inventory.entries.items() if entry.kid is not None}
    rows = [
        {"kid": key.kid, "holder": holders.get(key.kid, "root"), "roles": sorted(key.roles)}
        for key in keyring.keys
    ]
    if json:
        print_json({"version": keyring.version, "published": publish, "keys": rows})
        return
    for row in rows:
        typer.echo(f"{row['kid']}  {row['holder']:20} {', '.join(row['roles'])}")
    typer.echo(f"version {keyring.version}{', published' if publish else ''}")


def _publish_keys(site_folder: SiteFolder) -> None:
    """As the hub, which alone may."""
    from edge.broker_link import broker_link
    from edge.configuration import load
    from edge.errors import RequestRefused
    from edge.hub.provisioning import HUB
    from edge.mqtt.once import publish_once
    from edge.mqtt.topics import SiteTopics

    bundle = site_folder.path / "bundles" / HUB
    if not (bundle / "ostiary.toml").is_file():
        raise RequestRefused(f"the hub's bundle is not in {bundle}; run 'ostiary fleet provision hub'")
    link = broker_link(load(bundle / "ostiary.toml"))
    if link is None:
        raise RequestRefused(f"{bundle} names no broker; run 'ostiary fleet provision hub'")
    topic = SiteTopics(site_folder.inventory().site).keys
    publish_once(link, topic, site_folder.read("keys/keys.list.json"), retain=True)
