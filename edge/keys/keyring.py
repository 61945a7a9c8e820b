"""Whose signatures count, what each may sign, and from when until when.

A keyring is a JSON file, the same on every device of a site; as the body of a root-signed `keys.list` it
replaces an older one over MQTT:

    {"version": 3,
     "keys": [{"kid": "0f3c…", "alg": "ed25519", "key": "<base64>", "roles": ["operator"],
               "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}]}

The two times may be left out. `key` is 32 bytes: of an Ed25519 key the public half, whose digest is its
`kid`; of HMAC-SHA-256 the shared secret, which may be in a file and never in a message. Several keys may
have one role: a new one is introduced before the old one's `not_after`.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast, get_args

from edge.core.envelope import Envelope, timestamp, to_timestamp
from edge.core.events import Json
from edge.core.roles import Role, Signer
from edge.errors import KeyringInvalid, MessageMalformed
from edge.keys.files import read_guarded, read_secret
from edge.keys.signature import Algorithm, is_right, kid_of, signed_bytes

KEYS_TYPE = "keys.list"
"""The type of the envelope a new keyring arrives in."""
MOST_KEYS = 256
KEY_BYTES = 32
_LONGEST_KID = 64
_LARGEST = 2**53 - 1
_NEEDED = frozenset(("kid", "alg", "key", "roles"))
_TIMES = frozenset(("not_before", "not_after"))


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that signatures are checked with. key: 32 bytes, public or a shared secret. It counts from
    not_before until just before not_after; aware UTC, None is open-ended."""

    kid: str
    algorithm: Algorithm
    key: bytes = field(repr=False)
    roles: frozenset[Role]
    not_before: datetime | None = None
    not_after: datetime | None = None

    def counts(self, now: datetime) -> bool:
        """now: aware UTC."""
        return (self.not_before is None or self.not_before <= now) and (
            self.not_after is None or now < self.not_after
        )


@dataclass(frozen=True, slots=True)
class Keyring:
    """version: grows with every change."""

    version: int
    keys: tuple[KnownKey, ...]

    def signers(self, envelope: Envelope, topic: str, now: datetime) -> tuple[Signer, ...]:
        """The keys whose signature or cosignature of this envelope on this topic is right and counts now,
        each once. Never raises: what cannot be checked is not right. now: aware UTC."""
        known = {key.kid: key for key in self.keys if key.counts(now)}
        claimed = [one for one in (envelope.sig, *envelope.cosig) if one is not None and one["kid"] in known]
        if not claimed:
            return ()
        try:
            message = signed_bytes(envelope, topic)
        except MessageMalformed:
            return ()
        right = {
            key.kid: Signer(key.kid, key.roles)
            for one in claimed
            if is_right(one, message, (key := known[str(one["kid"])]).algorithm, key.key)
        }
        return tuple(right.values())

    def rotated(self, envelope: Envelope, topic: str, now: datetime) -> Keyring:
        """The keyring of a `keys.list` message on its topic, signed by a root key of this one.

        Shared secrets stay as they are here. The same version is this keyring again. Raises KeyringInvalid
        for a lower version, for one that no root key signed, and for a body that is no keyring or one
        without a root key that could introduce the next.
        """
        if envelope.type != KEYS_TYPE:
            raise KeyringInvalid(f"a message {envelope.type} is no list of keys; send {KEYS_TYPE}")
        if not any(Role.ROOT in signer.roles for signer in self.signers(envelope, topic, now)):
            raise KeyringInvalid("the list of keys is not signed by a root key of this keyring; sign it")
        given = keyring_from(envelope.body)
        if any(key.algorithm != "ed25519" for key in given.keys):
            raise KeyringInvalid("a list of keys holds a shared secret; revoke that secret, others know it")
        if given.version <= self.version:
            if given.version == self.version:
                return self
            raise KeyringInvalid(f"version {given.version} is older than {self.version}, which is in force")
        if not any(Role.ROOT in key.roles for key in given.keys):
            raise KeyringInvalid("the list of keys has no root key; nobody could ever change it again")
        return self.with_public(given)

    def with_public(self, other: Keyring) -> Keyring:
        """The other keyring, with the shared secrets of this one."""
        secrets = tuple(key for key in self.keys if key.algorithm != "ed25519")
        return Keyring(other.version, other.keys + secrets)

    def body(self) -> dict[str, Json]:
        """As the body of a `keys.list`: without shared secrets."""
        public = [key for key in self.keys if key.algorithm == "ed25519"]
        return {"version": self.version, "keys": [_document(key) for key in public]}

    def to_json(self) -> str:
        """The text of its file, shared secrets and all; `keyring_from` reads what is parsed of it."""
        keys = [_document(key) for key in self.keys]
        return json.dumps({"version": self.version, "keys": keys}, indent=1) + "\n"


def load_keyring(path: Path) -> Keyring:
    """Read a keyring's file. Raises KeyringInvalid for what is in it, and SettingsError for a file that
    cannot be read, that others may change, or that others may read although it holds a shared secret."""
    try:
        keyring = parse_keyring(read_guarded(path).decode("utf-8"))
    except (KeyringInvalid, UnicodeDecodeError) as error:
        raise KeyringInvalid(f"{path}: {error}") from error
    if any(key.algorithm != "ed25519" for key in keyring.keys):
        read_secret(path)
    return keyring


def parse_keyring(text: str) -> Keyring:
    """Read what `to_json` wrote. Raises KeyringInvalid."""
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KeyringInvalid(f"the keyring is not JSON ({str(error)[:80]})") from error
    return keyring_from(value)


def keyring_from(body: Json) -> Keyring:
    """Read the body of a `keys.list`. Raises KeyringInvalid, naming what is wrong."""
    if not isinstance(body, dict) or body.keys() != {"version", "keys"}:
        raise KeyringInvalid("a keyring is an object of 'version' and 'keys'; correct it")
    version, keys = body["version"], body["keys"]
    if type(version) is not int or not 1 <= version <= _LARGEST:
        raise KeyringInvalid("the keyring's 'version' is a whole number from 1; correct it")
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS:
        raise KeyringInvalid(f"the keyring's 'keys' are a list of 1 to {MOST_KEYS}; correct it")
    known = tuple(_key(one, place) for place, one in enumerate(keys, 1))
    if len({key.kid for key in known}) < len(known) or len({key.key for key in known}) < len(known):
        # One key under two names would pass as two who agree.
        raise KeyringInvalid("a key, or the id of one, is twice in the keyring; remove one of them")
    return Keyring(version, known)


def _key(value: Json, place: int) -> KnownKey:
    if not isinstance(value, dict) or not _NEEDED <= value.keys() <= _NEEDED | _TIMES:
        raise KeyringInvalid(
            f"key {place} has other entries than {', '.join(sorted(_NEEDED | _TIMES))}; correct it"
        )
    kid, algorithm, roles = value["kid"], value["alg"], value["roles"]
    if not isinstance(kid, str) or not 0 < len(kid) <= _LONGEST_KID or not kid.isprintable():
        raise KeyringInvalid(f"key {place}: 'kid' is 1 to {_LONGEST_KID} printable characters; correct it")
    if algorithm not in get_args(Algorithm):
        raise KeyringInvalid(f"key {place}: 'alg' is one of {', '.join(get_args(Algorithm))}; correct it")
    if not isinstance(roles, list) or not roles or not set(map(str, roles)) <= set(Role):
        raise KeyringInvalid(f"key {place}: 'roles' is a list of {', '.join(Role)}; correct it")
    key = _bytes(value["key"], place)
    if algorithm != "ed25519" and Role.ROOT in roles:
        raise KeyringInvalid(f"key {place}: a shared secret cannot be a root key; whoever has it could sign")
    if algorithm == "ed25519" and kid != kid_of(key):
        raise KeyringInvalid(f"key {place}: 'kid' is not that of the key, {kid_of(key)}; correct it")
    try:
        before, after = (
            timestamp(value[name], name) if name in value else None for name in ("not_before", "not_after")
        )
    except MessageMalformed as error:
        raise KeyringInvalid(f"key {place}: {error}") from error
    return KnownKey(
        kid, cast(Algorithm, algorithm), key, frozenset(Role(str(role)) for role in roles), before, after
    )


def _bytes(value: Json, place: int) -> bytes:
    try:
        key = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyringInvalid(f"key {place}: 'key' is {KEY_BYTES} bytes in base64; correct it")
    return key


def _document(key: KnownKey) -> dict[str, Json]:
    times = {"not_before": key.not_before, "not_after": key.not_after}
    return {
        "kid": key.kid,
        "alg": key.algorithm,
        "key": base64.b64encode(key.key).decode("ascii"),
        "roles": [role.value for role in sorted(key.roles)],
        **{name: to_timestamp(at) for name, at in times.items() if at is not None},
    }
