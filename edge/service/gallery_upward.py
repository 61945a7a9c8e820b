"""What a device tells the hub of its gallery: how far it is, who was erased, and who was enrolled here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from edge.core.events import EventClass, Json
from edge.core.gallery_sync import (
    ACK,
    OFFER,
    RECEIPT,
    RECEIPT_PEOPLE,
    GalleryAck,
    Have,
    Mark,
    Offer,
    Receipt,
)
from edge.core.person import PersonRecord
from edge.roster import SyncedGallery
from edge.service.gallery_line import GalleryLine

RECEIPTS_S = 1.0
UNACKED_S = 30.0
OFFERS_S = 1.0
AT_ONCE = 10
"""People offered in OFFERS_S."""
AGAIN_S = 30.0
"""Everybody enrolled here is looked through again then: a command beside the daemon tells nobody."""
REPEAT_S = 3600.0
"""Who was offered and is not the hub's after that time is offered again."""

_Offered: TypeAlias = tuple[object, ...]


class Upward:
    """offer: makes the offer of a person; None where this device offers nobody. report: stores an event.
    sign: gives the signature of the body of a receipt; None where there is no key.

    figures: how far the copy is, for the description of the device; None before that is known.
    """

    def __init__(
        self,
        copy: SyncedGallery,
        line: GalleryLine,
        *,
        offer: Callable[[PersonRecord], Offer] | None,
        report: Callable[[EventClass, str, dict[str, Json]], None],
        sign: Callable[[dict[str, Json]], dict[str, Json]] | None = None,
    ) -> None:
        self._copy = copy
        self._line = line
        self._offer = offer
        self._report = report
        self._sign = sign
        self.figures: dict[str, Json] | None = None
        self._told: Mark | None = None
        self._receipts_at = 0.0
        self._acked: deque[tuple[str, ...]] = deque()
        self._offers_at = 0.0
        self._after = ""
        self._offered: dict[str, tuple[_Offered, float]] = {}

    def ack(self, have: Have, took_s: float = 0.0) -> None:
        """Tell how far the copy is, once in each session. took_s: seconds of the last step."""
        if have.mark == self._told:
            return
        ms = max(0, round(took_s * 1000))
        body = GalleryAck(have.gallery, have.epoch, have.version, have.root, have.count, ms).body()
        if self._line.say(self._line.ack, ACK, body):
            self._told = have.mark

    def forget_acks(self) -> None:
        """Another session has begun."""
        self._told = None

    def look(self) -> None:
        """Somebody was enrolled here; from any thread."""
        self._offers_at = 0.0
        self._after = ""

    def tick(self, now: float, have: Have) -> None:
        """Tell what is due. have: what the device has. Raises StoreError."""
        self._tell_erased(now, have)
        self._offer_enrolled(now)

    def _tell_erased(self, now: float, have: Have) -> None:
        while self._acked:
            told = self._acked.popleft()
            self._copy.receipts_given(told)
            body = self._receipt(have, told)
            self._report(EventClass.AUDIT, "audit.gallery_erased", body)
            self._receipts_at = now
        if now < self._receipts_at:
            return
        self._receipts_at = now + RECEIPTS_S
        erased = tuple(self._copy.receipts(RECEIPT_PEOPLE))
        if not erased:
            return
        body = self._receipt(have, erased)
        if self._line.say(self._line.ack, RECEIPT, body, on_acked=lambda: self._acked.append(erased)):
            self._receipts_at = now + UNACKED_S

    def _receipt(self, have: Have, erased: tuple[str, ...]) -> dict[str, Json]:
        body = Receipt(have.gallery, have.version, have.root, erased).body()
        return body if self._sign is None else {**body, "sig": self._sign(body)}

    def _offer_enrolled(self, now: float) -> None:
        if self._offer is None or now < self._offers_at:
            return
        self._offers_at = now + OFFERS_S
        records = self._copy.enrolled_here(self._after, AT_ONCE)
        for record in records:
            if not self._offer_one(record, now, self._offer):
                return
            self._after = record.person.id
        if len(records) < AT_ONCE:
            self._after = ""
            self._offers_at = now + AGAIN_S

    def _offer_one(self, record: PersonRecord, now: float, offer: Callable[[PersonRecord], Offer]) -> bool:
        """False when the broker takes nothing now."""
        person = record.person.id
        seen: _Offered = (record.person, record.groups, tuple(face.face.id for face in record.faces))
        before = self._offered.get(person)
        if before is not None and before[0] == seen and now - before[1] < REPEAT_S:
            return True
        if not self._line.say(self._line.offer, OFFER, offer(record).body()):
            return False
        self._offered[person] = (seen, now)
        return True


def figures(have: Have) -> dict[str, Json]:
    """As `Upward.figures`."""
    return {
        "gallery": have.gallery,
        "epoch": have.epoch,
        "version": have.version,
        "root": have.root,
        "count": have.count,
    }
