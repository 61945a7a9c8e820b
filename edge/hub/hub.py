"""The hub as a whole: takes each message to the part that it is for, in one transaction for many of them.

No threads and no sockets: `handle` and `tick` are called, and what there is to say goes to a callable. It is
said, and the broker told to let go of the messages, once the transaction is durable.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from edge.core.ack import Ack
from edge.core.envelope import to_timestamp
from edge.core.events import EventClass, Json
from edge.errors import StoreError
from edge.hub.chunks import ChunkQueue
from edge.hub.database import HubDatabase, put
from edge.hub.device_desk import DeviceDesk
from edge.hub.parts import Parts
from edge.hub.requests import CHOKED, GONE
from edge.hub.retention import believed
from edge.hub.snapshots import Taken
from edge.hub.tables import values
from edge.hub.work import Work
from edge.mqtt.codec import Outgoing
from edge.ports import Message

logger = logging.getLogger(__name__)

ACKS_S = 0.2
WATCH_S = 5.0
PRUNE_S = 3600.0
SNAPSHOT_S = 30.0
"""How often a snapshot of a gallery is made at most, unless a device asks for one."""
_SIGNER = "signer"


class Hub:
    """parts: made by `parts.build`. publish: must only enqueue. utc: aware UTC. is_busy: whether much
    waits to be published. keep_days: of events."""

    def __init__(
        self,
        database: HubDatabase,
        parts: Parts,
        *,
        publish: Callable[[Outgoing], None],
        utc: Callable[[], datetime],
        is_busy: Callable[[], bool] = lambda: False,
        keep_days: int = 365,
    ) -> None:
        self._database = database
        self._parts = parts
        self._desk = DeviceDesk(parts, is_busy)
        self._publish = publish
        self._utc = utc
        self._keep_days = keep_days
        self._due: dict[str, float] = {}

    @property
    def chunks(self) -> ChunkQueue:
        """What devices wait for, sent when there is nothing else to say."""
        return self._desk.chunks

    def begin(
        self, galleries: Sequence[str], keys: Path | None = None, *, is_forgotten: bool = False
    ) -> None:
        """See to it that these galleries are there, and publish how all stand. keys: a file with the list of
        keys that the devices are to have. is_forgotten: the broker does not know this hub, and may have lost
        what it was to retain for the devices: that is said anew, as it is with another key to sign with.
        Raises StoreError."""

        def make(work: Work) -> None:
            self._parts.keyholder.begin(work, keys)
            self._parts.gallery.make(work, galleries)
            self._parts.gallery_requests.heads(work)
            if self._signs_anew(work) or is_forgotten:
                self._parts.configuration.say_again(work)
                self._parts.rollouts.say_again(work)

        self._do(make)

    def report(self, kind: EventClass, type_: str, body: dict[str, Json]) -> None:
        """Store and tell an event of the hub's own. Raises StoreError."""
        self._do(lambda work: self._parts.reporter.report(work, kind, type_, body))

    def handle(self, messages: Sequence[Message]) -> None:
        """Deal with messages, all of them or, when StoreError is raised, none: then hand them in again."""
        try:
            self._do(lambda work: self._take(work, messages))
        except StoreError:
            raise
        except Exception:
            # The broker would bring it again after every restart, and with it the same end.
            if len(messages) > 1:
                for message in messages:
                    self.handle([message])
                return
            logger.exception("a message on %s is left out", messages[0].topic)
            self._excuse(messages[0], CHOKED)
        for message in messages:
            message.settle()

    def holds(self, message: Message) -> bool:
        """Whether a message waits for the database, which is gone. Whoever asked for something is told so
        instead, and devices ask again by themselves."""
        site = self._parts.author.topics
        if message.topic == site.hub_cmd:
            self._excuse(message, GONE)
        elif message.qos > 0 and site.leaf_of(message.topic) != "gal/req":
            return message.topic != site.all_cmd or self._parts.overhearing.minds(message)
        message.settle()
        return False

    def tick(self, now: float) -> None:
        """Do what has come due; call it often. now: monotonic seconds. Raises StoreError."""
        if self._parts.collector.owes_acks and self._is_due("acks", now, ACKS_S):
            self._do(self._parts.collector.acks)
            self._parts.collector.acks_told()
        if self._is_due("watch", now, WATCH_S):
            self._do(self._watch)
        if self._is_due("prune", now, PRUNE_S):
            self._do(self._prune)

    def snapshots_due(self, now: float) -> list[str]:
        """The galleries that a snapshot is to be made of now. Raises StoreError."""
        asked = self._desk.take_asked()
        if self._is_due("snapshots", now, SNAPSHOT_S):
            found: list[str] = []
            self._do(lambda work: found.extend(self._parts.gallery.outgrown(work)))
            asked |= set(found)
        return sorted(asked)

    def snapshot_taken(self, taken: Taken) -> None:
        """A snapshot lies ready: tell everybody. Raises StoreError."""

        def tell(work: Work) -> None:
            head = self._parts.gallery.taken(work, taken.gallery, taken.epoch, taken.snapshot, taken.total)
            if head is not None:
                self._parts.gallery_requests.head(work, head)

        self._do(tell)

    def _take(self, work: Work, messages: Sequence[Message]) -> None:
        site = self._parts.author.topics
        arrivals = []
        for message in messages:
            if message.topic == site.hub_cmd:
                self._parts.requests.receive(work, message)
            elif message.topic == site.keys:
                self._parts.keyholder.receive(work, message.payload)
            elif site.scope_of(message.topic) is not None:
                self._parts.overhearing.receive(work, message)
            elif site.leaf_of(message.topic).startswith("evt/"):
                if (arrival := self._parts.collector.read(message)) is not None:
                    arrivals.append(arrival)
            else:
                self._desk.receive(work, message)
        self._parts.collector.collect(work, arrivals)
        for dev in {arrival.dev for arrival in arrivals} - {self._parts.author.hub}:
            self._parts.registry.heard(work, dev)

    def _excuse(self, message: Message, ack: Ack) -> None:
        if message.topic == self._parts.author.topics.hub_cmd:
            for answer in self._parts.requests.excuse(message, self._utc(), ack):
                self._publish(answer)

    def _watch(self, work: Work) -> None:
        self._parts.numbering.alarm(work)
        self._parts.followers.alarm(work)
        self._parts.rollouts.tick(work)

    def _prune(self, work: Work) -> None:
        now = believed(work)
        count = self._parts.collector.prune(work, to_timestamp(now - timedelta(days=self._keep_days)))
        if count:
            logger.info("forgot %d events of more than %d days ago", count, self._keep_days)
        self._parts.requests.prune(work, to_timestamp(now - timedelta(days=2)))
        for gallery in self._parts.gallery.names(work):
            self._parts.gallery.prune(work, gallery)
        self._parts.snapshots.prune(self._parts.gallery.newest_snapshots(work), work.now.timestamp())

    def _signs_anew(self, work: Work) -> bool:
        """Whether the key is another than before: what is retained may be signed by one that is revoked."""
        key = self._parts.author.key
        kid = "" if key is None else key.kid
        before = work.connection.execute(select(values.c.value).where(values.c.key == _SIGNER)).scalar()
        work.connection.execute(put(work.connection, values), {"key": _SIGNER, "value": kid})
        return before not in (None, kid)

    def _do(self, what: Callable[[Work], object]) -> None:
        with self._database.transaction() as connection:
            work = Work(connection, self._utc())
            what(work)
        for message in work.outgoing:
            self._publish(message)

    def _is_due(self, what: str, now: float, every_s: float) -> bool:
        if now < self._due.get(what, float("-inf")):
            return False
        self._due[what] = now + every_s
        return True
