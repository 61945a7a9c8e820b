"""Keep what travels through a broker from everybody without the key of the gallery: AES-256-GCM.

Sealed is the nonce (12 random bytes), then the ciphertext, then the tag (16 bytes). What a ciphertext is
about (`gallery_rows.about`) is authenticated with it and not in it: moved to another person, gallery or model
it does not open.
At random, two nonces of one key meet once in 2^32 seals with a chance of one in 4 billion (NIST SP
800-38D, 8.3); a site's templates stay far below that.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.errors import SealBroken

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
OVERHEAD_BYTES = _NONCE_BYTES + _TAG_BYTES
"""How much longer sealed is than plain."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def seal(key: bytes, plain: bytes, about: bytes) -> bytes:
    """key: 32 bytes. Raises ValueError for a key of another length."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _opened(key).encrypt(nonce, plain, about)


def unseal(key: bytes, sealed: bytes, about: bytes) -> bytes:
    """Raises SealBroken when it was sealed with another key or about something else, or was changed."""
    if len(sealed) < OVERHEAD_BYTES:
        raise SealBroken(f"{len(sealed)} bytes are too few to be sealed; ask for the row again")
    try:
        return _opened(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
    except InvalidTag as error:
        raise SealBroken(
            "the row does not open with this key; compare fleet.gallery_key with the site's, keys/gallery.key"
        ) from error


def _opened(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    return AESGCM(key)
