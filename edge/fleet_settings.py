"""What is set for a device that is one of a fleet, and for the hub that keeps the fleet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from edge.section import Section

LEVEL = r"^[a-z0-9-]{1,64}$"
"""One level of an MQTT topic."""
Level = Annotated[str, Field(pattern=LEVEL)]


class FleetSettings(Section):
    """groups: whose commands the device obeys, besides its own and those for all. gallery: the gallery of the
    hub it follows; without one its people are its own. keyring: who may sign commands (JSON); without one the
    broker's access rules alone decide who may command. gallery_key: opens the templates of the gallery.
    offer_enrollments: whether the hub is offered who was enrolled here.
    signing_key: PEM file of the Ed25519 key that the commands of `ostiary fleet` are signed with.
    require_ack: an event is kept until the hub has stored it, and not only until the broker has it.
    remote_configuration: whether the hub may change settings. pictures: whether commands may carry pictures
    and ask for them. health_s: how often figures of health are published;
    0 never, but once a minute with require_ack."""

    groups: tuple[Level, ...] = ()
    gallery: Level | None = None
    keyring: Path | None = None
    gallery_key: SecretStr | None = None
    signing_key: Path | None = None
    offer_enrollments: bool = True
    require_ack: bool = False
    remote_configuration: bool = True
    pictures: bool = False
    health_s: float = Field(default=60.0, ge=0, le=3600)


class OtaSettings(Section):
    """trial_s: how long anything new (configuration, model, software) may take until all is well, and how
    long all has to stay well until it is kept. ca_file: authorities of the servers that files are fetched
    from; the system's without one. max_mb: the largest file. slots: folder of the two places that software is
    installed into in turns (systemd/README.md); without one no software comes from afar. wheels: folder with
    the wheels of what the software depends on. index: whether those may be fetched from a package index."""

    trial_s: float = Field(default=60.0, ge=1, le=600)
    ca_file: Path | None = None
    max_mb: int = Field(default=200, ge=1, le=4096)
    slots: Path | None = None
    wheels: Path | None = None
    index: bool = False


class HomeAssistantSettings(Section):
    """discovery: describe the device to Home Assistant over the same broker. allow_unlock: let it unlock the
    door, too; its commands are neither signed nor do they expire, so this weakens the door."""

    discovery: bool = False
    allow_unlock: bool = False


class MetricsSettings(Section):
    """Figures for Prometheus over HTTP, where a port is given."""

    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=1, le=65535)


class HubSettings(Section):
    """database: SQLAlchemy's address, e.g. `postgresql+psycopg://user@host/ostiary`; without one an SQLite
    file `hub.db` in the store's folder. id: of this hub on MQTT. signing_key: PEM file of the hub's Ed25519
    key, with the roles gallery, configuration and ota. keyring: who may sign requests to the hub.
    galleries: those it keeps; what is sealed in them it cannot open. accept_offers: whether people whom a
    device enrolled are taken in at once; else somebody has to accept them. keep_days: of events."""

    database: SecretStr | None = None
    id: Level = "hub"
    signing_key: Path | None = None
    keyring: Path | None = None
    galleries: tuple[Level, ...] = ("main",)
    accept_offers: bool = False
    keep_days: int = Field(default=365, ge=1, le=3650)
