"""Open the signed documents of the site: is it one of ours, and may who signed it say this?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from edge.core import envelope
from edge.core.authorization import may_say
from edge.core.envelope import Envelope
from edge.core.rarely import Rarely
from edge.core.roles import Signer
from edge.errors import MessageMalformed
from edge.mqtt.codec import MAX_BYTES, parse_json
from edge.ports import Message
from edge.service.reporting import Clocks

logger = logging.getLogger(__name__)
TELL_EVERY_S = 60.0


class Documents:
    """Used by one thread. signers: whose signatures are right; None where nobody has to sign. refused: called
    with a stable word and one line for a document that is not opened, now and then where there are many.
    limit: bytes of the longest document."""

    def __init__(
        self,
        *,
        dev: str,
        signers: Callable[[Envelope, str, datetime], tuple[Signer, ...] | None],
        clocks: Clocks,
        refused: Callable[[str, str], None],
        limit: int = MAX_BYTES,
    ) -> None:
        self._dev = dev
        self._signers = signers
        self._clocks = clocks
        self._refused = refused
        self._limit = limit
        self._rarely = Rarely(TELL_EVERY_S)

    def open(self, message: Message, message_type: str) -> Envelope | None:
        """The envelope of a document of that type; None, told of, when it does not count. Never raises."""
        try:
            received = envelope.parse(parse_json(message.payload, self._limit))
        except MessageMalformed as error:
            self._refuse("malformed", f"{message_type}: {error}")
            return None
        if received.type != message_type:
            self._refuse("unknown_type", f"{received.type} came where {message_type} belongs")
            return None
        if received.dev not in (None, self._dev):
            self._refuse("wrong_device", f"{message_type} is meant for another device")
            return None
        now = self._clocks.utc()
        if not may_say(received, self._signers(received, message.topic, now)):
            self._refuse("auth", f"no right signature of a key that may sign {message_type}")
            return None
        if received.exp is not None and self._clocks.is_set() and now >= received.exp:
            self._refuse("expired", f"{message_type} has expired")
            return None
        return received

    def _refuse(self, reason: str, text: str) -> None:
        if self._rarely.ask(reason, self._clocks.monotonic()) is not None:
            logger.warning("refused a document: %s", text)
            self._refused(reason, text)
