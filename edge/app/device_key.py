"""The key that this device signs receipts with: made at its first start, and never sent anywhere."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from edge.core.canonical import canonical
from edge.core.events import Json
from edge.core.gallery_sync import RECEIPT
from edge.keys.files import SECRET_BYTES, load_signing_key, save_signing_key
from edge.keys.signature import SigningKey

_FILE = "device-key.pem"


def open_device_key(folder: Path) -> SigningKey:
    """Read the key of the store in `folder`, or make one. Raises SettingsError."""
    file = folder / _FILE
    if not file.exists():
        save_signing_key(file, SigningKey.ed25519(os.urandom(SECRET_BYTES)))
    return load_signing_key(file)


def receipt_bytes(dev: str, body: dict[str, Json]) -> bytes:
    """What the signature of a receipt covers: the canonical form of its body without `sig`, with `type` and
    `dev`."""
    return canonical(
        {**{key: value for key, value in body.items() if key != "sig"}, "type": RECEIPT, "dev": dev}
    )


def public_key(key: SigningKey) -> dict[str, Json]:
    """How the description of the device names the key."""
    return {"kid": key.kid, "alg": "ed25519", "key": base64.b64encode(key.public).decode("ascii")}
