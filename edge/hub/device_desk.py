"""Takes what devices say, but for their events, to the part of the hub that it is for."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from edge.core.ack import AckStatus
from edge.core.events import Json
from edge.core.gallery_bodies import read_ack, read_offer, read_request
from edge.core.gallery_sync import RECEIPT, ChunksWanted, DeltasWanted, Mark
from edge.core.rarely import Rarely
from edge.errors import MessageMalformed
from edge.hub import gallery_tables
from edge.hub.chunks import ChunkQueue
from edge.hub.parts import Parts
from edge.hub.reading import lenient
from edge.hub.refusal import Refused
from edge.hub.work import Work
from edge.mqtt.codec import parse_json
from edge.mqtt.listening import GALLERY_BYTES
from edge.ports import Message

logger = logging.getLogger(__name__)

_ENVELOPE = frozenset(("v", "id", "ts", "type", "body"))
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE = "file.request"
_ANSWER = "cmd-ack"
_SUCCEEDED = AckStatus.SUCCEEDED.value.encode()
MOST_BYTES = 32 * 2**20
"""Of answers at a time: a thousand doors that missed a day would ask for more than fits into memory."""
HEAD_S = 1.0
"""How often a gallery's head is published because devices ask."""
_HERE = ("ready", "degraded")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a device said. level: the middle of its topic, a door or a job. type, corr: empty and None where
    it has no envelope; levels such as `state` have none. at: when, monotonic seconds."""

    dev: str
    level: str
    type: str
    corr: str | None
    body: dict[str, Json]
    at: float


class DeviceDesk:
    """chunks: what devices asked for. is_busy: whether much waits to be sent already.

    What cannot be read, or is refused, is told in the log now and then: there is nobody to answer."""

    def __init__(self, parts: Parts, is_busy: Callable[[], bool]) -> None:
        self._parts = parts
        self._is_busy = is_busy
        self.chunks = ChunkQueue(parts.author.topics)
        self._asked: set[str] = set()
        self._told = Rarely(1.0)
        self._headed = Rarely(HEAD_S)
        self._handlers = {
            "state": self._state,
            "info": self._info,
            "door/+/state": self._door,
            "tele/health": self._health,
            _ANSWER: self._carried_out,
            "cfg/reported": self._reported,
            "job/+/update": self._job,
            "gal/ack": self._acked,
            "gal/req": self._wanted,
            "gal/offer": self._offered,
        }

    def take_asked(self) -> set[str]:
        """The galleries that devices want a snapshot of, once each."""
        asked, self._asked = self._asked, set()
        return asked

    def receive(self, work: Work, message: Message) -> None:
        topics = self._parts.author.topics
        dev, leaf = topics.dev_of(message.topic), topics.leaf_of(message.topic)
        if dev is None or dev == self._parts.author.hub:
            return
        first, _, rest = leaf.partition("/")
        level, slash, last = rest.rpartition("/")
        handler = self._handlers.get(f"{first}/+/{last}" if slash else leaf)
        # An empty payload only clears what was retained.
        if handler is None or not message.payload:
            return
        if leaf == _ANSWER and _SUCCEEDED not in message.payload:
            # Most are steps on the way.
            self._parts.registry.heard(work, dev)
            return
        try:
            said = _said(dev, level, message)
            # Answers to commands are many, and none is refused half-way.
            with nullcontext() if leaf == _ANSWER else work.connection.begin_nested():
                handler(work, said)
        except (MessageMalformed, Refused) as error:
            if self._told.ask(leaf.partition("/")[0], message.at) is not None:
                logger.warning("a message on %s is passed over: %s", message.topic, error)

    def _state(self, work: Work, said: _Said) -> None:
        if self._parts.registry.state(work, said.dev, said.body) and said.body.get("state") in _HERE:
            self._parts.registry.heard(work, said.dev)

    def _info(self, work: Work, said: _Said) -> None:
        if self._parts.registry.info(work, said.dev, said.body):
            self._parts.configuration.refresh(work, [said.dev])

    def _door(self, work: Work, said: _Said) -> None:
        self._parts.registry.door(work, said.dev, said.level, said.body)

    def _health(self, work: Work, said: _Said) -> None:
        self._parts.registry.heard(work, said.dev)
        self._parts.registry.health(work, said.dev, said.body)
        self._outbox(work, said.dev, said.body)

    def _carried_out(self, work: Work, said: _Said) -> None:
        self._parts.registry.heard(work, said.dev)
        if said.corr is not None and said.body.get("status") == AckStatus.SUCCEEDED:
            self._parts.followers.carried_out(work, said.dev, said.corr)

    def _reported(self, work: Work, said: _Said) -> None:
        self._parts.configuration.reported(work, said.dev, said.body)

    def _job(self, work: Work, said: _Said) -> None:
        self._parts.registry.heard(work, said.dev)
        self._parts.rollouts.update(work, said.dev, said.level, said.body)

    def _acked(self, work: Work, said: _Said) -> None:
        self._parts.registry.heard(work, said.dev)
        # Of an erasure the device stores an event, too.
        if said.type != RECEIPT:
            self._parts.followers.acked(work, said.dev, read_ack(said.body))

    def _wanted(self, work: Work, said: _Said) -> None:
        self._parts.registry.heard(work, said.dev)
        if said.type == _FILE:
            self._file(said.dev, said.body)
        else:
            self._gallery(work, said.dev, said.body, said.at)

    def _offered(self, work: Work, said: _Said) -> None:
        parts, offer = self._parts, read_offer(said.body)
        name = parts.offers.made(work, said.dev, offer)
        if parts.accept_offers and not parts.gallery.has(work, offer.gallery, offer.rows[0].person):
            parts.gallery_requests.accept(work, name, replace=False)

    def _outbox(self, work: Work, dev: str, body: dict[str, Json]) -> None:
        outbox = body.get("outbox")
        oldest = outbox.get("oldest") if isinstance(outbox, dict) else None
        if type(oldest) is int and oldest > 0:
            self._parts.numbering.kept_from(work, dev, oldest)

    def _gallery(self, work: Work, dev: str, body: dict[str, Json], at: float) -> None:
        wanted = read_request(body)
        if self._is_busy() or work.said_bytes > MOST_BYTES:
            # Whoever is not answered asks again, each at another time.
            return
        gallery, requests = self._parts.gallery, self._parts.gallery_requests
        if isinstance(wanted, ChunksWanted):
            if self._parts.snapshots.has(wanted.sha256):
                read = self._parts.snapshots.piece
                self.chunks.want(dev, wanted.sha256, read, wanted.first, wanted.count)
                return
        elif isinstance(wanted, DeltasWanted):
            have = Mark(wanted.epoch, wanted.have)
            deltas = gallery.deltas(work, wanted.gallery, have, wanted.root)
            if deltas is not None:
                topic = self._parts.author.topics.device(dev).gallery_delta
                for delta in deltas:
                    work.say(requests.delta(work, topic, delta))
                return
        head = gallery.head(work, gallery_tables.load(work, wanted.gallery))
        is_there = head.snapshot is not None and self._parts.snapshots.has(head.snapshot.sha256)
        if not is_there or head.snapshot is None or head.snapshot.version < head.min_delta:
            self._asked.add(wanted.gallery)
        elif not isinstance(wanted, DeltasWanted | ChunksWanted) and head.snapshot.version < head.version:
            # It has seen that snapshot and cannot use it.
            self._asked.add(wanted.gallery)
        # All devices hear it: one that asks on and on must not have the others told each time.
        if self._headed.ask(wanted.gallery, at) is not None:
            requests.head(work, head)

    def _file(self, dev: str, body: dict[str, Json]) -> None:
        sha256, first, count = body.get("sha256"), body.get("from"), body.get("count")
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise MessageMalformed("'sha256' of a request for a file is not a digest; correct it")
        if type(first) is not int or type(count) is not int or not 0 <= first < 2**32 or count < 1:
            raise MessageMalformed("'from' and 'count' of a request for a file are no numbers; correct them")
        self.chunks.want(dev, sha256, self._parts.files.piece, first, count)


def _said(dev: str, level: str, message: Message) -> _Said:
    value = parse_json(message.payload, GALLERY_BYTES)
    if not isinstance(value, dict):
        raise MessageMalformed("the message is not a JSON object; correct the sender")
    if not value.keys() >= _ENVELOPE:
        return _Said(dev, level, "", None, value, message.at)
    told, _ = lenient(value)
    return _Said(dev, level, told.type, told.corr, told.body, message.at)
