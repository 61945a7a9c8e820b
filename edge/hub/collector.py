"""Collects the events of all devices: each exactly once, by its id, and durable before the broker lets go.

What arrives again, because a device, the broker or the hub was restarted, is passed over. A number that is
missing is waited for: `upto`, which tells a device what it need not keep, stays below it until it came, or
until the device says that it is lost.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from edge.core import sequence
from edge.core.envelope import Envelope, to_timestamp
from edge.core.events import Json
from edge.core.rarely import Rarely
from edge.core.sequence import Span
from edge.errors import MessageMalformed
from edge.hub.database import insert_new
from edge.hub.numbering import Numbering
from edge.hub.reading import lenient
from edge.hub.tables import events
from edge.hub.work import Work, portions
from edge.mqtt.codec import Outgoing, dump_json, parse_json
from edge.mqtt.topics import SiteTopics
from edge.ports import Message

logger = logging.getLogger(__name__)

_KIND = re.compile(r"[a-z_]{1,32}")
OVERFLOW = "system.buffer_overflow"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it came. kind: the last level of its topic. more: keys of its envelope that this version
    does not know: a newer device may send some."""

    dev: str
    kind: str
    told: Envelope
    more: dict[str, Json]


class Collector:
    """collected, repeated, unreadable: counts since the start."""

    def __init__(self, topics: SiteTopics, hub: str, numbering: Numbering) -> None:
        self._topics = topics
        self._hub = hub
        self._numbering = numbering
        self._to_tell: set[str] = set()
        self._told = Rarely(1.0)
        self.collected = 0
        self.repeated = 0
        self.unreadable = 0

    @property
    def owes_acks(self) -> bool:
        """Whether there is somebody to tell; see `acks`."""
        return bool(self._to_tell)

    def read(self, message: Message) -> Arrival | None:
        """The event of a message; None when it is none, which is told in the log now and then."""
        dev = self._topics.dev_of(message.topic)
        try:
            told, more = lenient(parse_json(message.payload))
            if dev is None or told.dev not in (None, dev):
                raise MessageMalformed("an event of another device; each has topics of its own")
            kind = message.topic.rpartition("/")[2]
            if not _KIND.fullmatch(kind):
                raise MessageMalformed("an event of no class; they are named by small letters")
        except MessageMalformed as error:
            self.unreadable += 1
            if (untold := self._told.ask("unreadable", message.at)) is not None:
                more_of_it = f" (and {untold} before)" if untold else ""
                logger.warning("an event of %s cannot be read: %s%s", dev, error, more_of_it)
            return None
        return Arrival(dev, kind, told, more)

    def collect(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """Store what is new of these. The hub's own events come back to it, and are stored already."""
        arrivals = [one for one in arrivals if one.dev != self._hub]
        by_id = {one.told.id: one for one in arrivals}
        if not by_id:
            return
        known: set[str] = set()
        for portion in portions(by_id):
            known.update(
                work.connection.execute(select(events.c.id).where(events.c.id.in_(portion))).scalars()
            )
        new = [one for one in by_id.values() if one.told.id not in known]
        if new:
            work.connection.execute(insert_new(work.connection, events), [_row(one, work) for one in new])
        self._count(work, list(by_id.values()), {one.told.id for one in new})
        self.collected += len(new)
        self.repeated += len(arrivals) - len(new)

    def acks(self, work: Work) -> None:
        """Tell each device that sent something since the last time what it need not keep."""
        for dev, found in self._numbering.load(work, self._to_tell).items():
            work.say(Outgoing(self._topics.device(dev).event_ack, dump_json({"upto": found.upto})))

    def acks_told(self) -> None:
        """`acks` was committed."""
        self._to_tell.clear()

    def prune(self, work: Work, before: str) -> int:
        """Forget events made and received before that time; how many they were. Their numbers stay counted.

        Either clock alone may have been wrong.
        """
        is_old = (events.c.received < before) & (events.c.ts < before)
        return work.connection.execute(delete(events).where(is_old)).rowcount

    def _count(self, work: Work, arrivals: Sequence[Arrival], new: set[str]) -> None:
        by_dev: dict[str, list[Arrival]] = defaultdict(list)
        for one in arrivals:
            if one.told.seq is not None:
                by_dev[one.dev].append(one)
        before = self._numbering.load(work, by_dev)
        after: dict[str, sequence.Sequence] = {}
        for dev, told in by_dev.items():
            was = before.get(dev)
            if was is not None and self._begins_anew(work, was, [one for one in told if one.told.id in new]):
                self._numbering.restarted(work, dev, was)
                was = None
            seqs = [one.told.seq for one in told if one.told.seq is not None]
            now = (was or sequence.Sequence.beginning(min(seqs))).arrived(seqs)
            for span in [_lost(one.told.body) for one in told if one.told.type == OVERFLOW]:
                now = now.without(span) if span else now
            after[dev] = now
        self._numbering.save(work, before, after)
        self._to_tell.update(after)

    def _begins_anew(self, work: Work, was: sequence.Sequence, new: Sequence[Arrival]) -> bool:
        """Whether one has a number that another event has: the device lost its store, and counts anew."""
        for one in new:
            seq = one.told.seq
            if seq is None or seq < was.floor or not was.is_there(seq):
                continue
            same = (events.c.dev == one.dev) & (events.c.seq == seq) & (events.c.id != one.told.id)
            if work.connection.execute(select(events.c.id).where(same).limit(1)).first() is not None:
                return True
        return False


def _row(one: Arrival, work: Work) -> dict[str, object]:
    told = one.told
    more: dict[str, Json] = {**one.more, **({"clk": told.clk.value} if told.clk else {})}
    return {
        "id": told.id,
        "dev": one.dev,
        "seq": told.seq,
        "boot": told.boot,
        "kind": one.kind,
        "type": told.type,
        "ts": to_timestamp(told.ts),
        "received": work.at,
        "corr": told.corr,
        "body": dump_json(told.body).decode(),
        "more": dump_json(more).decode() if more else None,
    }


def _lost(body: dict[str, Json]) -> Span | None:
    """The numbers that a device says it lost."""
    first, last = body.get("lost_from"), body.get("lost_to")
    return (first, last) if type(first) is int and type(last) is int else None
