"""Requests to the hub: each judged by who signed it, done at most once, and answered.

An answer is an envelope `cmd.ack` on the topic of who asked. A request that changes something and comes again
is given the answer it had.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import delete, select

from edge.core.ack import Ack, AckStatus
from edge.core.authorization import WHY, Denial, may_say, unproven
from edge.core.envelope import Envelope, parse
from edge.core.events import EventClass, Json
from edge.core.rarely import Rarely
from edge.core.roles import TO_READ, Signer
from edge.errors import MessageMalformed
from edge.hub.author import Author
from edge.hub.database import insert_new
from edge.hub.refusal import Refused
from edge.hub.reporting import Reporter
from edge.hub.tables import requests
from edge.hub.work import Work
from edge.mqtt.codec import Outgoing, dump_json, parse_json
from edge.mqtt.listening import GALLERY_BYTES
from edge.ports import Message

logger = logging.getLogger(__name__)

Signers: TypeAlias = Callable[[Envelope, str, datetime], tuple[Signer, ...] | None]
"""Whose signatures of a message on a topic are right; None for a message that nobody has to sign."""
Handler: TypeAlias = Callable[[Work, Envelope], dict[str, Json]]
"""Does what an envelope asks for. Returns the detail of the answer. Raises Refused and MessageMalformed."""
MAX_AGE = timedelta(days=1)
"""Answers are kept that long, and older requests refused: they may have been done."""
AHEAD = timedelta(minutes=5)
"""How far the clock of who asks may be ahead."""
_ACK = "cmd.ack"
_IN_PIECES = ("file.put",)
"""The roll-out of the file is told of."""
CHOKED = Ack(AckStatus.FAILED, "internal", {"text": "the hub could not do that; its log says why"})
TOO_LARGE = Ack(
    AckStatus.FAILED, "too_large", {"text": "the answer fits into no message; ask for less of it at a time"}
)
GONE = Ack(AckStatus.FAILED, "database", {"text": "the hub's database does not answer; ask again later"})


class RequestDesk:
    """handlers: by the type of the request. refused: how many were not authorized, or could not be read."""

    def __init__(
        self, author: Author, reporter: Reporter, signers: Signers, handlers: Mapping[str, Handler]
    ) -> None:
        self._author = author
        self._reporter = reporter
        self._signers = signers
        self._handlers = handlers
        self._told = Rarely(1.0)
        self.refused = 0

    def receive(self, work: Work, message: Message) -> None:
        """Do and answer what a message asks for."""
        asked = self._read(message)
        if asked is None:
            return
        if message.retain:
            self._answer(work, asked, _rejected("retained", "requests must not be retained; clear it"))
            return
        signers = self._signers(asked, message.topic, work.now)
        denial = unproven(asked, signers) or (None if may_say(asked, signers) else Denial.ROLE)
        if denial is not None:
            self._deny(work, asked, denial, signers)
            return
        if (untimely := _untimely(asked, work)) is not None:
            self._answer(work, asked, untimely)
            return
        stored = work.connection.execute(select(requests.c.ack).where(requests.c.id == asked.id)).scalar()
        if stored is not None:
            self._answer(work, asked, Ack.from_json(stored), repeated=True)
            return
        ack = self._do(work, asked)
        if asked.type not in TO_READ:
            self._tell_whose(work, asked, ack, signers)
            row = {"id": asked.id, "at": work.at, "ack": ack.to_json()}
            work.connection.execute(insert_new(work.connection, requests), row)
        self._answer(work, asked, ack)

    def excuse(self, message: Message, now: datetime, ack: Ack = GONE) -> list[Outgoing]:
        """Say that nothing can be done: the database is gone, unless `ack` says otherwise."""
        asked = self._read(message)
        return [] if asked is None or message.retain else [self._letter(asked, ack, now)]

    def prune(self, work: Work, before: str) -> None:
        """Forget answers given before that time."""
        work.connection.execute(delete(requests).where(requests.c.at < before))

    def _do(self, work: Work, asked: Envelope) -> Ack:
        handler = self._handlers.get(asked.type)
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            return _rejected("unknown_type", f"the hub knows no {asked.type}; it knows {known}")
        said = len(work.outgoing)
        try:
            # What a refused request wrote before it was refused is taken back, and nothing said of it.
            with work.connection.begin_nested():
                detail = handler(work, asked)
            return Ack(AckStatus.SUCCEEDED, detail=detail)
        except Refused as refused:
            del work.outgoing[said:]
            return _rejected(refused.reason, str(refused), refused.detail)
        except MessageMalformed as malformed:
            del work.outgoing[said:]
            return _rejected("bad_body", str(malformed))

    def _read(self, message: Message) -> Envelope | None:
        try:
            asked = parse(parse_json(message.payload, GALLERY_BYTES))
            if asked.dev is None:
                raise MessageMalformed("'dev' does not say who asks; the answer could go nowhere")
        except MessageMalformed as error:
            self.refused += 1
            if self._told.ask("unreadable", message.at) is not None:
                logger.warning("a request cannot be read: %s", error)
            return None
        return asked

    def _deny(self, work: Work, asked: Envelope, denial: Denial, signers: tuple[Signer, ...] | None) -> None:
        self.refused += 1
        by: list[Json] = [signer.kid for signer in signers or ()]
        told: dict[str, Json] = {"type": asked.type, "client": asked.dev, "why": denial.value, "signers": by}
        if self._told.ask("refused", work.now.timestamp()) is not None:
            self._reporter.report(work, EventClass.AUDIT, "audit.request_refused", told)
        self._answer(work, asked, _rejected("auth", WHY[denial], {"why": denial.value}))

    def _tell_whose(self, work: Work, asked: Envelope, ack: Ack, signers: tuple[Signer, ...] | None) -> None:
        """Whose keys signed what was asked for: `dev` is only what the client says of itself."""
        if signers and asked.type not in _IN_PIECES:
            by: list[Json] = [signer.kid for signer in signers]
            body: dict[str, Json] = {"type": asked.type, "request": asked.id, "client": asked.dev, "by": by}
            told = body | {"status": ack.status.value, "reason": ack.reason}
            self._reporter.report(work, EventClass.AUDIT, "audit.request_taken", told)

    def _answer(self, work: Work, asked: Envelope, ack: Ack, *, repeated: bool = False) -> None:
        work.say(self._letter(asked, ack, work.now, repeated=repeated))

    def _letter(self, asked: Envelope, ack: Ack, now: datetime, *, repeated: bool = False) -> Outgoing:
        body = ack.body() | ({"repeated": True} if repeated else {})
        topic = self._author.topics.hub_ack(str(asked.dev))
        letter = self._author.write(topic, _ACK, body, now, corr=asked.id)
        if len(letter.payload) > GALLERY_BYTES and ack != TOO_LARGE:
            return self._letter(asked, TOO_LARGE, now)
        return letter


def _untimely(asked: Envelope, work: Work) -> Ack | None:
    if asked.exp is not None and asked.exp <= work.now:
        return Ack(AckStatus.EXPIRED, "expired", {"text": "'exp' has passed; ask again"})
    if work.now - asked.ts >= MAX_AGE:
        return Ack(AckStatus.EXPIRED, "too_old", {"text": "made more than a day ago; ask again"})
    if asked.ts - work.now >= AHEAD:
        return _rejected("clock", "made in the future; set the clock of who asks, or the hub's")
    return None


def _rejected(reason: str, text: str, detail: dict[str, Json] | None = None) -> Ack:
    return Ack(AckStatus.REJECTED, reason, {**(detail or {}), "text": text})


def fitting(rows: list[dict[str, Json]], room: int = 64 * 1024) -> list[dict[str, Json]]:
    """As many of the rows as fit into one answer, one at least."""
    kept: list[dict[str, Json]] = []
    for row in rows:
        room -= len(dump_json(row)) + 1
        if room < 0 and kept:
            break
        kept.append(row)
    return kept
