"""Make what a member is given, and take it away."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass, field, replace
from datetime import datetime

from edge.core.toml_text import toml
from edge.errors import KeyUnusable
from edge.hub import member_files as names
from edge.hub.inventory import Entry, Inventory, Issued
from edge.hub.mosquitto import hashed
from edge.hub.site_folder import SiteFolder
from edge.keys.authority import Authority, Credential, fingerprint
from edge.keys.bundle import (
    AUTHORITY,
    CONFIGURATION,
    CREDENTIALS,
    DESCRIPTION,
    KEYRING,
    Bundle,
    Invitation,
    Kind,
    described,
    new_code,
    seal,
)
from edge.keys.signature import SigningKey

_PASSWORD = f"{CREDENTIALS}/mqtt.password"


@dataclass(frozen=True, slots=True)
class Provided:
    """invitation: what the QR code of the sealed bundle says; None where none was sealed."""

    entry: Entry
    invitation: Invitation | None = field(default=None, repr=False)


def provide(
    folder: SiteFolder,
    inventory: Inventory,
    entry: Entry,
    authority: Authority,
    now: datetime,
    *,
    renew: bool,
    sealed: bool,
    key: SigningKey | None,
) -> Provided:
    """Write a member's bundle, with the keys it has if it has any. key: what it signs with."""
    member, base = entry.member, f"bundles/{entry.member.id}"
    files: dict[str, bytes] = {
        DESCRIPTION: described(member.kind, inventory.site, member.id),
        AUTHORITY: authority.certificate,
    }
    if inventory.passwords:
        entry, files[_PASSWORD] = _password(folder, base, entry)
    else:
        credential = _credential(folder, base, entry, authority, now, renew=renew)
        certificate, private = names.certificate_files(member.kind)
        files |= {certificate: credential.certificate, private: credential.key}
        issued = Issued(credential.serial, credential.not_after)
        if issued not in entry.certificates:
            entry = replace(entry, certificates=(*entry.certificates, issued))
    if member.kind is not Kind.HOME_AUTOMATION:
        files[KEYRING] = folder.read("keys/keyring.json")
    if member.kind is Kind.HUB:
        files[names.KEYS_LIST] = folder.read("keys/keys.list.json")
    if key is not None:
        files[names.SIGNING_KEY] = key.pem()
    if (gallery_key := names.gallery_key_file(entry)) is not None:
        files[gallery_key] = folder.gallery_key() + b"\n"
    if sections := names.sections(inventory, entry, folder.path / base):
        title = f"# {member.kind} {member.id} of the site {inventory.site}; 'ostiary join' installs it.\n\n"
        files[CONFIGURATION] = (title + toml(sections)).encode()
    for secret in (folder.path / base / CREDENTIALS).glob("*"):
        if f"{CREDENTIALS}/{secret.name}" not in files:
            secret.unlink()  # of a role that the member has no longer
    for name, content in files.items():
        folder.write(f"{base}/{name}", content, durable=False)
    if not sealed:
        return Provided(entry)
    code = new_code()
    bundle = Bundle(member.kind, inventory.site, member.id, files)
    folder.write(f"{base}.bundle", seal(bundle, code))
    broker = f"{inventory.hosts[0]}:{inventory.port}"
    return Provided(
        entry, Invitation(inventory.site, member.id, broker, fingerprint(authority.certificate), code)
    )


def withdraw(folder: SiteFolder, member: str) -> None:
    """Delete what a member was given, as far as it is here."""
    shutil.rmtree(folder.path / "bundles" / member, ignore_errors=True)
    for suffix in (".bundle", ".png", ".svg"):
        (folder.path / "bundles" / f"{member}{suffix}").unlink(missing_ok=True)


def _credential(
    folder: SiteFolder, base: str, entry: Entry, authority: Authority, now: datetime, *, renew: bool
) -> Credential:
    """The one that is there, unless it is to be renewed or was never entered into the inventory."""
    certificate, private = names.certificate_files(entry.member.kind)
    if not folder.has(f"{base}/{private}"):
        return authority.client(entry.member.id, now)
    key = folder.read(f"{base}/{private}")
    if not renew and folder.has(f"{base}/{certificate}"):
        there = Credential(folder.read(f"{base}/{certificate}"), key)
        try:
            if Issued(there.serial, there.not_after) in entry.certificates and now < there.not_after:
                return there
        except KeyUnusable:
            pass
    return authority.client(entry.member.id, now, key=key)


def _password(folder: SiteFolder, base: str, entry: Entry) -> tuple[Entry, bytes]:
    """The one that is there, or a new one."""
    if folder.has(f"{base}/{_PASSWORD}") and entry.password is not None:
        return entry, folder.read(f"{base}/{_PASSWORD}")
    password = secrets.token_urlsafe(24)
    return replace(entry, password=hashed(password)), password.encode()
