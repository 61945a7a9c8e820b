"""Whether commands must be signed, and whether the keys that may sign them will go on doing so."""

from __future__ import annotations

from datetime import datetime, timedelta

from edge.app.trust import keyring_in_force
from edge.core.roles import may_order
from edge.keys.keyring import KnownKey
from edge.service.health import Check, Status
from edge.settings import Settings

SOON = timedelta(days=30)
_NAME = "signatures"


def check_signatures(settings: Settings, now: datetime) -> Check:
    """now: aware UTC. Raises SettingsError for a keyring that cannot be used."""
    keyring = keyring_in_force(settings)
    if keyring is None:
        return _unsigned(settings)
    counting = [key for key in keyring.keys if key.counts(now)]
    told = f"commands must be signed: keyring version {keyring.version}, {len(counting)} keys"
    if not any(_opens(key) for key in counting):
        cure = "introduce one: ostiary fleet provision operator"
        return Check(_NAME, Status.WARN, f"{told}, none that may open a door", cure)
    ends = min((key.not_after for key in counting if key.not_after is not None), default=None)
    if ends is not None and ends - now < SOON:
        cure = "introduce its successor, then publish the list of keys"
        return Check(_NAME, Status.WARN, f"{told}, one of which ends on {ends:%Y-%m-%d}", cure)
    return Check(_NAME, Status.OK, told)


def _unsigned(settings: Settings) -> Check:
    mqtt = settings.mqtt
    if mqtt.host is None:
        return Check(_NAME, Status.SKIPPED, "no broker is configured; nobody can send commands")
    told = "commands need no signature; the broker's access rules decide who may unlock"
    if mqtt.tls or mqtt.ca_file is not None or mqtt.cert_file is not None:
        return Check(_NAME, Status.OK, told)
    return Check(_NAME, Status.WARN, f"{told}, without TLS", "set fleet.keyring, or TLS: systemd/README.md")


def _opens(key: KnownKey) -> bool:
    return any(may_order(role, "door.unlock") for role in key.roles)
