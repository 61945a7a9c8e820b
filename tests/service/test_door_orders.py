"""Postures that are ordered: refused first, then kept through grants, time and restarts."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta

import pytest

from edge.core.ack import AckStatus
from edge.core.commands import Command
from edge.core.decision import Reason
from edge.core.door_config import DoorConfig
from edge.core.door_orders import AcknowledgeDoor, OrderPosture
from edge.core.posture import Posture, Source
from edge.core.roles import Role, Signer
from edge.errors import AlreadyCommitted, StoreError
from edge.ports import InputReading
from edge.service.door_orders import STATE
from tests.factories import NOON
from tests.service.test_access import ADA, Site

PLAIN = DoorConfig(has_contact=False)
OPERATOR = (Signer("op-1", frozenset({Role.OPERATOR})),)
EMERGENCY = (Signer("em-1", frozenset({Role.EMERGENCY})),)
NUMBERS = itertools.count()


class Orders(Site):
    """A site to which postures are ordered. Starting another one on the same folder is a restart."""

    def order(self, posture, signers=None, *, seconds=None, reason="", identifier=None):
        until = None if seconds is None else self.utc + timedelta(seconds=seconds)
        named = None if posture is None else Posture(posture)
        order = OrderPosture("main", named, until, reason)
        return self.controller.orders.order(self.command("door.posture", order, signers, identifier), order)

    def acknowledge(self):
        order = AcknowledgeDoor("main")
        return self.controller.orders.acknowledge(self.command("door.acknowledge", order), order)

    def command(self, type_, order, signers=None, identifier=None):
        return Command(identifier or f"c{next(NUMBERS)}", type_, order, self.utc, self.utc, signers=signers)

    @property
    def utc(self):
        return NOON + timedelta(seconds=self.clock.now - 1000.0)

    @property
    def effective(self):
        source, held = self.controller.door.postures.effective
        return held.posture.value, source.value


def begin(folder, config=PLAIN, *, now=1000.0, is_set=True):
    site = Orders(folder, config)
    site.clock.now, site.clock.is_set = now, is_set
    site.controller.start()
    return site


@pytest.fixture
def site(tmp_path):
    made = begin(tmp_path)
    yield made
    made.database.close()


def restarted(site, folder, *, after_s=10.0, is_set=True):
    site.database.close()
    return begin(folder, now=site.clock.now + after_s, is_set=is_set)


def test_an_end_that_has_passed_is_refused(site):
    for seconds in (0, -1, -1e6, 1e9):
        answer = site.order("lockdown", seconds=seconds)
        assert (answer.status, answer.reason) == (AckStatus.REJECTED, "bad_until")
    assert site.effective == ("secure", "standing")


def test_without_a_trusted_clock_an_end_is_refused(site):
    site.clock.is_set = False
    answer = site.order("lockdown", seconds=60)
    assert (answer.status, answer.reason) == (AckStatus.REJECTED, "clock")
    assert site.order("lockdown").status is AckStatus.SUCCEEDED


def test_a_door_is_not_held_open_under_a_lockdown_of_a_higher_source(site):
    site.order("lockdown", EMERGENCY)
    answer = site.order("unlocked", OPERATOR)
    assert (answer.status, answer.reason) == (AckStatus.REJECTED, "deny_lockdown")
    site.order(None, EMERGENCY)
    assert site.effective == ("secure", "standing")
    assert site.lock.moves == []
    assert site.types.count("audit.posture_refused") == 1


def test_a_door_in_fault_is_not_held_open(site):
    site.lock.fails = True
    site.sight()
    answer = site.order("unlocked")
    assert (answer.status, answer.reason) == (AckStatus.REJECTED, "deny_fault")
    site.lock.fails = False
    site.wait(10)
    assert site.lock.moves == []


def test_a_door_is_not_held_open_while_its_peer_may_be_open(tmp_path):
    site = begin(tmp_path, DoorConfig(has_contact=False, peers=frozenset({"outer"})))
    assert site.order("unlocked").reason == "deny_interlock"
    assert site.lock.moves == []
    site.database.close()


def test_what_cannot_be_stored_changes_nothing(site):
    site.journal.is_full = True
    for posture in ("lockdown", "unlocked"):
        with pytest.raises(StoreError):
            site.order(posture)
    assert site.effective == ("secure", "standing")
    assert site.lock.moves == []


def test_a_relay_that_does_not_obey_is_told(site):
    site.lock.fails = True
    answer = site.order("unlocked", identifier="c-fault")
    assert (answer.status, answer.reason) == (AckStatus.REJECTED, "deny_fault")
    assert site.journal.command_ack("c-fault") == answer.to_json()


def test_the_same_command_is_not_decided_twice(site):
    site.order("lockdown", identifier="same")
    with pytest.raises(AlreadyCommitted):
        site.order("unlocked", identifier="same")
    assert site.effective == ("lockdown", "operator")


def test_a_lockdown_refuses_everybody_and_cuts_an_unlock_short(site):
    site.sight()
    assert site.order("lockdown").status is AckStatus.SUCCEEDED
    assert site.lock.moves == ["unlock", "lock"]
    assert site.sight().reason is Reason.DENY_LOCKDOWN
    assert site.controller.commanded("c-unlock", None, lambda ruling: "{}").reason is Reason.DENY_LOCKDOWN
    site.order(None)
    assert site.sight().reason is Reason.ALLOW_GRANT


def test_unlocked_holds_the_strike_with_a_receipt_until_its_time_is_over(site):
    answer = site.order("unlocked", seconds=60)
    assert answer.detail == {"posture": "unlocked", "source": "operator"}
    site.wait(59)
    assert site.lock.moves == ["unlock"]
    (decision,) = site.journal.decisions(5)
    assert (decision.reason, decision.factors) == (Reason.ALLOW_POSTURE_UNLOCKED, ("posture",))
    assert site.lock.receipts[0].decision == decision.id
    site.wait(1)
    assert site.lock.moves == ["unlock", "lock"]


def test_time_is_monotonic_from_then_on(site):
    site.order("unlocked", seconds=60)
    site.clock.is_set = False
    site.wait(61)
    assert site.lock.moves == ["unlock", "lock"]


def test_clearing_one_source_reveals_the_next(site):
    site.order("free_access", OPERATOR)
    site.order("lockdown", EMERGENCY)
    assert site.effective == ("lockdown", "emergency")
    assert site.order(None, OPERATOR).detail == {"posture": "lockdown", "source": "emergency"}
    assert site.order(None, EMERGENCY).detail == {"posture": "secure", "source": "standing"}


def test_whoever_need_not_sign_is_an_operator(site):
    site.order("disabled")
    assert site.effective == ("disabled", "operator")


def test_what_was_ordered_is_told_and_recorded(site):
    site.order("lockdown", OPERATOR, reason="drill")
    assert site.types[-2:] == ["audit.posture_ordered", "door.posture_changed"]
    audit, changed = site.events[-2:]
    assert audit.corr is not None
    assert audit.body == {
        "door": "main",
        "posture": "lockdown",
        "source": "operator",
        "until": None,
        "reason": "drill",
        "by": ["op-1"],
    }
    assert changed.body == {"door": "main", "posture": "lockdown", "source": "operator"}
    assert "access.granted" not in site.types


@pytest.mark.parametrize("posture", ["lockdown", "disabled"])
@pytest.mark.parametrize(("signers", "source"), [(OPERATOR, "operator"), (EMERGENCY, "emergency")])
def test_what_restricts_outlives_a_restart(site, tmp_path, posture, signers, source):
    site.order(posture, signers)
    again = restarted(site, tmp_path)
    assert again.effective == (posture, source)
    assert not again.sight().granted
    again.order(None, signers)
    last = restarted(again, tmp_path)
    assert last.effective == ("secure", "standing")
    last.database.close()


@pytest.mark.parametrize("posture", ["unlocked", "free_access", "card_or_face_2fa", "secure"])
def test_nothing_else_outlives_a_restart(site, tmp_path, posture):
    site.order(posture)
    again = restarted(site, tmp_path)
    assert again.effective == ("secure", "standing")
    assert again.lock.moves == []
    again.database.close()


def test_unlocked_ends_a_lockdown_for_good(site, tmp_path):
    site.order("lockdown")
    site.order("unlocked")
    again = restarted(site, tmp_path)
    assert again.effective == ("secure", "standing")
    again.database.close()


def test_an_end_counts_on_over_a_restart(site, tmp_path):
    site.order("lockdown", seconds=100)
    again = restarted(site, tmp_path, after_s=60)
    again.wait(39)
    assert again.effective == ("lockdown", "operator")
    again.wait(1)
    assert again.effective == ("secure", "standing")
    assert again.journal.state(STATE) is None
    again.database.close()


def test_an_end_that_passed_during_a_restart_is_over(site, tmp_path):
    site.order("lockdown", seconds=100)
    again = restarted(site, tmp_path, after_s=101)
    assert again.sight().granted
    again.database.close()


def test_while_the_time_is_not_known_a_lockdown_holds(site, tmp_path):
    site.order("lockdown", seconds=100)
    again = restarted(site, tmp_path, after_s=60, is_set=False)
    again.wait(1000)
    assert again.effective == ("lockdown", "operator")
    third = restarted(again, tmp_path, is_set=False)
    assert third.effective == ("lockdown", "operator")
    third.clock.is_set = True
    third.wait(1)
    assert third.effective == ("secure", "standing")
    third.database.close()


def test_the_end_is_set_as_soon_as_the_time_is_known(site, tmp_path):
    site.order("lockdown", seconds=100)
    again = restarted(site, tmp_path, after_s=60, is_set=False)
    again.clock.is_set = True
    again.wait(1)
    assert again.effective == ("lockdown", "operator")
    again.wait(39)
    assert again.effective == ("secure", "standing")
    again.database.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}[",
        "[1]",
        "[{}]",
        '[{"source":"operator","posture":"weird","until":null}]',
        '[{"source":"operator","posture":"lockdown","until":"soon"}]',
        '{"a":1}',
        "7",
    ],
)
def test_what_cannot_be_read_after_a_restart_locks_the_door_and_is_reported(site, tmp_path, text):
    site.journal.save_state(STATE, text)
    again = restarted(site, tmp_path)
    assert again.effective == ("lockdown", "operator")
    assert "alarm.posture" in again.types
    again.order(None)
    assert again.sight().granted
    assert json.loads(again.journal.state(STATE) or "[]") == []
    again.database.close()


def test_a_forced_door_is_acknowledged(tmp_path):
    site = begin(tmp_path, DoorConfig())
    for is_open in (False, True, False):
        site.controller.read(InputReading("contact", is_open, site.clock.now))
    assert site.controller.door.leaf.forced
    assert site.acknowledge().detail == {"forced": True}
    assert not site.controller.door.leaf.forced
    assert "audit.alarm_acknowledged" in site.types
    assert site.acknowledge().detail == {"forced": False}
    site.database.close()


def test_the_source_of_both_roles_is_an_emergency(site):
    both = (Signer("k", frozenset({Role.OPERATOR, Role.EMERGENCY})),)
    site.order("lockdown", both)
    assert site.controller.door.postures.of(Source.EMERGENCY) is not None
    assert site.sight(person=ADA).reason is Reason.DENY_LOCKDOWN
