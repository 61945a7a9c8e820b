"""Who may order what: the roles of a signing key, and the commands of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What the holder of a key may do. root: introduce keys, and set an epoch back; kept offline."""

    ROOT = "root"
    OPERATOR = "operator"
    EMERGENCY = "emergency"
    GALLERY = "gallery"
    CONFIGURATION = "configuration"
    OTA = "ota"


class Scope(StrEnum):
    """Whom the topic of a command addresses."""

    DEVICE = "device"
    GROUP = "group"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Signer:
    """A key whose signature of a message is right and which counts now."""

    kid: str
    roles: frozenset[Role]
