"""The keyring of a site as it grows, and the signed list of it that devices take over."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime

from edge.core.envelope import Envelope, document
from edge.core.identifiers import RANDOM_BYTES, uuid7
from edge.core.roles import Role
from edge.keys.keyring import KEYS_TYPE, Keyring, KnownKey
from edge.keys.signature import SigningKey, signed
from edge.mqtt.topics import SiteTopics

HUB_ROLES = frozenset((Role.GALLERY, Role.CONFIGURATION, Role.OTA))


def first_keyring(root: SigningKey) -> Keyring:
    """Nobody's but the root key."""
    return Keyring(1, (known(root, (Role.ROOT,)),))


def changed(keyring: Keyring, add: Iterable[KnownKey] = (), remove: Iterable[str] = ()) -> Keyring:
    """With keys added or given other roles, others (by kid) taken out; the next version if that differs."""
    added = {key.kid: key for key in add}
    gone = {*remove, *added}
    keys = (*(key for key in keyring.keys if key.kid not in gone), *added.values())
    return keyring if set(keys) == set(keyring.keys) else Keyring(keyring.version + 1, keys)


def known(key: SigningKey, roles: Iterable[Role]) -> KnownKey:
    return KnownKey(key.kid, "ed25519", key.public, frozenset(roles))


def keys_list(keyring: Keyring, site: SiteTopics, root: SigningKey, now: datetime) -> bytes:
    """The message to be retained on `SiteTopics.keys`, signed by the root key."""
    made = Envelope(
        uuid7(int(now.timestamp() * 1000), os.urandom(RANDOM_BYTES)), now, KEYS_TYPE, keyring.body()
    )
    return json.dumps(document(signed(made, site.keys, root)), indent=1).encode() + b"\n"
