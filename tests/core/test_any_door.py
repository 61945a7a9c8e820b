"""For any sequence of stimuli: who may have the door open, until when, and by which decision."""

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge.core.decision import DecisionId, Receipt
from edge.core.door import Door, durable_postures, may_grant, restore, step
from edge.core.door_config import DoorConfig
from edge.core.effects import Relock, Report, Unlock
from edge.core.leaf import LeafState
from edge.core.posture import Posture, Source
from edge.core.stimuli import (
    AcknowledgeAlarm,
    ClearPosture,
    ContactReading,
    FireReading,
    Grant,
    PeerReading,
    RequestToExit,
    SelfTestFailed,
    SelfTestPassed,
    SetPosture,
    Stopped,
    TamperReading,
    Tick,
)
from edge.core.strike import StrikeState

receipts = st.builds(lambda n: Receipt(DecisionId(f"d{n}")), st.integers(0, 10**6))
durations = st.one_of(st.none(), st.floats(0.1, 30.0))


class AnyDoor(RuleBasedStateMachine):
    """Any stimuli in any order; beside it, the plainest record of who may have it open until when."""

    @initialize(
        relock_on_close=st.booleans(),
        has_contact=st.booleans(),
        unlocks=st.booleans(),
        peers=st.sampled_from([frozenset(), frozenset({"inner"})]),
    )
    def begin(self, relock_on_close, has_contact, unlocks, peers):
        self.config = DoorConfig(
            relock_on_close=relock_on_close,
            has_contact=has_contact,
            rex_unlocks=unlocks,
            fire_unlocks=unlocks,
            peers=peers,
        )
        self.door, self.now = Door(), 0.0
        self.relay_unlocked = False
        self.given: set[Receipt] = set()
        self.deadline = -math.inf
        self.works = False
        self.set: dict[Source, tuple[Posture, float]] = {}
        self.latched = self.acknowledged = self.held_alarm = False

    def take(self, event):
        self.door, effects = step(self.door, self.config, event, self.now)
        for effect in effects:
            match effect:
                case Unlock(receipt):
                    assert not self.relay_unlocked, "two unlocks without a relock between them"
                    assert receipt in self.given, "an unlock without the receipt of a decision"
                    self.relay_unlocked = True
                case Relock():
                    self.relay_unlocked = False
                case Report("alarm.held"):
                    assert not self.held_alarm
                    self.held_alarm = True
                case Report("alarm.held_clear"):
                    assert self.held_alarm
                    self.held_alarm = False
                case Report("alarm.forced"):
                    self.latched, self.acknowledged = True, False
                case Report("alarm.forced_clear", body):
                    assert body == {"acknowledged": self.acknowledged}
                    self.latched = not self.acknowledged
        return effects

    @property
    def posture(self):
        for source in reversed(Source):
            posture, until = self.set.get(source, (None, -math.inf))
            if self.now < until:
                return posture
        return Posture.SECURE

    @rule(seconds=st.floats(0.0, 12.0))
    def wait(self, seconds):
        self.now += seconds
        self.take(Tick())

    @rule(passed=st.sampled_from([True, True, True, False]))
    def self_test(self, passed):
        self.works = passed
        self.take(SelfTestPassed() if passed else SelfTestFailed("lock"))

    @rule()
    def stop(self):
        self.works = False
        self.take(Stopped())

    @rule(receipt=receipts, seconds=durations, late=st.floats(0.0, 3.0))
    def grant(self, receipt, seconds, late):
        self.now += late
        refusal = may_grant(self.door, self.config, self.now)
        self.given.add(receipt)
        if refusal is None:
            self.deadline = max(self.deadline, self.now + (seconds or self.config.unlock_s))
        effects = self.take(Grant(receipt, seconds))
        if refusal is None:
            assert self.door.is_unlocked
        else:
            assert not any(isinstance(effect, Unlock) for effect in effects)

    @rule(receipt=st.one_of(st.none(), receipts))
    def request_to_exit(self, receipt):
        if receipt is not None and self.config.rex_unlocks:
            self.given.add(receipt)
            if may_grant(self.door, self.config, self.now) is None:
                self.deadline = max(self.deadline, self.now + self.config.unlock_s)
        self.take(RequestToExit(receipt))

    @rule(is_open=st.booleans(), late=st.floats(0.0, 3.0))
    def contact(self, is_open, late):
        self.now += late
        self.take(ContactReading(is_open))

    @rule(active=st.booleans())
    def tamper(self, active):
        self.take(TamperReading(active))

    @rule(active=st.booleans(), receipt=st.one_of(st.none(), receipts))
    def fire(self, active, receipt):
        emergency, until = self.set.get(Source.EMERGENCY, (None, -math.inf))
        emergency = emergency if self.now < until else None
        if active and receipt is not None and self.config.fire_unlocks:
            self.given.add(receipt)
            if emergency is None:
                self.set[Source.EMERGENCY] = (Posture.UNLOCKED, math.inf)
        if not active and self.door.fire and emergency is Posture.UNLOCKED:
            del self.set[Source.EMERGENCY]
        self.take(FireReading(active, receipt))

    @rule(is_open=st.booleans())
    def peer(self, is_open):
        self.take(PeerReading("inner", is_open))

    @rule(
        source=st.sampled_from(Source),
        posture=st.sampled_from(Posture),
        lasts=st.one_of(st.none(), st.floats(0.1, 20.0)),
        receipt=receipts,
    )
    def set_posture(self, source, posture, lasts, receipt):
        until = None if lasts is None else self.now + lasts
        self.given.add(receipt)
        self.set[source] = (posture, math.inf if until is None else until)
        self.take(SetPosture(source, posture, until, receipt))

    @rule(source=st.sampled_from(Source))
    def clear_posture(self, source):
        self.set.pop(source, None)
        self.take(ClearPosture(source))

    @precondition(lambda self: self.latched)
    @rule()
    def acknowledge(self):
        self.acknowledged = True
        self.latched = self.door.leaf.state is LeafState.FORCED
        self.take(AcknowledgeAlarm())

    @rule()
    def restart(self):
        stored = durable_postures(self.door, self.now)
        self.door = restore(Door(), stored, self.now)
        self.relay_unlocked, self.works, self.deadline = False, False, -math.inf
        self.latched = self.held_alarm = False
        self.set = {
            source: one
            for source, one in self.set.items()
            if source in (Source.OPERATOR, Source.EMERGENCY) and one[0].restricts
        }

    @invariant()
    def the_relay_is_where_the_door_believes_it(self):
        assert self.relay_unlocked == self.door.is_unlocked

    @invariant()
    def it_is_unlocked_only_before_a_deadline_or_by_a_posture(self):
        if self.relay_unlocked and self.posture is not Posture.UNLOCKED:
            assert self.now < self.deadline

    @invariant()
    def lockdown_disabled_and_fault_keep_it_locked(self):
        if self.posture.restricts or not self.works:
            assert not self.relay_unlocked

    @invariant()
    def an_unlocked_posture_holds_a_working_door(self):
        if self.works and self.posture is Posture.UNLOCKED:
            assert self.door.strike.state is StrikeState.HELD_OPEN

    @invariant()
    def a_forced_alarm_stays_latched(self):
        assert self.door.leaf.forced == self.latched

    @invariant()
    def a_held_alarm_lasts_exactly_as_long_as_the_leaf_is_held(self):
        assert self.held_alarm == (self.door.leaf.state is LeafState.HELD)

    @invariant()
    def without_a_contact_nothing_is_known_of_the_leaf(self):
        if not self.config.has_contact:
            assert self.door.leaf.state is LeafState.UNKNOWN


TestAnyDoor = AnyDoor.TestCase
TestAnyDoor.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


@pytest.mark.nightly
class TestAnyDoorAtLength(AnyDoor.TestCase):
    settings = settings(max_examples=2000, stateful_step_count=50, deadline=None)
