"""Who a virtual door is, and what it shares with others."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.core.face import ModelId
from edge.keys.keyring import Keyring
from edge.mqtt.link import Link


@dataclass(frozen=True, slots=True)
class Site:
    """What many doors have in common. keyring: None where nobody has to sign. gallery_key: 32 bytes; None
    where the gallery's rows are not opened. collected: a hub says which events it has."""

    site: str
    gallery: str | None
    groups: tuple[str, ...]
    model: ModelId
    keyring: Keyring | None = None
    gallery_key: bytes | None = field(default=None, repr=False)
    collected: bool = True


@dataclass(frozen=True, slots=True)
class Member:
    dev: str
    link: Link
    site: Site
