"""Identifiers that sort by time: UUIDv7 (RFC 9562, section 5.7), made from nothing but the arguments."""

from __future__ import annotations

import uuid

RANDOM_BYTES = 10
_LATEST_MS = 2**48 - 1


def uuid7(unix_ms: int, random: bytes) -> str:
    """Make a UUIDv7 in its usual text form, 36 characters in lower case.

    unix_ms: milliseconds since 1970 UTC, 0 .. 2**48 - 1. random: exactly 10 bytes, of which 74 bits
    are used. Two ids of the same millisecond sort by their random bytes. Raises ValueError.
    """
    if not 0 <= unix_ms <= _LATEST_MS:
        raise ValueError(f"unix_ms is {unix_ms}; it must be in 0 .. {_LATEST_MS}")
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"random has {len(random)} bytes; it must have {RANDOM_BYTES}")
    noise = int.from_bytes(random, "big")
    rand_a = noise >> 68
    rand_b = noise & (2**62 - 1)
    value = unix_ms << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return str(uuid.UUID(int=value))


def unix_ms_of(identifier: str) -> int:
    """The time a UUIDv7 carries, in milliseconds since 1970 UTC. Raises ValueError for anything else."""
    value = uuid.UUID(identifier)
    if value.version != 7:
        raise ValueError(f"{identifier!r} is not a UUIDv7")
    return value.int >> 80
