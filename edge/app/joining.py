"""Make this machine the member of a site that a bundle is for."""

from __future__ import annotations

import os
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path

from edge.configuration import load, operator_folder
from edge.core.toml_text import Sections, merged
from edge.errors import KeyUnusable, RequestRefused, SettingsError, StoreUnwritable
from edge.keys.authority import fingerprint
from edge.keys.bundle import (
    AUTHORITY,
    CONFIGURATION,
    CREDENTIALS,
    DESCRIPTION,
    Bundle,
    Invitation,
    Kind,
    bundle_of,
    unseal,
)
from edge.whole_file import make_folder, read_whole, write_whole

CREDENTIAL_STORE = Path("/etc/credstore")
"""Where systemd looks for the credentials of services."""
BEFORE = f"{CONFIGURATION}.before"
_FOLDERS = {Kind.DEVICE: Path("/etc/ostiary"), Kind.HUB: Path("/etc/ostiary-hub")}
_PATHS = frozenset(("ca_file", "cert_file", "key_file", "keyring", "signing_key"))
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Joined:
    """folder: of configuration, certificate and keys. credentials: of the secrets."""

    bundle: Bundle
    folder: Path
    credentials: Path


def open_bundle(source: Path, code: str | None) -> Bundle:
    """Read a sealed bundle, or a folder. Raises KeyUnusable and StoreUnwritable."""
    if source.is_dir():
        files = [path for path in source.rglob("*") if path.is_file()]
        return bundle_of({str(path.relative_to(source)): read_whole(path) for path in files})
    data = read_whole(source)
    if len(data) > _MOST_BYTES:
        raise KeyUnusable(f"{source} has {len(data)} bytes, which no bundle has; give the right file")
    if code is None:
        raise KeyUnusable("the bundle is sealed; give the code with --code, or the QR code with --qr")
    return unseal(data, code)


def check_invitation(bundle: Bundle, invitation: Invitation) -> None:
    """Refuse a bundle that is not the one the QR code was made for. Raises KeyUnusable."""
    if (bundle.site, bundle.id) != (invitation.site, invitation.id):
        raise KeyUnusable(
            f"the QR code is for {invitation.id} of {invitation.site}, the bundle for {bundle.id} of"
            f" {bundle.site}; take the two that belong together"
        )
    if fingerprint(bundle.files[AUTHORITY]) != invitation.ca:
        raise KeyUnusable("the bundle is of another authority than the QR code; provision anew")


def join(
    bundle: Bundle, folder: Path | None = None, credentials: Path | None = None, *, force: bool = False
) -> Joined:
    """Put everything in its place; the configuration last, and only if it can be used.

    force: also where this is another member now. Raises RequestRefused, SettingsError and StoreUnwritable;
    then the configuration is as it was.
    """
    if bundle.kind is Kind.HOME_AUTOMATION:
        raise RequestRefused("a home automation joins by itself; give it the certificate, the key and ca.crt")
    target = folder or _FOLDERS.get(bundle.kind, operator_folder())
    is_service = folder is None and bundle.kind in _FOLDERS
    secrets = credentials or (CREDENTIAL_STORE if is_service else target / CREDENTIALS)
    if not force:
        _check_free(bundle, target)
    text = _configuration(bundle, target)
    for each in (target, secrets):
        make_folder(each)
    group = _group_of(target)
    for name, content in bundle.files.items():
        if name.startswith(f"{CREDENTIALS}/"):
            write_whole(secrets / Path(name).name, content)
        elif name not in (CONFIGURATION, DESCRIPTION):
            _install(target / name, content, group)
    _configure(target, text, group)
    _install(target / DESCRIPTION, bundle.files[DESCRIPTION], group)
    return Joined(bundle, target, secrets)


def _check_free(bundle: Bundle, target: Path) -> None:
    if not (target / DESCRIPTION).is_file():
        return
    there = bundle_of({DESCRIPTION: read_whole(target / DESCRIPTION)})
    if (there.site, there.id) != (bundle.site, bundle.id):
        raise RequestRefused(
            f"this is {there.id} of {there.site} already; --force makes it {bundle.id} of {bundle.site}"
        )


def _configuration(bundle: Bundle, target: Path) -> str:
    """What is there, with the sections of the bundle, whose paths lead to `target`."""
    try:
        given: Sections = tomllib.loads(bundle.files[CONFIGURATION].decode())
    except (KeyError, ValueError):
        raise KeyUnusable(f"the bundle has no {CONFIGURATION} that can be read; provision anew") from None
    for values in given.values():
        for key in _PATHS & values.keys():
            values[key] = str(target / Path(str(values[key])).name)
    file = target / CONFIGURATION
    before = read_whole(file).decode("utf-8", "replace") if file.is_file() else ""
    try:
        return merged(before, given, whole=("mqtt",))
    except ValueError as error:
        raise SettingsError(f"{file} cannot be added to ({error}); move it aside and join again") from None


def _configure(target: Path, text: str, group: int | None) -> None:
    """Try the new configuration before it takes the place of the old one, which stays beside it."""
    file, trial = target / CONFIGURATION, target / f"{CONFIGURATION}.new"
    try:
        write_whole(trial, text.encode())
        load(trial)
        if file.is_file() and file.read_text() != text:
            _install(target / BEFORE, read_whole(file), group)
        _install(file, text.encode(), group)
    finally:
        trial.unlink(missing_ok=True)


def _group_of(folder: Path) -> int | None:
    """The group that reads a folder of root's, where the daemon is not root; None elsewhere."""
    status = folder.stat()
    is_shared = stat.S_IMODE(status.st_mode) & stat.S_IXGRP
    return status.st_gid if os.geteuid() == 0 and status.st_gid != 0 and is_shared else None


def _install(path: Path, content: bytes, group: int | None) -> None:
    if group is None:
        write_whole(path, content)
        return
    write_whole(path, content, mode=0o640)
    try:
        os.chown(path, -1, group)
    except OSError as error:
        raise StoreUnwritable(
            f"{path} cannot be given to its group ({error.strerror}); run as root"
        ) from None
