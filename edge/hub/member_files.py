"""What each kind of member is given: its configuration, and which files go with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from edge.core.events import Json
from edge.core.roles import Role
from edge.core.toml_text import Sections
from edge.hub.inventory import Entry, Inventory
from edge.keys.bundle import AUTHORITY, CREDENTIALS, KEYRING, Kind

KEYS_LIST = "keys.list.json"
SIGNING_KEY = "signing.pem"
HUB_STORE = "/var/lib/ostiary-hub"


def certificate_files(kind: Kind) -> tuple[str, str]:
    """The names of certificate and key."""
    return f"{kind}.crt", f"{kind}.key"


def gallery_key_file(entry: Entry) -> str | None:
    """Under which name the key of the galleries is given; None to who needs none."""
    match entry.member.kind:
        case Kind.DEVICE if entry.member.gallery is not None:
            return f"{CREDENTIALS}/fleet.gallery_key"
        case Kind.OPERATOR if Role.GALLERY in entry.member.roles:
            return f"{CREDENTIALS}/fleet.gallery_key"
        case _:
            return None


def sections(inventory: Inventory, entry: Entry, folder: PurePath) -> Sections:
    """The settings of a member whose files are in `folder`; none for a home automation, which has its own."""
    member = entry.member
    if member.kind is Kind.HOME_AUTOMATION:
        return {}
    found: Sections = {"device": {"site": inventory.site, "id": member.id}}
    if member.kind is Kind.HUB:
        found["store"] = {"folder": HUB_STORE}
    found["mqtt"] = _mqtt(inventory, entry, folder)
    keyring = str(folder / KEYRING)
    match member.kind:
        case Kind.DEVICE:
            found["fleet"] = {
                "groups": [*member.groups],
                **({} if member.gallery is None else {"gallery": member.gallery}),
                "keyring": keyring,
                "require_ack": True,
            }
        case Kind.HUB:
            found["hub"] = {
                "id": member.id,
                "signing_key": str(folder / SIGNING_KEY),
                "keyring": keyring,
                "galleries": [*inventory.galleries],
            }
        case _:
            found["fleet"] = {"keyring": keyring}
            if member.roles:
                found["fleet"]["signing_key"] = str(folder / SIGNING_KEY)
    return found


def fallbacks(hosts: Sequence[str]) -> list[Json]:
    """All hosts but the first, IPv6 addresses in brackets as a setting names them."""
    return [f"[{host}]" if ":" in host else host for host in hosts[1:]]


def _mqtt(inventory: Inventory, entry: Entry, folder: PurePath) -> dict[str, Json]:
    member = entry.member
    certificate, key = certificate_files(member.kind)
    found: dict[str, Json] = {"host": inventory.hosts[0], "port": inventory.port}
    if others := fallbacks(inventory.hosts):
        found["fallbacks"] = others
    if inventory.is_cluster:
        found["version"] = "3.1.1"
    # An operator may watch in two windows; each run of a command is a session of its own.
    if member.kind is not Kind.OPERATOR:
        found["client_id"] = entry.client_id
    found["ca_file"] = str(folder / AUTHORITY)
    if inventory.passwords:
        found["username"] = member.id
    else:
        found |= {"cert_file": str(folder / certificate), "key_file": str(folder / key)}
    return found
