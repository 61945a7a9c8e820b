"""Who may order what: the roles of a signing key, and the messages that each may sign."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


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


MAY_SIGN: Final[Mapping[Role, tuple[str, ...]]] = MappingProxyType(
    {
        Role.ROOT: ("keys.*", "gallery.rebase"),
        Role.OPERATOR: (
            "door.*",
            "device.*",
            "diag.selftest",
            "log.upload",
            "snapshot.request",
            "enroll.start",
            "gallery.revoke",
            "gallery.status",
            "group.list",
            "person.list",
            "person.show",
            "event.list",
            "config.get",
            "config.list",
            "rollout.list",
        ),
        Role.EMERGENCY: ("door.*", "gallery.revoke"),
        Role.GALLERY: ("gallery.*", "person.*", "face.*", "group.*", "enroll.start", "device.list"),
        Role.CONFIGURATION: ("config.*", "device.restart", "device.list"),
        Role.OTA: ("job.*", "rollout.*", "device.list"),
    }
)
"""The types of the messages each role may sign; `door.*` is every type that begins with `door.`."""


def may_order(role: Role, message_type: str) -> bool:
    """Whether a key with this role may sign messages of this type."""
    family = f"{message_type.partition('.')[0]}.*"
    return message_type in MAY_SIGN[role] or family in MAY_SIGN[role]


def is_allowed(signer: Signer, message_type: str) -> bool:
    return any(may_order(role, message_type) for role in signer.roles)


def are_allowed(signers: Collection[Signer] | None, message_type: str) -> bool:
    """Whether one of those who signed a message may order what it says. None: nobody has to sign."""
    return signers is None or any(is_allowed(signer, message_type) for signer in signers)
