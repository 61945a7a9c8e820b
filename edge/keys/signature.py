"""Sign messages and check signatures: Ed25519 (RFC 8032) or HMAC-SHA-256 (RFC 2104).

What is signed is the canonical form of the envelope without `sig` and `cosig`, with the topic it is sent to
as one more key: a message that is moved to another device or group has no right signature there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.core.canonical import canonical
from edge.core.envelope import Envelope, document
from edge.core.events import Json

Algorithm: TypeAlias = Literal["ed25519", "hmac-sha256"]
_KID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs. kid: names it to those who check. secret: 32 bytes, the seed of an Ed25519 key or a
    shared secret."""

    kid: str
    algorithm: Algorithm
    secret: bytes = field(repr=False)

    @classmethod
    def ed25519(cls, seed: bytes) -> SigningKey:
        """seed: 32 random bytes."""
        return cls(kid_of(_private(seed).public_key().public_bytes_raw()), "ed25519", seed)

    @property
    def public(self) -> bytes:
        """32 bytes of the public key; of a shared secret there is none, which raises ValueError."""
        if self.algorithm != "ed25519":
            raise ValueError("a shared secret has no public part")
        return _private(self.secret).public_key().public_bytes_raw()

    def pem(self) -> bytes:
        """The Ed25519 key as PKCS #8, not encrypted."""
        return _private(self.secret).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, message: bytes) -> dict[str, Json]:
        """The value of `sig`."""
        if self.algorithm == "ed25519":
            value = _private(self.secret).sign(message)
        else:
            value = hmac.digest(self.secret, message, "sha256")
        return {"alg": self.algorithm, "kid": self.kid, "val": base64.b64encode(value).decode("ascii")}


def kid_of(public: bytes) -> str:
    """How an Ed25519 key is named: the first 16 hexadecimal digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(public).hexdigest()[:_KID_LENGTH]


def signed_bytes(envelope: Envelope, topic: str) -> bytes:
    """What a signature of this envelope on this topic covers. Raises MessageMalformed for fractions in it."""
    return canonical({**document(replace(envelope, sig=None, cosig=())), "topic": topic})


def signed(envelope: Envelope, topic: str, key: SigningKey, *others: SigningKey) -> Envelope:
    """The envelope with the signature of `key`, and cosigned by others. Raises MessageMalformed."""
    message = signed_bytes(envelope, topic)
    return replace(envelope, sig=key.sign(message), cosig=tuple(one.sign(message) for one in others))


def is_right(signature: dict[str, Json], message: bytes, algorithm: Algorithm, key: bytes) -> bool:
    """Whether a `sig` is that of a key. key: 32 public bytes, or the shared secret. Never raises."""
    value = signature.get("val")
    if signature.get("alg") != algorithm or not isinstance(value, str):
        return False
    try:
        given = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    # One spelling of each signature: the last character of base64 has bits that nobody reads.
    if base64.b64encode(given).decode("ascii") != value:
        return False
    if algorithm == "hmac-sha256":
        return hmac.compare_digest(given, hmac.digest(key, message, "sha256"))
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(given, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)
