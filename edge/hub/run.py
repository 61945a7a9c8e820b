"""`ostiary hub run`: puts the hub together with its database, its keys and its broker."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from edge.core.identifiers import RANDOM_BYTES, uuid7
from edge.errors import DatabaseGone, SettingsError
from edge.host.keeper import sole_keeper
from edge.host.notify import SystemdNotifier
from edge.hub import parts as hub_parts
from edge.hub.author import Author
from edge.hub.database import HubDatabase, insert_new, open_hub
from edge.hub.hub import Hub
from edge.hub.keyholder import LIST_NAME, Keyholder
from edge.hub.lines import Line, filters
from edge.hub.metrics import HubMetrics, serve
from edge.hub.presence import HubPresence
from edge.hub.sender import Sender
from edge.hub.service import HubService
from edge.hub.standing import SETTLE_S, Standing
from edge.hub.tables import values
from edge.keys.files import load_signing_key
from edge.keys.keyring import load_keyring
from edge.mqtt.client import MqttBus
from edge.mqtt.link import Link
from edge.mqtt.listening import GALLERY_BYTES
from edge.mqtt.topics import SiteTopics
from edge.ports import Notifier
from edge.settings import Settings

logger = logging.getLogger(__name__)

WINDOW = 200
"""Messages handed over and not yet acknowledged."""
RETRY_S = 5.0
_IDENTITY = "identity"


def run(
    settings: Settings,
    link: Link,
    stop: threading.Event,
    *,
    notifier: Notifier | None = None,
    settle_s: float = SETTLE_S,
) -> None:
    """Be the hub of a site until `stop` is set. settle_s: see `Standing`. Raises OstiaryError."""
    with ExitStack() as stack:
        _folder(settings)
        stack.enter_context(sole_keeper(settings.store.folder))
        notifier = notifier or SystemdNotifier.from_environment()
        database = stack.enter_context(open_database(settings))
        keyholder, author = keys(settings)
        identity = _wait_for(database, stop, notifier)
        if identity is None:
            return
        hub = settings.hub
        boot = uuid.uuid4().hex[:12]
        parts = hub_parts.build(
            author, boot, settings.store.folder, keyholder, accept_offers=hub.accept_offers
        )
        standing = Standing(boot, identity, int(time.time()), settle_s)
        presence = HubPresence(author.topics, hub.id, standing)
        link = replace(link, client_id=settings.mqtt.client_id or client_id(hub.id, settings), window=WINDOW)
        sessions = _sessions().__next__

        def line(which: Line, link: Link, presence: HubPresence | None) -> MqttBus:
            wanted = filters(author.topics, which)
            return MqttBus(link, presence, wanted, sessions=sessions, hold_acks=True, max_bytes=GALLERY_BYTES)

        bus = line(Line.ORDERS, link, presence)
        events = line(Line.EVENTS, replace(link, client_id=f"{link.client_id}-events"), None)
        sender = Sender(bus)
        listed = hub.keyring.parent / LIST_NAME if hub.keyring is not None else None
        service = HubService(
            bus=bus,
            events=events,
            sender=sender,
            hub=Hub(
                database,
                parts,
                publish=sender.send,
                utc=utc,
                is_busy=lambda: sender.is_busy,
                keep_days=hub.keep_days,
            ),
            parts=parts,
            database=database,
            standing=standing,
            presence=presence,
            begin=lambda begun, is_forgotten: begun.begin(hub.galleries, listed, is_forgotten=is_forgotten),
            notifier=notifier,
        )
        if settings.metrics.port is not None:
            serve(HubMetrics(service, parts, database), settings.metrics.host, settings.metrics.port)
        logger.info("hub %s of site %s, database %s", hub.id, author.topics.site, database.where)
        service.run(stop)


def open_database(settings: Settings) -> HubDatabase:
    """The database that the settings name. Raises SettingsError, StoreError."""
    address = settings.hub.database
    return open_hub(settings.store.folder / "hub.db" if address is None else address.get_secret_value())


def identity_of(database: HubDatabase) -> str:
    """Bring the tables up to date; returns what names the database, 16 hex digits. Raises StoreError."""
    database.migrate()
    with database.transaction() as connection:
        made = {"key": _IDENTITY, "value": os.urandom(8).hex()}
        connection.execute(insert_new(connection, values), made)
        found = connection.execute(select(values.c.value).where(values.c.key == _IDENTITY)).scalar()
    return str(found)


def keys(settings: Settings) -> tuple[Keyholder, Author]:
    """Whose signatures count, and with what the hub signs. Raises SettingsError, KeyringInvalid."""
    hub = settings.hub
    site = SiteTopics(settings.device.site)
    keyring = None if hub.keyring is None else load_keyring(hub.keyring)
    key = None if hub.signing_key is None else load_signing_key(hub.signing_key)
    if keyring is not None and key is None:
        raise SettingsError("hub.keyring is set and hub.signing_key is not: no door would believe this hub")
    if keyring is not None and key is not None and key.kid not in {known.kid for known in keyring.keys}:
        raise SettingsError(
            f"the keyring {hub.keyring} does not know the key {hub.signing_key} ({key.kid}): no door would"
            " believe this hub; provision it again"
        )
    return Keyholder(keyring, site.keys, utc), Author(site, hub.id, key, new_id)


def client_id(hub: str, settings: Settings) -> str:
    """Names the session that the broker keeps: another one for each folder, so that a second hub does not
    take the first one's."""
    return f"{hub}-{uuid.uuid5(uuid.NAMESPACE_OID, f'{uuid.getnode()}{settings.store.folder}').hex[:8]}"


def new_id() -> str:
    """A fresh UUIDv7."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES))


def utc() -> datetime:
    return datetime.now(UTC)


def _wait_for(database: HubDatabase, stop: threading.Event, notifier: Notifier) -> str | None:
    """The database's identity, once it answers; None when `stop` came first."""
    told: str | None = None
    while not stop.is_set():
        try:
            return identity_of(database)
        except DatabaseGone as error:
            if str(error) != told:
                told = str(error)
                logger.error("%s; trying again", told)
                # It is the database's turn; a start that takes long must not count as one that failed.
                notifier.ready()
                notifier.status(told)
        notifier.alive()
        stop.wait(RETRY_S)
    return None


def _sessions() -> Iterator[int]:
    """Milliseconds since 1970, and rising also when the clock is set back."""
    session = 0
    while True:
        session = max(session + 1, time.time_ns() // 1_000_000)
        yield session


def _folder(settings: Settings) -> Path:
    """The folder of the hub, made when it is not there. Raises SettingsError."""
    folder = settings.store.folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"store.folder {folder} cannot be made ({error.strerror}); correct it") from error
    return folder
