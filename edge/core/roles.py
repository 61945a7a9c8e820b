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


TO_READ: Final = (
    "gallery.status",
    "device.list",
    "event.list",
    "alarm.list",
    "offer.list",
    "config.list",
    "rollout.list",
    "job.list",
    "file.list",
)
"""What the holder of any key may ask the hub."""

MAY_SIGN: Final[Mapping[Role, tuple[str, ...]]] = MappingProxyType(
    {
        Role.ROOT: ("keys.*", "gallery.rebase", "gallery.epoch"),
        Role.OPERATOR: (
            "door.*",
            "device.restart",
            "device.identify",
            "diag.selftest",
            "log.upload",
            "snapshot.request",
            "enroll.start",
            "gallery.revoke",
            "group.list",
            "person.list",
            "person.show",
            "config.get",
        ),
        Role.EMERGENCY: ("door.*", "gallery.revoke"),
        Role.GALLERY: ("gallery.*", "person.*", "face.*", "group.*", "offer.*", "enroll.start"),
        Role.CONFIGURATION: ("config.*", "device.restart", "device.forget"),
        Role.OTA: ("job.*", "rollout.*", "file.put"),
    }
)
"""The types of the messages each role may sign, besides `TO_READ`; `door.*` is every type that begins so."""


def may_order(role: Role, message_type: str) -> bool:
    """Whether a key with this role may sign messages of this type."""
    family = f"{message_type.partition('.')[0]}.*"
    return message_type in TO_READ or message_type in MAY_SIGN[role] or family in MAY_SIGN[role]


def roles_for(message_type: str) -> tuple[Role, ...]:
    """The roles that may sign messages of this type."""
    return tuple(role for role in Role if may_order(role, message_type))


def is_allowed(signer: Signer, message_type: str) -> bool:
    return any(may_order(role, message_type) for role in signer.roles)


def are_allowed(signers: Collection[Signer] | None, message_type: str) -> bool:
    """Whether one of those who signed a message may order what it says. None: nobody has to sign."""
    return signers is None or any(is_allowed(signer, message_type) for signer in signers)
