"""Every event reaches the bus at least once, first in order, always under its own id."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.core.events import Event, EventClass, StoredEvent
from edge.errors import StoreLocked
from edge.mqtt.codec import Outgoing
from edge.mqtt.pump import OutboxPump
from tests.fakes import FakeBus, FakeOutbox

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOPIC = "events"


def stored(seq: int) -> StoredEvent:
    return StoredEvent(seq, f"id-{seq}", "boot-1", 0, Event(EventClass.SYSTEM, "system.test", NOW))


def encode(event: StoredEvent) -> Outgoing:
    return Outgoing(TOPIC, event.id.encode())


class Rig:
    def __init__(
        self, events: int = 0, *, window: int = 4, auto_ack: bool = False, connected: bool = True
    ) -> None:
        self.now = 0.0
        self.outbox = FakeOutbox(stored(seq) for seq in range(1, events + 1))
        self.bus = FakeBus(auto_ack=auto_ack, connected=connected)
        self.pump = OutboxPump(
            self.outbox, self.bus, encode, window=window, ack_timeout_s=20.0, monotonic=lambda: self.now
        )
        self.bus.start(lambda message: None, self.pump.on_link)

    @property
    def sent(self) -> list[int]:
        return [int(payload.removeprefix(b"id-")) for payload in self.bus.payloads(TOPIC)]


def test_events_are_sent_in_order_and_marked_when_acknowledged() -> None:
    rig = Rig(events=3)
    assert rig.pump.run_once(0) == 3
    assert rig.sent == [1, 2, 3]
    assert rig.outbox.marked == []
    rig.bus.ack_all()
    rig.pump.run_once(0)
    assert rig.outbox.marked == [1, 2, 3]
    assert rig.outbox.depth() == 0


def test_no_more_than_the_window_is_unacknowledged() -> None:
    rig = Rig(events=9, window=4)
    rig.pump.run_once(0)
    rig.pump.run_once(0)
    assert rig.sent == [1, 2, 3, 4]
    rig.bus.ack()
    rig.pump.run_once(0)
    assert rig.sent == [1, 2, 3, 4, 5]


def test_an_acknowledgment_out_of_order_marks_only_its_own_event() -> None:
    rig = Rig(events=3)
    rig.pump.run_once(0)
    rig.bus.ack(1)
    rig.pump.run_once(0)
    assert rig.outbox.marked == [2]
    assert rig.sent == [1, 2, 3]


def test_after_a_reconnect_the_unacknowledged_are_sent_again_in_order() -> None:
    rig = Rig(events=5, window=3)
    rig.pump.run_once(0)
    rig.bus.ack()
    rig.bus.drop()
    assert rig.pump.run_once(0) == 0
    rig.bus.connect()
    rig.pump.run_once(0)
    assert rig.sent == [1, 2, 3, 2, 3, 4]


def test_without_a_session_events_wait() -> None:
    rig = Rig(events=2, connected=False)
    assert rig.pump.run_once(0) == 0
    rig.bus.connect()
    assert rig.pump.run_once(0) == 2


def test_a_full_bus_is_tried_again() -> None:
    rig = Rig(events=3)
    for _ in range(18):
        assert rig.bus.publish("other", b"")
    rig.pump.run_once(0)
    assert rig.sent == [1, 2]
    rig.bus.ack_all()
    rig.pump.run_once(0)
    assert rig.sent == [1, 2, 3]


def test_an_event_never_acknowledged_is_sent_again_after_the_timeout() -> None:
    rig = Rig(events=1)
    rig.pump.run_once(0)
    rig.now = 19.9
    rig.pump.run_once(0)
    assert rig.sent == [1]
    rig.now = 20.0
    rig.pump.run_once(0)
    assert rig.sent == [1, 1]


def test_a_session_that_ends_unseen_is_noticed() -> None:
    rig = Rig(events=2, window=2)
    rig.pump.run_once(0)
    rig.bus.drop()
    rig.bus.connect()
    rig.pump.run_once(0)
    assert rig.sent == [1, 2, 1, 2]


def test_a_locked_store_stops_the_sending_not_the_pump() -> None:
    rig = Rig(events=1, auto_ack=True)
    rig.outbox.failure = StoreLocked("the database is locked; try again")
    with pytest.raises(StoreLocked):
        rig.pump.run_once(0)
    stop, beats = threading.Event(), []

    def beat() -> None:
        beats.append(len(beats))
        if len(beats) == 2:
            rig.outbox.failure = None
            rig.pump.wake()
        if rig.outbox.marked:
            stop.set()

    worker = threading.Thread(target=rig.pump.run, args=(stop, beat))
    worker.start()
    worker.join(10)
    assert not worker.is_alive()
    assert rig.outbox.marked == [1]


class PumpMachine(RuleBasedStateMachine):
    """Broker, outbox and clock in any order; what must hold is checked after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig(connected=False)
        self.appended = 0

    @rule(count=st.integers(1, 6))
    def append(self, count: int) -> None:
        for _ in range(count):
            self.appended += 1
            self.rig.outbox.add(stored(self.appended))
        self.rig.pump.wake()

    @rule()
    def step(self) -> None:
        self.rig.pump.run_once(0)

    @rule()
    def connect(self) -> None:
        self.rig.bus.connect()

    @rule()
    def drop(self) -> None:
        self.rig.bus.drop()

    @precondition(lambda self: self.rig.bus.unacked)
    @rule(which=st.integers(0, 20))
    def ack(self, which: int) -> None:
        self.rig.bus.ack(which % self.rig.bus.unacked)

    @rule(seconds=st.floats(0, 30))
    def wait(self, seconds: float) -> None:
        self.rig.now += seconds

    @invariant()
    def first_deliveries_are_in_order_without_a_gap(self) -> None:
        first = list(dict.fromkeys(self.rig.sent))
        assert first == list(range(1, len(first) + 1))

    @invariant()
    def nothing_is_marked_that_was_not_sent(self) -> None:
        assert set(self.rig.outbox.marked) <= set(self.rig.sent)

    def teardown(self) -> None:
        self.rig.bus.auto_ack = True
        self.rig.bus.drop()
        self.rig.bus.connect()
        for _ in range(self.appended + 2):
            self.rig.pump.run_once(0)
        assert set(self.rig.sent) == set(range(1, self.appended + 1))
        assert self.rig.outbox.depth() == 0


TestPumpMachine = PumpMachine.TestCase
TestPumpMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
