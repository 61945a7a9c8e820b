"""What the broker of a site is given, in `broker/mosquitto` or `broker/nats` of the site's folder."""

from __future__ import annotations

from datetime import datetime, timedelta

from edge.hub import mosquitto, nats
from edge.hub.inventory import Inventory
from edge.hub.site_folder import SiteFolder
from edge.keys.authority import Authority, Credential, names_of
from edge.mqtt.topics import SiteTopics

_RENEWED_BEFORE = timedelta(days=30)


def write_server(folder: SiteFolder, authority: Authority, inventory: Inventory, now: datetime) -> None:
    """The broker's certificate, which names its hosts; `localhost` too, for who works on the machine.

    One that is there stays, until the hosts are others or a month before its end; its key stays always.
    """
    base = _base(inventory)
    names = [*dict.fromkeys((*inventory.hosts, "localhost"))]
    folder.write(f"{base}/ca.crt", authority.certificate)
    key = folder.read(f"{base}/server.key") if folder.has(f"{base}/server.key") else None
    if key is not None and folder.has(f"{base}/server.crt"):
        there = Credential(folder.read(f"{base}/server.crt"), key)
        if names_of(there.certificate) == names and now < there.not_after - _RENEWED_BEFORE:
            return
    credential = authority.server(names, now, key=key)
    folder.write(f"{base}/server.key", credential.key)
    folder.write(f"{base}/server.crt", credential.certificate)


def write_broker_files(folder: SiteFolder, authority: Authority, inventory: Inventory, now: datetime) -> None:
    """Configuration, access rules, and who is revoked. Raises StoreUnwritable."""
    base, site = _base(inventory), SiteTopics(inventory.site)
    revoked = authority.revocations(inventory.revoked_serials, now)
    folder.write("ca/crl.pem", revoked)
    files: dict[str, str] = {}
    if inventory.is_cluster:
        for number in range(1, len(inventory.hosts) + 1):
            files[f"nats-{number}.conf"] = nats.configuration(
                inventory.site, number, inventory.hosts, port=inventory.port
            )
        files["nats-users.conf"] = nats.users(site, inventory.members)
    else:
        folder.write(f"{base}/crl.pem", revoked)
        files["mosquitto.conf"] = mosquitto.configuration(
            inventory.site, port=inventory.port, passwords=inventory.passwords
        )
        files["acl"] = mosquitto.access_rules(site, inventory.members)
        if inventory.passwords:
            hashes = {
                entry.member.id: entry.password
                for entry in inventory.entries.values()
                if entry.password is not None and entry.revoked is None
            }
            files["passwords"] = mosquitto.password_file(hashes)
    for name, text in files.items():
        folder.write(f"{base}/{name}", text.encode())


def _base(inventory: Inventory) -> str:
    return "broker/nats" if inventory.is_cluster else "broker/mosquitto"
