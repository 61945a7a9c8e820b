"""A virtual door: the product's own protocol code, without camera, relay and disk."""

from __future__ import annotations

import itertools
import math
import os
import random
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from edge.app.ack_post import AckPost
from edge.app.commands import CommandDesk
from edge.app.gallery_topics import line_of
from edge.app.order_results import OrderDone
from edge.app.publishing import Publisher
from edge.app.restarting import Restart
from edge.app.trust import Trust
from edge.app.voice import Voice
from edge.core import envelope
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.device_orders import Identify, SyncGallery
from edge.core.door_config import DoorConfig
from edge.core.envelope import Envelope
from edge.core.events import Json
from edge.core.evidence import Outcome, Verdict
from edge.core.face import PersonId
from edge.core.gallery_orders import RevokePerson
from edge.core.gallery_sync import Mark
from edge.core.identifiers import RANDOM_BYTES, uuid7
from edge.core.policy import FaceShown, Ruling, Standing, decide
from edge.core.roles import Role, are_allowed
from edge.errors import MessageMalformed
from edge.keys.cipher import unseal
from edge.mqtt.codec import Codec, DeviceState, parse_json
from edge.mqtt.listening import GALLERY_BYTES
from edge.mqtt.pump import OutboxPump
from edge.mqtt.topics import Topics
from edge.ports import Message
from edge.service.access import Controller
from edge.service.gallery_sync import GallerySync
from edge.service.gallery_upward import Upward
from edge.service.recognize import Sighting
from edge.service.reporting import Clocks
from edge.store.journal import Journal
from edge.store.outbox import Outbox
from edge.store.synced import SyncedGallery
from tools.fleet.changes import Changes
from tools.fleet.loop import Loop
from tools.fleet.member import Member, Site
from tools.fleet.memory_gallery import MemoryGallery
from tools.fleet.memory_store import in_memory
from tools.fleet.session import Session
from tools.fleet.virtual_lock import VirtualLock

TICK_S = 0.5
"""How soon a door looks again after something has happened."""
OPEN_S = 1.0
"""While it is open."""
IDLE_S = 5.0
_DOOR = "main"


class VirtualDoor:
    """Belongs to the loop's thread. stored: the copy of the gallery in a file, in place of one in memory."""

    def __init__(
        self, loop: Loop, member: Member, *, failing_jobs: float = 0.0, stored: SyncedGallery | None = None
    ) -> None:
        site, dev = member.site, member.dev
        self.dev = dev
        self._loop = loop
        self._boot = os.urandom(6).hex()
        clocks = Clocks(time.monotonic, lambda: datetime.now(UTC), lambda: True)
        self._database = database = in_memory()
        journal = Journal(database, boot=self._boot, monotonic=time.monotonic)
        self.lock = VirtualLock()
        self.gallery: SyncedGallery | MemoryGallery | None = stored
        if site.gallery is not None and stored is None:
            key = site.gallery_key
            self.gallery = MemoryGallery(site.gallery, None if key is None else partial(unseal, key))
        self.controller = Controller(
            config=DoorConfig(_DOOR, has_contact=False),
            journal=journal,
            lock=self.lock,
            standing=self._standing,
            clocks=clocks,
            new_id=_new_id,
            far=1e-3,
        )
        topics = Topics(site.site, dev)
        self._trust = Trust(
            site.keyring,
            topic=topics.shared.keys,
            journal=journal,
            reporter=self.controller.reporter,
            clocks=clocks,
        )
        self._codec = Codec(
            topics, self._boot, frozenset({_DOOR}), groups=site.groups, signers=self._trust.signers
        )
        filters = [*self._codec.command_topics, self._trust.topic, topics.event_ack]
        filters += [topics.config_desired, topics.job_next]
        if site.gallery is not None:
            shared = topics.shared
            filters += [shared.head(site.gallery), shared.delta(site.gallery, "+"), topics.gallery_delta]
            filters.append(topics.chunk("+", "+"))
        sessions = itertools.count(int(time.time())).__next__
        self.session = Session(loop, member.link, self._codec, filters, GALLERY_BYTES, sessions)
        voice = Voice(self.session, dev, self._boot, clocks, _new_id)
        self._outbox = Outbox(database)
        self._pump = OutboxPump(self._outbox, self.session, self._codec.event, collected=site.collected)
        self._desk = CommandDesk(
            codec=self._codec,
            post=AckPost(self._codec, self.session, clocks, _new_id),
            journal=journal,
            controller=self.controller,
            clocks=clocks,
            restart=Restart(clocks),
            desks={Identify: self._carry_out, SyncGallery: self._carry_out, RevokePerson: self._carry_out},
        )
        self._changes = Changes(topics, voice, self._opened, loop.later, failing_jobs)
        self.sync = None if self.gallery is None else self._follow(site, topics, voice)
        self._publisher = Publisher(
            self._codec, self.session, self._pump, clocks=clocks, info=partial(self._info, site)
        )
        self._topics = topics
        self._of_gallery: deque[Message] = deque()
        self._next_tick = math.inf
        self._watched: tuple[PersonId, Callable[[PersonId], None]] | None = None

    def start(self) -> None:
        """Connect, and work from then on."""
        self.controller.start()
        self.session.set_state(DeviceState.READY)
        self.session.start(self._receive, self._linked)
        self._tick_within(IDLE_S)

    def visit(self, person: PersonId) -> bool:
        """Somebody stands before the door; whether it opened."""
        now = time.monotonic()
        verdict = Verdict(Outcome.RECOGNIZED, person, 0.8, 0.2, 0.9, 5, 0.9)
        granted = self.controller.sighted(Sighting(1, verdict, now, now, 0.5)).granted
        self._after()
        return granted

    def watch(self, person: PersonId, on_denied: Callable[[PersonId], None]) -> None:
        """Call `on_denied` once when the person is not let in for being revoked, or gone."""
        self._watched = person, on_denied
        self._look_at_watched()

    def answers(self, person: PersonId) -> Ruling:
        """What the policy would say to the person now; nothing moves and nothing is stored."""
        return decide(
            FaceShown(Outcome.RECOGNIZED, person, 0.0),
            standing=self._standing(person),
            door_refusal=None,
            posture=self.controller.door.posture,
            clock_is_set=True,
            now=datetime.now(UTC),
        )

    def events(self) -> list[tuple[str, bool]]:
        """Ids of the events since the start, and whether each was sent; the newest thousand and those that
        wait."""
        rows = self._database.rows("SELECT id, sent FROM outbox ORDER BY seq")
        return [(str(id_), bool(sent)) for id_, sent in rows]

    def waiting(self) -> int:
        """Events that the hub has not acknowledged."""
        return self._outbox.depth()

    def _standing(self, person: PersonId) -> Standing | None:
        return self.gallery.standing(person) if isinstance(self.gallery, MemoryGallery) else None

    def _follow(self, site: Site, topics: Topics, voice: Voice) -> GallerySync:
        assert self.gallery is not None
        assert site.gallery is not None
        line = line_of(topics, site.gallery, voice.say)

        def is_root(received: Envelope) -> bool:
            signers = self._trust.signers(received, line.head, datetime.now(UTC))
            return signers is None or any(Role.ROOT in one.roles for one in signers)

        return GallerySync(
            self.gallery,
            site.gallery,
            line,
            model=site.model,
            opened=self._opened,
            is_root=is_root,
            upward=Upward(self.gallery, line, offer=None, report=self.controller.reporter.report),
            trouble=lambda text: self.controller.reporter.trouble("gallery_sync", text),
            monotonic=time.monotonic,
            random=random.random,
        )

    def _receive(self, message: Message) -> None:
        topic = message.topic
        if topic in self._codec.command_topics:
            self._desk.receive(message)
        elif topic == self._topics.event_ack:
            self._pump.hear(message)
        elif topic == self._trust.topic:
            self._trust.receive(message)
        elif topic in (self._topics.config_desired, self._topics.job_next):
            self._changes.receive(message)
        elif self.sync is not None:
            # In a daemon the gallery has a thread of its own, and no command waits for it.
            if not self._of_gallery:
                self._loop.again(self._hear_gallery)
            self._of_gallery.append(message)
            return
        self._look_at_watched()
        self._after()
        self._tick_within(TICK_S)

    def _hear_gallery(self) -> None:
        if self.sync is None:
            return
        while self._of_gallery:
            self.sync.handle(self._of_gallery.popleft())
        self.sync.tick(time.monotonic())
        self._look_at_watched()
        self._after()
        self._tick_within(TICK_S)

    def _linked(self, up: bool) -> None:
        self._pump.on_link(up)
        if self.sync is not None:
            self.sync.on_link(up)
        if up:
            self._publisher.publish_levels(self.controller)
        self._tick_within(TICK_S)

    def _tick_due(self, at: float) -> None:
        if at == self._next_tick:
            # Answers of other doors go first.
            self._loop.spare(self._tick)

    def _tick(self) -> None:
        self._next_tick = math.inf
        self.controller.tick()
        self._desk.tick()
        again_s = IDLE_S
        if self.sync is not None:
            wanted_s = self.sync.tick(time.monotonic())
            again_s = wanted_s if wanted_s < TICK_S else again_s
        self._after()
        self._tick_within(min(again_s, OPEN_S) if self.controller.door.is_unlocked else again_s)

    def _tick_within(self, seconds: float) -> None:
        """The doors of a process must not do it all in the same moment."""
        at = time.monotonic() + seconds * random.uniform(0.6, 1.0)
        if at < self._next_tick:
            self._next_tick = at
            self._loop.later(at - time.monotonic(), lambda: self._tick_due(at))

    def _look_at_watched(self) -> None:
        if self._watched is None:
            return
        person, on_denied = self._watched
        if not self.answers(person).granted:
            self._watched = None
            on_denied(person)

    def _after(self) -> None:
        """What the controller's thread does in a daemon, and that of the outbox beside it."""
        self._publisher.publish_changes(self.controller)
        self._loop.spare(self._send_events)

    def _send_events(self) -> None:
        self._pump.run_once(0)

    def _carry_out(self, command: Command) -> bool:
        match command.order:
            case RevokePerson(person, epoch, version):
                assert self.gallery is not None
                known = self.gallery.revoke(PersonId(person), Mark(epoch, version), contained=version > 0)
                ack = Ack(AckStatus.SUCCEEDED, None, {"known": known})
            case SyncGallery() if self.sync is not None:
                self.sync.fetch()
                ack = Ack(AckStatus.SUCCEEDED)
            case _:
                ack = Ack(AckStatus.SUCCEEDED, None, {"by": "log"})
        self._loop.later(0.0, lambda: self._desk.finished(OrderDone(command, ack)))
        return True

    def _opened(self, message: Message, type_: str) -> Envelope | None:
        """The envelope of a message, if it is of that type and those signed it who may."""
        try:
            received = envelope.parse(parse_json(message.payload, GALLERY_BYTES))
        except MessageMalformed:
            return None
        signers = self._trust.signers(received, message.topic, datetime.now(UTC))
        return received if received.type == type_ and are_allowed(signers, type_) else None

    def _info(self, site: Site) -> dict[str, Json]:
        return {
            "version": "virtual",
            "boot": self._boot,
            "site": site.site,
            "doors": [_DOOR],
            "groups": [*site.groups],
            "gallery": None if self.sync is None else self.sync.figures,
        }


def _new_id() -> str:
    return uuid7(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES))
