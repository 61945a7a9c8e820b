"""Whose signatures count on this device: the keyring in force, and how a newer one takes its place."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from datetime import datetime

from edge.core import envelope
from edge.core.envelope import Envelope
from edge.core.events import Event, EventClass, Json
from edge.core.nonce import DeviceNonce
from edge.core.rarely import Rarely
from edge.core.roles import Role, Signer
from edge.errors import KeyringInvalid, MessageMalformed, StoreError
from edge.keys.keyring import Keyring, keyring_from, load_keyring
from edge.mqtt.codec import parse_json
from edge.ports import Journal, Message
from edge.service.reporting import Clocks, Reporter
from edge.settings import Settings
from edge.store.database import open_database
from edge.store.journal import Journal as StoredJournal

logger = logging.getLogger(__name__)
REPORT_EVERY_S = 10.0
_STATE = "keyring"
TRUSTED_TIME = "trusted_time"
"""Under this key the journal keeps when the clock was last trusted, as seen now and then."""


class Trust:
    """`signers` and `nonce` may be asked from any thread; the rest is the controller's.

    keyring: that of the file, None where signatures are not asked for. topic: where newer lists of keys come
    from. The newest is kept in the journal, with which root keys the file had: a file with other ones was
    put there by hand, for another site, and counts from then on.
    """

    def __init__(
        self,
        keyring: Keyring | None,
        *,
        topic: str,
        journal: Journal,
        reporter: Reporter,
        clocks: Clocks,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.topic = topic
        self._origin = [] if keyring is None else _roots(keyring)
        self._keyring = keyring and _newer(keyring, journal.state(_STATE), self._origin)
        self._journal = journal
        self._reporter = reporter
        self._clocks = clocks
        self._passed = _time(journal.state(TRUSTED_TIME))
        self._nonce = DeviceNonce(random)
        self._rarely = Rarely(REPORT_EVERY_S)

    @property
    def version(self) -> int | None:
        """Of the keyring in force; None without one."""
        keyring = self._keyring
        return None if keyring is None else keyring.version

    def signers(self, received: Envelope, topic: str, now: datetime) -> tuple[Signer, ...] | None:
        """Whose signatures of a message on this topic are right; None where nobody has to sign.

        A key that had ended by a time that is over for certain stays so, whatever a lost clock says.
        """
        keyring = self._keyring
        return None if keyring is None else keyring.signers(received, topic, self._at(now))

    def nonce(self) -> str | None:
        """What a door command has to repeat while the clock cannot be trusted; None while it can."""
        return None if self._clocks.is_set() else self._nonce.value(self._clocks.monotonic())

    def passed(self) -> datetime | None:
        """A time that is over for certain: when the clock could last be trusted, as far as is known."""
        if self._clocks.is_set():
            self._passed = self._clocks.utc()
        return self._passed

    def spend(self) -> None:
        """A command was taken for its nonce; the next one needs another."""
        self._nonce.spend()

    def receive(self, message: Message) -> None:
        """Take a newer list of keys, if a root key signed it. Nothing that arrives makes it raise."""
        if self._keyring is None or not message.payload:
            return
        try:
            received = envelope.parse(parse_json(message.payload))
            newer = self._keyring.rotated(received, message.topic, self._at(self._clocks.utc()))
        except (KeyringInvalid, MessageMalformed) as error:
            self._refuse(str(error))
            return
        if newer is not self._keyring:
            self._replace(newer)

    def _at(self, now: datetime) -> datetime:
        """When a key has to count, to count now."""
        passed = self.passed()
        return now if passed is None else max(now, passed)

    def _replace(self, newer: Keyring) -> None:
        body: dict[str, Json] = {"version": newer.version, "keys": len(newer.keys)}
        # Even if it cannot be stored: a revoked key must count no more. The broker has it after a restart.
        self._keyring = newer
        try:
            text = json.dumps({"origin": self._origin, "keyring": newer.body()})
            self._journal.save_state(
                _STATE, text, [Event(EventClass.AUDIT, "audit.keys_changed", self._clocks.utc(), body)]
            )
        except StoreError as error:
            self._reporter.trouble("store", str(error))
        else:
            self._reporter.note_stored()
        logger.info("version %d of the keyring is in force: %d keys", newer.version, len(newer.keys))

    def _refuse(self, why: str) -> None:
        untold = self._rarely.ask("keys", self._clocks.monotonic())
        if untold is not None:
            logger.warning("refused a list of keys: %s", why)
            body: dict[str, Json] = {"text": why, "unreported": untold}
            self._reporter.report(EventClass.AUDIT, "audit.keys_refused", body)


def open_trust(
    settings: Settings, *, topic: str, journal: Journal, reporter: Reporter, clocks: Clocks
) -> Trust:
    """Raises SettingsError, KeyringInvalid for a keyring that cannot be used, and StoreError."""
    path = settings.fleet.keyring
    keyring = None if path is None else load_keyring(path)
    return Trust(keyring, topic=topic, journal=journal, reporter=reporter, clocks=clocks)


def keyring_in_force(settings: Settings) -> Keyring | None:
    """What a start of the daemon would go by; None where nobody has to sign. Raises as `open_trust` does."""
    path = settings.fleet.keyring
    if path is None:
        return None
    keyring = load_keyring(path)
    if not settings.store.file.exists():
        return keyring
    with open_database(settings.store.file, durable=False, check=False) as database:
        stored = StoredJournal(database, boot="", monotonic=time.monotonic).state(_STATE)
    return _newer(keyring, stored, _roots(keyring))


def _newer(mine: Keyring, stored: str | None, origin: list[Json]) -> Keyring:
    """The keyring of the file, or the one that once replaced it; the file's secrets count with either."""
    if stored is None:
        return mine
    try:
        kept = json.loads(stored)
        if kept["origin"] != origin:
            return mine
        theirs = keyring_from(kept["keyring"])
    except (ValueError, KeyError, TypeError, KeyringInvalid) as error:
        logger.warning(
            "the stored keyring cannot be read (%s); the file's counts until it comes again", error
        )
        return mine
    return mine.with_public(theirs) if theirs.version > mine.version else mine


def _time(stored: str | None) -> datetime | None:
    """What was kept under that key."""
    try:
        return None if stored is None else envelope.timestamp(stored, TRUSTED_TIME)
    except MessageMalformed as error:
        logger.warning("the time that was kept cannot be read (%s)", error)
        return None


def _roots(keyring: Keyring) -> list[Json]:
    return [*sorted(key.kid for key in keyring.keys if Role.ROOT in key.roles)]
