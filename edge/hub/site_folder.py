"""The folder that a site is provisioned from: its authority, its keys, what brokers and members are given.

    inventory.json           who belongs to the site
    ca/                      ca.crt, ca.key, crl.pem
    keys/                    root.pem, gallery.key, keyring.json, keys.list.json
    broker/mosquitto/        to be copied to the broker, or
    broker/nats/             to its nodes
    bundles/<id>/            what each member is given; <id>.bundle, <id>.png: the same, sealed, and its code

Whoever has this folder owns the site. It is needed for provisioning only and belongs on a machine that is not
on the network.
"""

from __future__ import annotations

import base64
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.errors import KeyUnusable, RequestRefused, StoreUnwritable
from edge.hub.inventory import Inventory, inventory_from
from edge.keys.authority import Authority
from edge.keys.cipher import new_key
from edge.keys.files import decoded_secret, load_signing_key
from edge.keys.keyring import Keyring, load_keyring
from edge.keys.signature import SigningKey
from edge.whole_file import make_folder, read_whole, write_whole


class SiteFolder:
    """Reads and writes the folder; what is in it is decided by `provisioning`.

    passphrase: of the authority's key and the root key, where they have one.
    """

    def __init__(self, path: Path, passphrase: str | None = None) -> None:
        self.path = path.absolute()
        self._passphrase = passphrase

    @property
    def is_there(self) -> bool:
        return (self.path / "inventory.json").is_file()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One at a time. Raises RequestRefused while another one provisions, and StoreUnwritable for a folder
        of keys that others can look into."""
        make_folder(self.path)
        if self.is_there and self.path.stat().st_mode & 0o077:
            raise StoreUnwritable(f"others can look into {self.path}, which holds keys; chmod it to 700")
        lock = self._file(".lock")
        lock.touch(mode=0o600)
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RequestRefused(f"another process provisions from {self.path}; wait for it") from None
            yield

    def inventory(self) -> Inventory:
        """Raises RequestRefused where there is none, and KeyUnusable for a damaged one."""
        if not self.is_there:
            raise RequestRefused(
                f"{self.path} is no folder of a site; run 'ostiary fleet provision init', or give --folder"
            )
        return inventory_from(read_whole(self.path / "inventory.json").decode("utf-8", "replace"))

    def save(self, inventory: Inventory) -> None:
        write_whole(self.path / "inventory.json", inventory.to_json().encode())

    def authority(self) -> Authority:
        """Raises KeyUnusable, for a wrong passphrase too."""
        return Authority.load(self.read("ca/ca.crt"), self.read("ca/ca.key"), self._passphrase)

    def root_key(self) -> SigningKey:
        """Raises KeyUnusable, for a wrong passphrase too."""
        try:
            key = serialization.load_pem_private_key(
                self.read("keys/root.pem"), self._passphrase.encode() if self._passphrase else None
            )
        except (ValueError, TypeError):
            raise KeyUnusable(f"{self._file('keys/root.pem')} does not open; give its passphrase") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyUnusable(f"{self._file('keys/root.pem')} is no Ed25519 key; restore it from a copy")
        return SigningKey.ed25519(key.private_bytes_raw())

    def keyring(self) -> Keyring:
        """Raises KeyringInvalid."""
        return load_keyring(self._file("keys/keyring.json"))

    def gallery_key(self) -> bytes:
        """As its file holds it, in base64. Raises SettingsError."""
        text = self.read("keys/gallery.key")
        decoded_secret(text.decode("ascii", "replace"), str(self._file("keys/gallery.key")))
        return text.strip()

    def secure_key(self, key: SigningKey) -> bytes:
        """A signing key as PKCS #8 in PEM, under the passphrase where there is one."""
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if self._passphrase:
            encryption = serialization.BestAvailableEncryption(self._passphrase.encode())
        private = Ed25519PrivateKey.from_private_bytes(key.secret)
        return private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )

    def secure_authority_key(self, authority: Authority) -> bytes:
        return authority.key(self._passphrase or None)

    def keep_signing_key(self, name: str, new: SigningKey) -> SigningKey:
        """The signing key in a file, or the new one, which is then in it."""
        if not self.has(name):
            self.write(name, new.pem())
        return load_signing_key(self._file(name))

    def keep_gallery_key(self) -> None:
        """Make the key that templates are sealed with, unless there is one."""
        if not self.has("keys/gallery.key"):
            self.write("keys/gallery.key", base64.b64encode(new_key()) + b"\n")

    def read(self, name: str) -> bytes:
        """Raises StoreUnwritable."""
        return read_whole(self._file(name))

    def has(self, name: str) -> bool:
        return self._file(name).is_file()

    def write(self, name: str, content: bytes, *, durable: bool = True) -> None:
        """Replace a file. Raises StoreUnwritable."""
        path = self._file(name)
        make_folder(path.parent)
        write_whole(path, content, durable=durable)

    def _file(self, name: str) -> Path:
        return self.path / name
