"""Keys made from a number, and keyrings of them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from edge.core.envelope import Envelope
from edge.core.roles import Role
from edge.keys.keyring import KEYS_TYPE, Keyring, KnownKey
from edge.keys.signature import SigningKey, signed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEYS_TOPIC = "ostiary/1/site/keys"


def signing_key(name: str) -> SigningKey:
    return SigningKey.ed25519(hashlib.sha256(name.encode()).digest())


def shared_secret(name: str) -> SigningKey:
    return SigningKey(name, "hmac-sha256", hashlib.sha256(name.encode()).digest())


ROOT, OPERATOR, GALLERY = signing_key("root"), signing_key("operator"), signing_key("gallery")
RESCUERS = signing_key("rescuer 1"), signing_key("rescuer 2")


def known(key: SigningKey, *roles: Role, **times: datetime) -> KnownKey:
    check = key.public if key.algorithm == "ed25519" else key.secret
    return KnownKey(key.kid, key.algorithm, check, frozenset(roles), **times)


def keyring(version: int = 1, *more: KnownKey) -> Keyring:
    keys = (
        known(ROOT, Role.ROOT),
        known(OPERATOR, Role.OPERATOR),
        known(GALLERY, Role.GALLERY),
        *(known(key, Role.EMERGENCY) for key in RESCUERS),
    )
    return Keyring(version, keys + more)


def unlock(number: int = 1, *, at: datetime = NOW, **body: object) -> Envelope:
    return Envelope(
        id=f"01936f5e-0000-7000-8000-{number:012x}",
        ts=at,
        type="door.unlock",
        body={"door": "main", **body},
        exp=at + timedelta(seconds=20),
    )


def keys_list(ring: Keyring, *by: SigningKey, topic: str = KEYS_TOPIC, at: datetime = NOW) -> Envelope:
    """A signed `keys.list`, as the site's root publishes it."""
    body = ring.body()
    envelope = Envelope(id=f"01936f5e-0000-7000-9000-{ring.version:012x}", ts=at, type=KEYS_TYPE, body=body)
    return signed(envelope, topic, *by) if by else envelope
