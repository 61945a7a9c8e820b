"""With a collector, an event is kept until the collector has it: whoever else loses what."""

from __future__ import annotations

import itertools
import json
import logging

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.mqtt.pump import OutboxPump
from edge.ports import Message
from tests.fakes import FakeBus, FakeOutbox
from tests.mqtt.test_pump import encode, stored


class Rig:
    """A pump with a broker that keeps what it acknowledges, and a collector that takes it from there."""

    def __init__(self, events: int = 0, *, window: int = 4, ahead: int = 6) -> None:
        self.now = 0.0
        self.window, self.ahead = window, ahead
        self.outbox = FakeOutbox(stored(seq) for seq in range(1, events + 1))
        self.unacked: list[int] = []
        self.queued: list[int] = []
        self.seen: set[int] = set()
        self.has: set[int] = set()
        self.start()

    def start(self) -> None:
        """Of the device, anew."""
        self.unacked.clear()
        self.bus = FakeBus(auto_ack=False)
        self.pump = OutboxPump(
            self.outbox,
            self.bus,
            encode,
            window=self.window,
            ack_timeout_s=20.0,
            collected=True,
            ahead=self.ahead,
            monotonic=lambda: self.now,
        )
        self.bus.start(lambda message: None, self.pump.on_link)

    def step(self) -> None:
        before = len(self.bus.sent)
        self.pump.run_once(0)
        self.unacked += [int(sent.payload.removeprefix(b"id-")) for sent in self.bus.sent[before:]]

    def ack(self, which: int = 0) -> None:
        self.queued.append(self.unacked.pop(which))
        self.bus.ack(which)

    def ack_all(self) -> None:
        while self.unacked:
            self.ack()

    def drop(self) -> None:
        self.unacked.clear()
        self.bus.drop()

    def collect(self) -> None:
        """The collector sees and stores all that the broker has for it."""
        self.has |= self.seen | set(self.queued)
        self.seen.clear()
        self.queued.clear()

    def upto(self) -> int:
        return next(seq for seq in range(1, len(self.has) + 2) if seq not in self.has) - 1

    def say(self, upto: object, *, retain: bool = False) -> None:
        self.pump.hear(Message("evt-ack", json.dumps({"upto": upto}).encode(), retain, 1, self.now))

    @property
    def sent(self) -> list[int]:
        return [int(payload.removeprefix(b"id-")) for payload in self.bus.payloads("events")]


def test_the_brokers_word_is_not_enough() -> None:
    rig = Rig(events=3)
    rig.step()
    rig.ack_all()
    rig.step()
    assert rig.outbox.marked == []
    rig.say(2)
    rig.step()
    assert rig.outbox.marked == [1, 2]
    assert rig.outbox.depth() == 1


def test_the_collectors_word_may_come_before_the_brokers() -> None:
    rig = Rig(events=2)
    rig.step()
    rig.say(2)
    rig.step()
    assert rig.outbox.marked == []
    rig.ack_all()
    rig.step()
    assert rig.outbox.marked == [1, 2]


def test_no_more_is_sent_ahead_than_the_collector_may_lack() -> None:
    rig = Rig(events=20, window=4, ahead=6)
    for _ in range(5):
        rig.step()
        rig.ack_all()
    assert rig.sent == [1, 2, 3, 4, 5, 6]
    rig.say(5)
    rig.step()
    assert rig.sent == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def test_a_new_session_sends_again_what_the_collector_lacks() -> None:
    rig = Rig(events=4)
    rig.step()
    rig.ack_all()
    rig.say(1)
    rig.step()
    rig.drop()
    rig.bus.connect()
    rig.step()
    assert rig.sent == [1, 2, 3, 4, 2, 3, 4]


def test_a_silent_collector_is_sent_to_again_ever_less_often(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(events=1)
    sent_at: list[float] = []
    with caplog.at_level(logging.WARNING):
        while rig.now < 3600:
            before = len(rig.sent)
            rig.step()
            rig.ack_all()
            sent_at += [rig.now] * (len(rig.sent) - before)
            rig.now += 1.0
    gaps = [later - earlier for earlier, later in itertools.pairwise(sent_at)]
    assert gaps[:3] == [pytest.approx(20, abs=2), pytest.approx(40, abs=2), pytest.approx(80, abs=2)]
    assert max(gaps) <= 602
    assert len(caplog.records) == len(gaps)
    rig.say(1)
    rig.step()
    assert rig.outbox.depth() == 0


@pytest.mark.parametrize("word", ["1", 1.5, True, None, -1, [1], 2**70 * 1.5])
def test_what_the_collector_cannot_mean_is_passed_over_and_told_once(
    word: object, caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig(events=1)
    rig.step()
    rig.ack_all()
    for _ in range(3):
        rig.say(word)
        rig.step()
    assert rig.outbox.depth() == 1
    assert len(caplog.records) == 1


def test_a_retained_word_may_be_of_another_time() -> None:
    rig = Rig(events=1)
    rig.step()
    rig.ack_all()
    rig.say(1, retain=True)
    rig.step()
    assert rig.outbox.depth() == 1


class CollectedMachine(RuleBasedStateMachine):
    """Device, broker and collector fail in any order; an event is always with the device or the collector."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig()
        self.appended = 0

    @rule(count=st.integers(1, 6))
    def append(self, count: int) -> None:
        for _ in range(count):
            self.appended += 1
            self.rig.outbox.add(stored(self.appended))

    @rule()
    def step(self) -> None:
        self.rig.step()

    @rule()
    def connect(self) -> None:
        self.rig.bus.connect()

    @rule()
    def drop(self) -> None:
        self.rig.drop()

    @rule()
    def restart_the_device(self) -> None:
        self.rig.start()

    @precondition(lambda self: self.rig.unacked)
    @rule(which=st.integers(0, 20))
    def ack(self, which: int) -> None:
        self.rig.ack(which % len(self.rig.unacked))

    @precondition(lambda self: self.rig.queued)
    @rule(count=st.integers(1, 5))
    def bring_to_the_collector(self, count: int) -> None:
        self.rig.seen |= set(self.rig.queued[:count])
        del self.rig.queued[:count]

    @rule()
    def store(self) -> None:
        self.rig.has |= self.rig.seen
        self.rig.seen.clear()

    @rule()
    def lose_what_the_collector_has_not_stored(self) -> None:
        self.rig.seen.clear()

    @rule()
    def lose_what_the_broker_has_taken(self) -> None:
        self.rig.queued.clear()

    @rule()
    def say(self) -> None:
        self.rig.say(self.rig.upto())

    @rule(before=st.integers(0, 10))
    def say_what_is_old(self, before: int) -> None:
        self.rig.say(max(0, self.rig.upto() - before))

    @rule(seconds=st.floats(0, 700))
    def wait(self, seconds: float) -> None:
        self.rig.now += seconds

    @invariant()
    def every_event_is_with_the_device_or_the_collector(self) -> None:
        waiting = {event.seq for event in self.rig.outbox.waiting}
        assert waiting | self.rig.has == set(range(1, self.appended + 1))

    @invariant()
    def no_more_is_sent_ahead_than_the_collector_may_lack(self) -> None:
        assert len(set(self.rig.sent) - set(self.rig.outbox.marked)) <= self.rig.ahead

    def teardown(self) -> None:
        rig = self.rig
        rig.bus.connect()
        for _ in range(2 * self.appended + 4):
            rig.now += 601
            rig.step()
            rig.ack_all()
            rig.collect()
            rig.say(rig.upto())
        rig.step()
        assert rig.has == set(range(1, self.appended + 1))
        assert rig.outbox.depth() == 0


TestCollectedMachine = CollectedMachine.TestCase
TestCollectedMachine.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
