"""Whose signatures count for the hub, and the list of keys that it hands on to the devices."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from edge.core.envelope import Envelope, document, parse
from edge.core.roles import Signer
from edge.errors import KeyringInvalid, MessageMalformed
from edge.hub.database import put
from edge.hub.tables import values
from edge.hub.work import Work
from edge.keys.keyring import Keyring, keyring_from
from edge.mqtt.codec import Outgoing, dump_json, parse_json

logger = logging.getLogger(__name__)

LIST_NAME = "keys.list.json"
"""Beside the keyring, when there is one: the root-signed list that the devices are to have."""
_KEY = "keys.list"


class Keyholder:
    """keyring: of the file; None where nobody has to sign. topic: where lists of keys are published.

    A list that arrived over MQTT is kept in the database, and counts when it is newer than the file.
    """

    def __init__(self, keyring: Keyring | None, topic: str, utc: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._topic = topic
        self._utc = utc

    def signers(self, received: Envelope, topic: str, now: datetime) -> tuple[Signer, ...] | None:
        """Whose signatures of a message on this topic are right; None where nobody has to sign."""
        return None if self._keyring is None else self._keyring.signers(received, topic, now)

    def begin(self, work: Work, listed: Path | None) -> None:
        """Go on with the newest list, and publish it. listed: a file with one, if it exists."""
        stored = work.connection.execute(select(values.c.value).where(values.c.key == _KEY)).scalar()
        texts = [stored.encode()] if stored else []
        if listed is not None and listed.is_file():
            texts.append(listed.read_bytes())
        newest = max((told for text in texts if (told := self._take(text))), key=_version, default=None)
        if newest is not None:
            self._keep(work, newest)

    def receive(self, work: Work, payload: bytes) -> None:
        """Take a newer list of keys that a root key signed."""
        before = self._keyring
        told = self._take(payload)
        if told is not None and self._keyring is not before:
            self._keep(work, told)

    def _take(self, payload: bytes) -> Envelope | None:
        if self._keyring is None:
            return None
        try:
            told = parse(parse_json(payload))
            if _version(told) < self._keyring.version:
                return None
            if _version(told) > self._keyring.version:
                self._keyring = self._keyring.rotated(told, self._topic, self._utc())
            else:
                keyring_from(told.body)
        except (MessageMalformed, KeyringInvalid) as error:
            logger.warning("a list of keys is passed over: %s", error)
            return None
        return told

    def _keep(self, work: Work, told: Envelope) -> None:
        text = dump_json(document(told))
        work.connection.execute(put(work.connection, values), {"key": _KEY, "value": text.decode()})
        work.say(Outgoing(self._topic, text, retain=True))


def _version(told: Envelope) -> int:
    version = told.body.get("version")
    return version if type(version) is int else 0
