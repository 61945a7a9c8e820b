"""All that a member of a site is given, as files in a folder or sealed in one file that may travel.

A sealed bundle: the magic `OSTIARYB`, a 16-byte salt, a 12-byte nonce, then AES-256-GCM over zlib-compressed
JSON. It opens with a code of 128 random bits, which is made with it, can never be chosen, and travels on
another way, as a QR code on paper or screen. So the key is derived without the slow steps that a chosen
passphrase asks for: HKDF with SHA-256 (RFC 5869).
"""

from __future__ import annotations

import base64
import json
import os
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge.errors import KeyUnusable

MAGIC = b"OSTIARYB"
DESCRIPTION = "bundle.json"
"""Whose bundle a folder is: kind, site and id."""
CONFIGURATION = "ostiary.toml"
CREDENTIALS = "credentials"
AUTHORITY = "ca.crt"
KEYRING = "keyring.json"
_SALT, _NONCE = 16, 12
_MOST_BYTES = 1_000_000
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no letter that could be read as a digit."""
_CODE_LENGTH, _GROUP = 26, 5
_SCHEME = "ostiary:join?"
_FIELDS = ("site", "id", "broker", "ca", "code")
_FILE = re.compile(r"(credentials/)?[a-z0-9][a-z0-9._-]{0,63}")


class Kind(StrEnum):
    """Whose bundle it is."""

    DEVICE = "device"
    HUB = "hub"
    OPERATOR = "operator"
    HOME_AUTOMATION = "home-automation"


@dataclass(frozen=True, slots=True)
class Bundle:
    """files: contents by path inside the bundle; what is below `credentials/` is named as systemd
    credentials are, by the setting it gives."""

    kind: Kind
    site: str
    id: str
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the QR code holds: enough to open a bundle and to know whom it is for; none of its contents.

    broker: host:port. ca: fingerprint of the site's authority. code: opens the bundle.
    """

    site: str
    id: str
    broker: str
    ca: str
    code: str = field(repr=False)

    def text(self) -> str:
        """`ostiary:join?site=north&id=door-1&broker=…&ca=…&code=…`"""
        return _SCHEME + urlencode([(name, getattr(self, name)) for name in _FIELDS], safe=":")


def invitation_of(text: str) -> Invitation:
    """Read the text of a QR code. Raises KeyUnusable."""
    if not text.startswith(_SCHEME):
        raise KeyUnusable("this QR code is not one of Ostiary's; scan that of the bundle")
    fields = dict(parse_qsl(text.strip()[len(_SCHEME) :]))
    if missing := [name for name in _FIELDS if not fields.get(name)]:
        raise KeyUnusable(f"the QR code has no {missing[0]}; scan it whole")
    return Invitation(**{name: fields[name] for name in _FIELDS})


def described(kind: Kind, site: str, member: str) -> bytes:
    """The content of `bundle.json`."""
    return json.dumps({"kind": kind, "site": site, "id": member}).encode() + b"\n"


def bundle_of(files: Mapping[str, bytes]) -> Bundle:
    """The bundle that a folder holds, from its files. Raises KeyUnusable when it is none."""
    try:
        about = json.loads(files[DESCRIPTION])
        return Bundle(Kind(about["kind"]), str(about["site"]), str(about["id"]), _checked(files))
    except (ValueError, KeyError, TypeError):
        raise KeyUnusable("this folder is no bundle; give one that 'ostiary fleet provision' made") from None


def new_code(random: Callable[[int], bytes] = os.urandom) -> str:
    """128 random bits as 26 letters and digits in groups: `7ZK2M-0QX4T-…`."""
    number = int.from_bytes(random(16), "big")
    digits = "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_CODE_LENGTH)))
    return "-".join(digits[start : start + _GROUP] for start in range(0, _CODE_LENGTH, _GROUP))


def seal(bundle: Bundle, code: str, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Encrypt a bundle under a code of `new_code`. Raises KeyUnusable when the code is none."""
    salt, nonce = random(_SALT), random(_NONCE)
    files = {path: base64.b64encode(data).decode() for path, data in bundle.files.items()}
    plain = zlib.compress(json.dumps(files).encode(), 9)
    return MAGIC + salt + nonce + AESGCM(_key(code, salt)).encrypt(nonce, plain, MAGIC)


def unseal(data: bytes, code: str) -> Bundle:
    """Decrypt what `seal` made. Raises KeyUnusable for a wrong code or a damaged file."""
    start = len(MAGIC) + _SALT + _NONCE
    if not data.startswith(MAGIC) or len(data) < start:
        raise KeyUnusable("this is not a bundle; give a file that 'ostiary fleet provision' wrote")
    salt, nonce = data[len(MAGIC) : len(MAGIC) + _SALT], data[start - _NONCE : start]
    try:
        packed = AESGCM(_key(code, salt)).decrypt(nonce, data[start:], MAGIC)
        plain = json.loads(zlib.decompressobj().decompress(packed, _MOST_BYTES))
        return bundle_of({path: base64.b64decode(text) for path, text in plain.items()})
    except InvalidTag:
        raise KeyUnusable(
            "the code is not that of this bundle, or the file is damaged; compare the QR code"
        ) from None
    except (ValueError, AttributeError, TypeError, zlib.error):
        raise KeyUnusable("the bundle was made by another version of Ostiary; provision anew") from None


def _checked(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Whoever made a bundle must not write anywhere else."""
    if strange := [path for path in files if not _FILE.fullmatch(path)]:
        raise KeyUnusable(f"the bundle holds a file {strange[0]!a} that belongs in none; provision anew")
    return files


def _key(code: str, salt: bytes) -> bytes:
    """32 bytes. What people misread is set right: small letters, blanks, O for 0, I and L for 1."""
    digits = re.sub(r"[\s-]", "", code).upper().translate(str.maketrans("OIL", "011"))
    if len(digits) != _CODE_LENGTH or not set(digits) <= set(_ALPHABET):
        raise KeyUnusable(f"a code has {_CODE_LENGTH} letters and digits; give that of the QR code")
    return HKDF(hashes.SHA256(), 32, salt, b"ostiary bundle 1").derive(digits.encode())
