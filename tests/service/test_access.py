from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from edge.core.decision import Reason
from edge.core.door_config import DoorConfig
from edge.core.evidence import Outcome, Verdict
from edge.core.face import PersonId
from edge.core.moves import Move
from edge.core.policy import OLDEST_FACE_S, Standing
from edge.errors import StoreCorrupt, StoreFull
from edge.ports import InputReading
from edge.service.access import Controller
from edge.service.recognize import Sighting
from edge.service.trial import Prompt
from edge.store.database import open_database
from edge.store.journal import Journal
from edge.store.outbox import Outbox
from tests.factories import NOON
from tests.fakes import FakeClock, FakeLock

ADA = PersonId("ada")
IDS = itertools.count()


class Site:
    """A controller on a real journal, with a recording lock and a clock that stands."""

    def __init__(self, folder, config, lock=None):
        self.clock, self.lock = FakeClock(), lock or FakeLock()
        self.database = open_database(folder / "ostiary.db", durable=True).__enter__()
        self.journal = FailingJournal(Journal(self.database, boot="b", monotonic=lambda: self.clock.now))
        self.outbox = Outbox(self.database)
        self.people = {ADA: Standing(ADA)}
        ids = (f"id-{number}" for number in IDS)
        self.controller = Controller(
            config=config,
            journal=self.journal,
            lock=self.lock,
            standing=self._standing,
            clocks=self.clock.clocks(),
            new_id=lambda: next(ids),
            far=1e-3,
        )

    def _standing(self, person):
        if self.journal.is_unreadable:
            raise StoreCorrupt("the store is damaged; restore a backup")
        return self.people.get(person)

    def sight(self, outcome=Outcome.RECOGNIZED, person=ADA, age=0.0):
        named = person if outcome is Outcome.RECOGNIZED else None
        verdict = Verdict(outcome, named, 0.95, 0.2, 0.9, 5, 0.8)
        seen = self.clock.now - age
        return self.controller.sighted(Sighting(1, verdict, seen - 0.5, seen, 0.93))

    def wait(self, seconds):
        self.clock.now += seconds
        self.controller.tick()

    @property
    def events(self):
        return [stored.event for stored in self.outbox.pending(1000)]

    @property
    def types(self):
        return [event.type for event in self.events]


class FailingJournal:
    """A journal whose disk the test can fill."""

    def __init__(self, journal):
        self._journal = journal
        self.is_full = False
        self.is_unreadable = False

    def __getattr__(self, name):
        if self.is_full and name in ("commit", "append"):
            return self._refuse
        return getattr(self._journal, name)

    def _refuse(self, *_args, **_kwargs):
        raise StoreFull("the disk is full; make room")


@pytest.fixture
def site(tmp_path, request):
    config = getattr(request, "param", DoorConfig(has_contact=False))
    made = Site(tmp_path, config)
    made.controller.start()
    yield made
    made.database.close()


def test_starting_and_stopping_moves_nothing(site):
    site.controller.stop()
    assert site.lock.moves == []


def test_stopping_locks_and_tells(site):
    site.sight()
    site.controller.stop()
    assert site.lock.moves == ["unlock", "lock"]
    assert site.events[-1].type == "door.locked"
    assert not site.controller.door.is_unlocked


def test_stopping_locks_although_nothing_can_be_stored(site):
    site.sight()
    site.journal.is_full = True
    site.controller.stop()
    assert site.lock.moves == ["unlock", "lock"]


def test_an_enrolled_person_opens_for_the_unlock_time(site):
    assert site.sight().reason is Reason.ALLOW_GRANT
    assert site.lock.moves == ["unlock"]
    site.wait(4.9)
    assert site.lock.moves == ["unlock"]
    site.wait(0.2)
    assert site.lock.moves == ["unlock", "lock"]


def test_every_edge_has_its_committed_decision(site):
    site.sight()
    (receipt,) = site.lock.receipts
    (decision,) = site.journal.decisions(10)
    assert (decision.id, decision.granted, decision.person) == (receipt.decision, True, ADA)


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.RECOGNIZED])
def test_everything_but_a_recognized_person_is_denied_recorded_and_moves_nothing(site, outcome):
    ruling = site.sight(outcome)
    assert not ruling.granted
    assert site.lock.moves == []
    (event,) = [event for event in site.events if event.type == "access.denied"]
    assert event.body["reason"] == ruling.reason.value
    assert "person" not in event.body


def test_the_access_event_tells_what_the_decision_rested_on(site):
    site.sight()
    (event,) = [event for event in site.events if event.type == "access.granted"]
    assert event.body["person"] == "ada"
    assert event.body["score"] == 0.95
    assert event.body["threshold"] == 0.93
    assert event.body["liveness"] == {"score": 0.9, "frames": 5, "method": "passive"}
    assert event.body["latency_ms"] == 500.0


def test_an_attack_is_told_in_one_transaction_with_its_refusal(site):
    site.sight(Outcome.NOT_LIVE)
    told = [event for event in site.events if event.type in ("access.denied", "pad.attack")]
    assert [event.type for event in told] == ["access.denied", "pad.attack"]
    assert told[0].body["decision_id"] == told[1].body["decision_id"]
    assert "person" not in told[1].body


def test_what_the_face_is_asked_to_do_is_told_without_a_decision(site):
    site.controller.prompted(Prompt(1, Move.LEFT, 0, 3))
    site.controller.prompted(Prompt(1, None, 1, 3))
    bodies = [event.body for event in site.events if event.type == "pad.challenge"]
    assert bodies == [
        {"door": "main", "prompt": "left", "done": 0, "of": 3},
        {"door": "main", "prompt": "straight", "done": 1, "of": 3},
    ]
    assert site.lock.moves == []
    assert site.journal.decisions(10) == []


def test_a_person_removed_since_the_match_is_denied(site):
    site.people.clear()
    assert site.sight().reason is Reason.DENY_UNKNOWN_FACE
    assert site.lock.moves == []


def test_a_person_past_the_end_of_validity_is_denied(site):
    site.people[ADA] = replace(site.people[ADA], valid_until=NOON - timedelta(days=1))
    assert site.sight().reason is Reason.DENY_EXPIRED


def test_a_second_grant_extends_and_does_not_stack(site):
    site.sight()
    site.wait(3)
    site.sight()
    site.wait(4.9)
    assert site.lock.moves == ["unlock"]
    site.wait(0.2)
    assert site.lock.moves == ["unlock", "lock"]


def test_a_decision_that_cannot_be_stored_moves_nothing_and_is_alarmed_once_there_is_room(site):
    site.journal.is_full = True
    ruling = site.sight()
    assert (ruling.granted, ruling.reason) == (False, Reason.DENY_FAULT)
    assert site.lock.moves == []
    assert "store" in site.controller.reporter.troubles
    site.journal.is_full = False
    site.wait(1.1)
    assert site.controller.reporter.troubles == {}
    assert "alarm.store" in site.types
    assert site.types[-1] == "alarm.store_clear"
    assert site.sight().granted


def test_a_running_unlock_ends_although_the_disk_is_full(site):
    site.sight()
    site.journal.is_full = True
    site.wait(5.1)
    assert site.lock.moves == ["unlock", "lock"]
    site.journal.is_full = False
    site.wait(1.1)
    assert "door.locked" in site.types


def test_a_lock_that_cannot_be_had_denies_everybody(tmp_path):
    site = Site(tmp_path, DoorConfig(has_contact=False))
    site.lock.fails = True
    site.controller.start()
    assert "lock" in site.controller.reporter.troubles
    assert site.sight().reason is Reason.DENY_FAULT
    assert "alarm.lock" in site.types


def test_a_lock_that_fails_while_unlocking_puts_the_door_in_fault(site):
    site.lock.fails = True
    site.sight()
    site.lock.fails = False
    assert site.sight().reason is Reason.DENY_FAULT
    assert site.lock.moves == []


def test_a_lock_that_fails_to_lock_is_locked_as_soon_as_it_works_again(site):
    site.sight()
    site.lock.fails = True
    site.wait(5.1)
    site.wait(1)
    assert site.lock.is_unlocked
    site.lock.fails = False
    site.wait(0.1)
    assert site.lock.moves == ["unlock", "lock"]
    assert site.sight().reason is Reason.DENY_FAULT


def test_what_a_lock_failed_to_do_is_told_before_the_fault_and_not_after(site):
    site.lock.fails = True
    site.sight()
    told = [kind for kind in site.types if kind.startswith(("door.", "alarm."))]
    assert told == ["door.unlocked", "alarm.lock", "door.locked", "door.fault"]


def test_a_command_that_the_lock_fails_to_carry_out_is_refused_also_when_repeated(site):
    site.lock.fails = True
    ruling = site.controller.commanded("c-1", 2.0, lambda ruling: ruling.reason.value)
    assert (ruling.granted, ruling.reason) == (False, Reason.DENY_FAULT)
    assert site.journal.command_ack("c-1") == "deny_fault"


def test_a_face_that_waited_too_long_for_its_answer_is_not_let_in(site):
    assert site.sight(age=OLDEST_FACE_S + 0.1).reason is Reason.DENY_LATE
    assert site.lock.moves == []


def test_a_gallery_that_cannot_be_read_denies_as_a_fault_and_is_alarmed(site):
    site.journal.is_unreadable = True
    assert site.sight().reason is Reason.DENY_FAULT
    assert site.lock.moves == []
    assert "alarm.gallery" in site.types


def test_a_command_opens_for_its_own_time_and_its_event_names_it(site):
    ruling = site.controller.commanded("c-1", 2.0, lambda ruling: '{"status": "succeeded"}')
    assert ruling.reason is Reason.ALLOW_COMMAND
    site.wait(2.1)
    assert site.lock.moves == ["unlock", "lock"]
    assert site.journal.command_ack("c-1") == '{"status": "succeeded"}'
    (event,) = [event for event in site.events if event.type == "access.granted"]
    assert event.corr == "c-1"


def test_a_command_that_cannot_be_stored_is_not_carried_out(site):
    site.journal.is_full = True
    with pytest.raises(StoreFull):
        site.controller.commanded("c-1", 2.0, lambda ruling: "{}")
    assert site.lock.moves == []


@pytest.mark.parametrize("site", [DoorConfig(has_contact=True)], indirect=True)
def test_a_door_that_opens_without_a_grant_is_an_alarm(site):
    site.controller.read(InputReading("contact", False, site.clock.now))
    site.controller.read(InputReading("contact", True, site.clock.now))
    assert "alarm.forced" in site.types


@pytest.mark.parametrize("site", [DoorConfig(has_contact=True)], indirect=True)
def test_request_to_exit_shunts_the_alarm_and_does_not_move_the_relay(site):
    site.controller.read(InputReading("contact", False, site.clock.now))
    site.controller.read(InputReading("rex", True, site.clock.now))
    site.controller.read(InputReading("contact", True, site.clock.now))
    assert "alarm.forced" not in site.types
    assert site.lock.moves == []


@pytest.mark.parametrize("site", [DoorConfig(has_contact=False, rex_unlocks=True)], indirect=True)
def test_where_the_relay_follows_request_to_exit_the_decision_comes_first(site):
    site.controller.read(InputReading("rex", True, site.clock.now))
    (decision,) = site.journal.decisions(10)
    assert decision.reason is Reason.ALLOW_REQUEST_TO_EXIT
    assert site.lock.receipts[0].decision == decision.id


@pytest.mark.parametrize("site", [DoorConfig(has_contact=False, fire_unlocks=True)], indirect=True)
def test_fire_holds_the_door_open_until_it_is_over(site):
    site.controller.read(InputReading("fire", True, site.clock.now))
    site.wait(60)
    assert site.lock.moves == ["unlock"]
    site.controller.read(InputReading("fire", False, site.clock.now))
    assert site.lock.moves == ["unlock", "lock"]


@pytest.mark.parametrize("site", [DoorConfig(has_contact=False, fire_unlocks=True)], indirect=True)
def test_fire_grants_nothing_at_a_door_that_does_not_work(site):
    site.lock.fails = True
    site.sight()
    site.controller.read(InputReading("fire", True, site.clock.now))
    assert "alarm.fire" in site.types
    assert site.types.count("access.granted") == 1


@pytest.mark.parametrize("site", [DoorConfig(has_contact=False, fire_unlocks=True)], indirect=True)
def test_fire_moves_nothing_while_no_decision_can_be_stored(site):
    site.journal.is_full = True
    site.controller.read(InputReading("fire", True, site.clock.now))
    assert site.lock.moves == []


def test_fire_moves_nothing_where_the_site_did_not_ask_for_it(site):
    site.controller.read(InputReading("fire", True, site.clock.now))
    assert site.lock.moves == []
    assert "alarm.fire" in site.types


def test_a_camera_outage_is_reported_once_and_so_is_its_end(site):
    for reason in ("no frames", "no frames", None, None):
        site.controller.reporter.trouble("camera", reason)
    assert [one for one in site.types if "camera" in one] == ["alarm.camera", "alarm.camera_clear"]
