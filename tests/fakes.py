"""Stand-ins for the world that record what was asked of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from edge.core.decision import Receipt
from edge.core.events import StoredEvent
from edge.errors import PinUnavailable
from edge.ports import Message
from edge.service.reporting import Clocks
from tests.factories import NOON


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that a FakeBus took."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class FakeBus:
    """ports.Bus without a broker; the test plays the broker.

    connected: whether `start` finds it there. auto_ack: acknowledge at once; else the test calls
    `ack` or `ack_all`. capacity: most unacknowledged messages taken. hold_acks: what was not settled is
    delivered again by `connect`.
    """

    def __init__(
        self,
        *,
        connected: bool = True,
        auto_ack: bool = True,
        capacity: int = 20,
        hold_acks: bool = False,
    ) -> None:
        self.sent: list[Sent] = []
        self.auto_ack = auto_ack
        self.is_closed = False
        self._there = connected
        self._is_up = False
        self._capacity = capacity
        self._unacked: list[Callable[[], None]] = []
        self._hold_acks = hold_acks
        self._unsettled: list[Message] = []
        self._on_message: Callable[[Message], None] | None = None
        self._on_link: Callable[[bool], None] | None = None

    def start(self, on_message: Callable[[Message], None], on_link: Callable[[bool], None]) -> None:
        self._on_message, self._on_link = on_message, on_link
        if self._there:
            self.connect()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        on_acked: Callable[[], None] | None = None,
    ) -> bool:
        if not self._is_up or len(self._unacked) >= self._capacity:
            return False
        self.sent.append(Sent(topic, payload, qos, retain))
        self._unacked.append(on_acked or (lambda: None))
        if self.auto_ack:
            self.ack_all()
        return True

    def close(self) -> None:
        self.is_closed = True
        self.drop()

    def connect(self) -> None:
        """The broker is there (again)."""
        assert self._on_link is not None, "start comes first"
        if not self._is_up:
            self._is_up = True
            self._on_link(True)
            again, self._unsettled = self._unsettled, []
            for message in again:
                self.deliver(message.topic, message.payload, retain=message.retain, qos=message.qos)

    def drop(self) -> None:
        """The connection is lost, and with it every acknowledgment that had not come."""
        self._unacked.clear()
        if self._is_up:
            self._is_up = False
            assert self._on_link is not None
            self._on_link(False)

    def deliver(
        self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1, at: float = 0.0
    ) -> None:
        """A message arrives from the broker."""
        assert self._on_message is not None, "start comes first"
        message = Message(topic, payload, retain, qos, at)
        if self._hold_acks and qos:
            message = replace(message, settle=lambda: self._settle(message))
            self._unsettled.append(message)
        self._on_message(message)

    def _settle(self, message: Message) -> None:
        """The end of a session takes its acknowledgments along."""
        if self._is_up:
            self._unsettled = [one for one in self._unsettled if one is not message]

    def ack(self, index: int = 0) -> None:
        """The broker acknowledges one of the unacknowledged messages, the oldest unless told."""
        self._unacked.pop(index)()

    def ack_all(self) -> None:
        while self._unacked:
            self.ack()

    @property
    def unacked(self) -> int:
        return len(self._unacked)

    def payloads(self, topic: str) -> list[bytes]:
        """What was sent to a topic, in order."""
        return [sent.payload for sent in self.sent if sent.topic == topic]


class FakeOutbox:
    """ports.Outbox in a list. failure: raised by every call while it is set."""

    def __init__(self, events: Iterable[StoredEvent] = ()) -> None:
        self.waiting = list(events)
        self.marked: list[int] = []
        self.failure: Exception | None = None

    def add(self, stored: StoredEvent) -> None:
        self.waiting.append(stored)

    def pending(self, limit: int, after: int = 0) -> list[StoredEvent]:
        self._fail()
        waiting = [stored for stored in self.waiting if stored.seq > after]
        return sorted(waiting, key=lambda stored: stored.seq)[:limit]

    def mark_sent(self, seqs: Iterable[int]) -> None:
        self._fail()
        done = list(seqs)
        self.marked.extend(done)
        self.waiting = [stored for stored in self.waiting if stored.seq not in done]

    def depth(self) -> int:
        self._fail()
        return len(self.waiting)

    def oldest(self) -> int:
        self._fail()
        return min((stored.seq for stored in self.waiting), default=max(self.marked, default=0) + 1)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


class FakeLock:
    """ports.Lock that records. fails: raise PinUnavailable instead of moving."""

    def __init__(self) -> None:
        self.moves: list[str] = []
        self.receipts: list[Receipt] = []
        self.fails = False
        self.is_unlocked = False

    def start(self) -> None:
        self._check()

    def unlock(self, receipt: Receipt) -> None:
        self._check()
        self.receipts.append(receipt)
        self._move(True)

    def lock(self) -> None:
        self._check()
        self._move(False)

    def close(self) -> None:
        self._move(False)

    def _move(self, unlocked: bool) -> None:
        if unlocked != self.is_unlocked:
            self.is_unlocked = unlocked
            self.moves.append("unlock" if unlocked else "lock")

    def _check(self) -> None:
        if self.fails:
            raise PinUnavailable("the test has taken the line away")


class FakeClock:
    """A time that stands until the test moves it; monotonic and UTC move together."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.is_set = True

    def clocks(self) -> Clocks:
        return Clocks(
            monotonic=lambda: self.now,
            utc=lambda: NOON + timedelta(seconds=self.now - 1000.0),
            is_set=lambda: self.is_set,
        )
