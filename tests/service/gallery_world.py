"""A device that follows a gallery, a small hub, and the line between them, which a test holds."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

from edge.app import wiring
from edge.core.decision import Reason
from edge.core.envelope import Envelope, document, parse
from edge.core.evidence import Outcome
from edge.core.gallery_bodies import read_ack, read_request
from edge.core.gallery_snapshot import chunk, chunk_count, transfer
from edge.core.gallery_sync import (
    ACK,
    DELTA,
    HEAD,
    REQUEST,
    ChunksWanted,
    DeltasWanted,
    Have,
    SnapshotWanted,
)
from edge.core.identifiers import uuid7
from edge.core.policy import FaceShown, decide
from edge.core.posture import Posture
from edge.errors import MessageMalformed
from edge.keys.cipher import seal
from edge.ports import Message
from edge.service.gallery_line import GalleryLine
from edge.service.gallery_offer import offer_of
from edge.service.gallery_sync import GallerySync
from edge.service.gallery_upward import Upward
from edge.store.database import open_database
from edge.store.gallery import Gallery
from edge.store.synced import SyncedGallery
from tests.factories import NOON
from tests.schemas.validation import complaint
from tests.small_hub import KEY, MODEL, SmallHub, opens


class World:
    """flight: messages on their way to the device. said: (topic, type, body) of what the device said.
    up: whether the broker takes anything. trouble: as the device last told."""

    def __init__(self, path, hub=None, *, copy=None, offers=False):
        self.path = path
        self.hub = hub or SmallHub()
        self.now = 1000.0
        self.flight = []
        self.said = []
        self.reported = []
        self.up = True
        self.trouble = None
        self.rooted = set()
        self.snapshot = None
        self.answers_deltas = True
        self._offers = offers
        self._given = copy
        self._ids = 0
        self.start()

    def start(self):
        """As after a power cut: nothing is left but what is on the disk."""
        self._stack = ExitStack()
        if self._given is None:
            database = self._stack.enter_context(open_database(self.path, durable=True, check=False))
            self.copy = SyncedGallery(database, "main", opens, monotonic=lambda: self.now)
            self.gallery = Gallery(database, pause=lambda seconds: None)
            self.standing = wiring.standing(self.gallery)
        else:
            self.copy = self._given
            self.standing = self._given.standing
        line = GalleryLine(
            head="gal/main/head",
            deltas="gal/main/delta/",
            own_deltas="d/1/gal/delta",
            chunks="d/1/gal/chunk/",
            request="d/1/gal/req",
            ack="d/1/gal/ack",
            offer="d/1/gal/offer",
            say=self._say,
        )
        self.upward = Upward(
            self.copy,
            line,
            offer=(lambda record: offer_of(record, "main", MODEL, lambda plain, what: seal(KEY, plain, what)))
            if self._offers
            else None,
            report=lambda kind, name, body: self.reported.append((kind.value, name, body)),
        )
        self.sync = GallerySync(
            self.copy,
            "main",
            line,
            model=MODEL,
            opened=self._opened,
            is_root=lambda envelope: envelope.id in self.rooted,
            upward=self.upward,
            trouble=self._trouble,
            monotonic=lambda: self.now,
            random=lambda: 0.5,
        )
        self.sync.on_link(True)
        self.sync.tick(self.now)

    def stop(self):
        self._stack.close()

    def restart(self):
        self.stop()
        self.start()

    def _trouble(self, reason):
        self.trouble = reason

    def _opened(self, message, message_type):
        try:
            envelope = parse(json.loads(message.payload))
        except (ValueError, MessageMalformed):
            return None
        return envelope if envelope.type == message_type else None

    def _say(self, topic, message_type, body, *, on_acked=None):
        if not self.up:
            return False
        told = document(replace(self.envelope(message_type, body), dev="door-1"))
        assert complaint(message_type, told) is None
        self.said.append((topic, message_type, json.loads(json.dumps(body))))
        if on_acked is not None:
            on_acked()
        return True

    def envelope(self, message_type, body, *, rooted=False):
        self._ids += 1
        identifier = uuid7(self._ids, bytes(10))
        if rooted:
            self.rooted.add(identifier)
        return Envelope(identifier, NOON + timedelta(seconds=self.now), message_type, body)

    def message(self, topic, message_type, body, *, rooted=False, retain=False):
        payload = json.dumps(document(self.envelope(message_type, body, rooted=rooted))).encode()
        return Message(topic, payload, retain, 1, self.now)

    def publish_head(self, head=None, *, rooted=False):
        head = head or self.hub.head(self.snapshot)
        self.flight.append(
            self.message("gal/main/head", HEAD, head.body(), rooted=rooted, retain=True)
        )  # fmt: skip

    def publish_delta(self, delta, topic=None):
        self.flight.append(self.message(topic or f"gal/main/delta/{delta.to_version}", DELTA, delta.body()))

    def publish(self, delta):
        """What a hub sends after a change."""
        self.publish_delta(delta)
        self.publish_head()

    def requests(self):
        """What the device has asked for since the last time."""
        asked = [read_request(body) for _, kind, body in self.said if kind == REQUEST]
        self.said = [one for one in self.said if one[1] != REQUEST]
        return asked

    def answer(self):
        """Send what was asked for."""
        for request in self.requests():
            match request:
                case DeltasWanted(epoch=epoch, have=have, root=root):
                    if self.answers_deltas:
                        for delta in self.hub.deltas_since(epoch, have, root):
                            self.publish_delta(delta, "d/1/gal/delta")
                case ChunksWanted(sha256=sha256, first=first, count=count) if sha256 in self.hub.files:
                    self.send_chunks(sha256, range(first, first + count))
                case SnapshotWanted():
                    self.snapshot = self.hub.snapshot()
                    self.publish_head()

    def send_chunks(self, sha256, indexes):
        data = self.hub.files[sha256]
        for index in indexes:
            assert index < chunk_count(len(data)), "a chunk was asked for that there is not"
            part = data[index * 98_304 : (index + 1) * 98_304]
            topic = f"d/1/gal/chunk/{transfer(sha256)}/{index}"
            self.flight.append(Message(topic, chunk(part), False, 1, self.now))

    def deliver(self):
        """Everything that is on its way arrives."""
        flight, self.flight = self.flight, []
        for message in flight:
            self.sync.handle(message)

    def pass_time(self, seconds):
        """Tick by tick."""
        until = self.now + seconds
        while self.now < until:
            self.now += max(0.01, self.sync.tick(self.now))

    def skip(self, seconds):
        """Nothing happens for so long."""
        self.now += seconds

    def settle(self, rounds=60):
        """Until the device has what the hub has, with a hub that answers."""
        for _ in range(rounds):
            self.deliver()
            self.pass_time(1.5)
            self.answer()
            if not self.flight and self.is_in_step():
                return
        raise AssertionError(f"not in step: {self.copy.have()}, {self.copy.changing()}, {self.trouble}")

    def is_in_step(self):
        return self.copy.have() == self.state() and self.copy.changing() is None

    def state(self):
        hub = self.hub
        return Have("main", hub.epoch, hub.version, hub.root, hub.people)

    def acks(self):
        return [read_ack(body) for _, kind, body in self.said if kind == ACK]

    def is_granted(self, person):
        """What the door says to a face that was recognized as this person's."""
        ruling = decide(
            FaceShown(Outcome.RECOGNIZED, person),
            standing=self.standing(person),
            door_refusal=None,
            posture=Posture.SECURE,
            clock_is_set=True,
            now=NOON,
        )
        assert ruling.reason in (Reason.ALLOW_GRANT, Reason.DENY_REVOKED, Reason.DENY_UNKNOWN_FACE)
        return ruling.granted
