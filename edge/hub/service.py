"""The hub at work: takes turns between what arrives, what has come due and what is to be said.

One thread owns the hub and its database; snapshots are made by another one. A database that is gone holds
everything up and loses nothing: the broker keeps what the hub has not acknowledged. Requests are answered
even then, and they never wait behind the events of a day, for they have a session of their own.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from edge.core.events import EventClass, Json
from edge.errors import MessageMalformed, OstiaryError, StoreError, WorkerDied
from edge.hub.database import HubDatabase
from edge.hub.hub import Hub
from edge.hub.inbox import Inbox
from edge.hub.lines import Line
from edge.hub.parts import Parts
from edge.hub.presence import HubPresence
from edge.hub.refusal import Refused
from edge.hub.sender import Sender
from edge.hub.snapshots import Taken
from edge.hub.standing import Part, Standing
from edge.mqtt.client import MqttBus
from edge.mqtt.codec import DeviceState, parse_json
from edge.ports import Message, Notifier

logger = logging.getLogger(__name__)

AT_ONCE = 256
"""Messages in one transaction."""
WAIT_S = 0.05
RETRY_S = 2.0
NOTIFY_S = 1.0
RECENT_S, RECENT_COUNT = 60.0, 50_000
"""What a hub that stands by remembers: a broker takes a while to notice that the other one is gone."""


@dataclass(frozen=True, slots=True)
class Linked:
    """The broker was reached, or lost. is_forgotten: it did not know the session."""

    line: Line
    up: bool
    is_forgotten: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    line: Line
    message: Message


class HubService:
    """bus, events: the two lines; `sender` speaks over the first. begin: called whenever this begins to be
    the hub, and after each connect; told whether the broker has forgotten it. monotonic: seconds."""

    def __init__(
        self,
        *,
        bus: MqttBus,
        events: MqttBus,
        sender: Sender,
        hub: Hub,
        parts: Parts,
        database: HubDatabase,
        standing: Standing,
        presence: HubPresence,
        begin: Callable[[Hub, bool], None],
        notifier: Notifier,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = bus
        self._events = events
        self._sender = sender
        self._hub = hub
        self._parts = parts
        self._database = database
        self._standing = standing
        self._presence = presence
        self._begin = begin
        self._notifier = notifier
        self._monotonic = monotonic
        self._inbox: Inbox[Arrived | Linked | Taken] = Inbox()
        self._backlog: list[Arrived] = []
        self._recent: deque[tuple[float, Arrived]] = deque(maxlen=RECENT_COUNT)
        self._galleries: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._making: set[str] = set()
        self._owes_beginning = True
        self._is_forgotten = False
        self._owes_state = False
        self._retry_at = float("-inf")
        self._notify_at = float("-inf")
        self._told_rival: str | None = None

    @property
    def queued(self) -> int:
        """Messages that wait for the database, and such that wait for the broker."""
        return len(self._backlog) + self._sender.depth

    @property
    def part(self) -> Part:
        return self._standing.part

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`. Raises WorkerDied when a thread ended that must not."""
        maker = threading.Thread(target=self._make_snapshots, name="snapshots", daemon=True)
        maker.start()
        for line, bus in ((Line.ORDERS, self._bus), (Line.EVENTS, self._events)):
            bus.start(partial(self._hear, line), partial(self._link, line))
        self._notifier.ready()
        try:
            while not stop.is_set():
                self.turn(WAIT_S)
                if not (self._bus.is_alive and self._events.is_alive and maker.is_alive()):
                    raise WorkerDied("a thread of the hub ended; see the log, then restart")
        finally:
            self._notifier.stopping()
            self._galleries.put(None)
            self._events.close()
            self._bus.close()
            maker.join(3.0)

    def turn(self, wait_s: float) -> None:
        """Take what arrived, waiting for it at most so long, and do what there is to do."""
        arrived = self._arrived(wait_s)
        now = self._monotonic()
        before = self._standing.part
        heard = [one for one in arrived if not self._is_told(one.message, now)]
        self._standing.tick(now)
        if self._standing.part is not before:
            self._changed(before)
        if self._standing.part is Part.STANDBY:
            self._remember([*self._backlog, *heard], now)
            self._backlog.clear()
        else:
            self._backlog += heard
            if self._standing.part is Part.ACTIVE:
                self._work(now)
        if self._owes_state:
            self._owes_state = not self._bus.set_state(DeviceState.READY)
        self._sender.pump(self._hub.chunks.next)
        self._notify(now)

    def _remember(self, heard: list[Arrived], now: float) -> None:
        """Another hub stores these; what it had not when it ended, this one stores as it takes over."""
        for one in heard:
            one.message.settle()
            if one.line is Line.EVENTS and one.message.qos > 0:
                self._recent.append((now, one))
        while self._recent and now - self._recent[0][0] > RECENT_S:
            self._recent.popleft()

    def _work(self, now: float) -> None:
        if now < self._retry_at:
            self._backlog = [one for one in self._backlog if self._hub.holds(one.message)]
            return
        try:
            if self._owes_beginning:
                self._begin(self._hub, self._is_forgotten)
                self._owes_beginning = self._is_forgotten = False
            while self._backlog:
                batch = self._backlog[:AT_ONCE]
                self._hub.handle([one.message for one in batch])
                del self._backlog[: len(batch)]
            self._warn_of_rival()
            self._hub.tick(now)
            for gallery in self._hub.snapshots_due(now):
                if gallery not in self._making:
                    self._making.add(gallery)
                    self._galleries.put(gallery)
        except StoreError as error:
            self._retry_at = now + RETRY_S
            self._say_trouble(str(error))
        else:
            self._say_trouble(None)

    def _hear(self, line: Line, message: Message) -> None:
        self._inbox.put(Arrived(line, message), is_hasty=line is Line.EVENTS and not message.qos)

    def _link(self, line: Line, up: bool) -> None:
        self._inbox.put(Linked(line, up, not self._bus.was_remembered))

    def _arrived(self, wait_s: float) -> list[Arrived]:
        arrived: list[Arrived] = []
        while len(arrived) < AT_ONCE:
            try:
                one = self._inbox.get(0.0 if arrived else wait_s)
            except queue.Empty:
                break
            match one:
                case Arrived():
                    arrived.append(one)
                case Linked():
                    self._linked(one)
                    # The broker brings these again.
                    arrived = [other for other in arrived if other.line is not one.line]
                case Taken():
                    self._taken(one)
        return arrived

    def _linked(self, linked: Linked) -> None:
        if not linked.up:
            self._backlog = [one for one in self._backlog if one.line is not linked.line]
        if linked.line is Line.EVENTS:
            return
        if linked.up:
            self._standing.connected(self._monotonic())
            self._owes_beginning = self._owes_state = True
            self._is_forgotten |= linked.is_forgotten
        else:
            self._sender.lost()
            self._hub.chunks.clear()

    def _is_told(self, message: Message, now: float) -> bool:
        """Whether the message was one hub's state, which is dealt with here."""
        if message.topic != self._parts.author.topics.hub_state:
            return False
        message.settle()
        try:
            said = parse_json(message.payload)
        except MessageMalformed:
            return True
        if isinstance(said, dict) and self._standing.heard(said, now):
            self._owes_state = True
        return True

    def _changed(self, before: Part) -> None:
        self._owes_state = True
        match self._standing.part:
            case Part.ACTIVE:
                self._owes_beginning = True
                self._backlog[:0] = [one for _, one in self._recent]
                self._recent.clear()
                logger.info("this is the hub of the site now")
            case Part.STANDBY:
                self._sender.drop()
                self._hub.chunks.clear()
                logger.error("%s", self._rival_told())
            case Part.LISTENING if before is Part.STANDBY:
                logger.info("the other hub is gone; taking over")

    def _rival_told(self) -> str:
        rival = self._standing.rival
        who = rival.hub if rival else "?"
        if rival is not None and not rival.is_twin:
            return (
                f"another hub ({who}) with another database is at work on this site; this one publishes"
                " nothing: stop one of them, and start this one again if it is to be the hub"
            )
        return f"another hub ({who}) is at work on this site; this one stands by to take over"

    def _warn_of_rival(self) -> None:
        rival = self._standing.rival
        if rival is None or rival.boot == self._told_rival:
            return
        self._told_rival = rival.boot
        body: dict[str, Json] = {"hub": rival.hub, "boot": rival.boot, "same_database": rival.is_twin}
        kind = EventClass.SYSTEM if rival.is_twin else EventClass.ALARM
        self._hub.report(kind, f"{kind.value}.two_hubs", body)
        logger.warning("another hub (%s) has started on this site and stands by", rival.hub)

    def _say_trouble(self, trouble: str | None) -> None:
        if trouble == self._presence.trouble:
            return
        if trouble is None:
            logger.info("the database works again")
        else:
            logger.error("%s; what arrives waits for it", trouble)
        self._presence.trouble = trouble
        self._owes_state = True

    def _notify(self, now: float) -> None:
        if now < self._notify_at:
            return
        self._notify_at = now + NOTIFY_S
        self._notifier.alive()
        trouble = self._presence.trouble or self._bus.trouble
        self._notifier.status(trouble or f"{self._standing.part.value}, {self.queued} waiting")

    def _taken(self, taken: Taken) -> None:
        try:
            self._hub.snapshot_taken(taken)
        except StoreError as error:
            logger.warning("nobody is told of a snapshot: %s", error)

    def _make_snapshots(self) -> None:
        while (gallery := self._galleries.get()) is not None:
            try:
                self._inbox.put(self._parts.snapshots.take(self._database, gallery))
            except (OstiaryError, Refused) as error:
                logger.warning("no snapshot of %s: %s", gallery, error)
            self._making.discard(gallery)
