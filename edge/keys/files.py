"""Keys in files: Ed25519 signing keys as PEM (PKCS #8), shared secrets as base64.

A file that holds a secret is for its owner alone. One that belongs to somebody else was put there by the
system, as systemd's credentials are: it is this user's group that such a file may be readable for.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from edge.errors import SettingsError
from edge.keys.signature import SigningKey
from edge.whole_file import sync_folder, unfinished_beside, write_anew

SECRET_BYTES = 32
_MOST_BYTES = 1 << 20


def load_signing_key(path: Path) -> SigningKey:
    """Read an Ed25519 key. Raises SettingsError for a file that is none, or that others may read."""
    try:
        key = load_pem_private_key(read_secret(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"{path} holds no PEM key without a pass phrase; make a new key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{path} holds a key of another kind; signing takes an Ed25519 key")
    return SigningKey.ed25519(key.private_bytes_raw())


def save_signing_key(path: Path, key: SigningKey) -> None:
    """Write an Ed25519 key to a new file of mode 0600. Raises SettingsError, also when there is a file."""
    write_secret(path, key.pem())


def load_secret(path: Path) -> bytes:
    """Read a shared secret or the key of a gallery: 32 bytes in base64. Raises SettingsError."""
    return decoded_secret(read_secret(path).decode("ascii", "replace"), str(path))


def save_secret(path: Path, secret: bytes) -> None:
    """Write 32 bytes to a new file of mode 0600. Raises SettingsError, also when there is a file."""
    write_secret(path, base64.b64encode(secret) + b"\n")


def decoded_secret(text: str, where: str) -> bytes:
    """The 32 bytes of a secret in base64. where: how an error message names it. Raises SettingsError."""
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise SettingsError(f"{where} is not {SECRET_BYTES} bytes in base64; make a new one")
    return secret


def read_secret(path: Path) -> bytes:
    """Read a file that must be for its owner alone. Raises SettingsError."""
    return _read(path, 0o077, "others may read it; run: chmod 600")


def read_guarded(path: Path) -> bytes:
    """Read a file that everybody may read, and only its owner change. Raises SettingsError."""
    return _read(path, 0o022, "others may change it; run: chmod go-w")


def write_secret(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600, durably. Raises SettingsError, also when there is a file."""
    unfinished = unfinished_beside(path)
    try:
        write_anew(unfinished, content)
        # Whole or not at all, over power cuts too; unlike a rename it replaces nothing.
        os.link(unfinished, path)
        unfinished.unlink()
        sync_folder(path.parent)
    except FileExistsError as error:
        raise SettingsError(f"{path} is there already; remove it, or name another file") from error
    except OSError as error:
        raise SettingsError(f"cannot write {path} ({error.strerror}); correct its folder") from error


def _read(path: Path, forbidden: int, complaint: str) -> bytes:
    """forbidden: bits of the mode that a file of ours must not have."""
    try:
        # Not the path's status but that of the very file that is read.
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"cannot read {path} ({error.strerror}); correct the path or its mode") from error
    if status.st_uid != os.geteuid():
        forbidden &= 0o007
    if stat.S_IMODE(status.st_mode) & forbidden:
        raise SettingsError(f"{path} has mode {stat.S_IMODE(status.st_mode):04o}, {complaint} {path}")
    if len(content) > _MOST_BYTES:
        raise SettingsError(f"{path} has more than {_MOST_BYTES} bytes; that is no key")
    return content
