"""A device that loses the time, or gets it late, carries out nothing twice and trusts no key again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from edge.app.housekeeping import Housekeeping
from edge.core.envelope import document, to_timestamp
from edge.core.identifiers import uuid7
from edge.core.roles import Role
from edge.keys.keyring import Keyring
from edge.keys.signature import signed
from edge.ports import Message
from tests.app.test_commands import TOPIC, Desk
from tests.factories import NOON
from tests.keys.rings import KEYS_TOPIC, OPERATOR, ROOT, keys_list, known, signing_key
from tests.keys.rings import unlock as made_unlock

DAY_S = 86_400.0
KEEP_DAYS = 90


class Following:
    trouble = None


class LateDoor:
    """A door whose clock stands at noon of its factory's day, `late` behind the world's."""

    def __init__(self, folder, ring=None, late=timedelta(days=200)):
        self.folder, self.ring = folder, ring
        self.world = NOON + late
        self.start()
        self.clock.is_set = False

    def start(self, keep_days=KEEP_DAYS):
        self.desk = Desk(self.folder, ring=self.ring, max_age_s=keep_days * DAY_S)
        self.clock, self.site = self.desk.site.clock, self.desk.site
        self.housekeeping = Housekeeping(
            self.site.controller,
            self.site.journal,
            Following(),
            clocks=self.clock.clocks(),
            keep_days=keep_days,
        )

    def restart(self, *, is_set, keep_days=KEEP_DAYS):
        now = self.clock.now
        self.site.database.close()
        self.start(keep_days)
        self.clock.now, self.clock.is_set = now, is_set

    def learn_the_time(self, after=timedelta(0)):
        """The clock jumps to that of the world, and what is too old is forgotten."""
        self.world += after
        self.clock.now = 1000.0 + (self.world - NOON).total_seconds()
        self.clock.is_set = True
        self.site.controller.tick()
        self.housekeeping.run()

    def lose_the_time(self):
        self.restart(is_set=False)
        self.clock.now = 1000.0

    def command(self, type, body, *, exp=None, number=1, at=None):  # noqa: A002
        at = at or self.world
        made = {"v": 1, "id": uuid7(number, bytes(10)), "ts": to_timestamp(at), "type": type, "body": body}
        return made if exp is None else {**made, "exp": to_timestamp(at + timedelta(seconds=exp))}

    def send(self, command):
        return self.desk.send(command)


@pytest.fixture
def door(tmp_path):
    made = LateDoor(tmp_path)
    yield made
    made.site.database.close()


def test_an_unlock_by_nonce_is_not_repeated_when_the_time_is_learned(door):
    nonce = door.desk.trust.nonce()
    command = door.command("door.unlock", {"door": "main", "seconds": 1, "nonce": nonce}, exp=25)
    assert door.send(command)[-1]["status"] == "succeeded"
    door.learn_the_time(after=timedelta(seconds=10))
    assert door.send(command)[-1]["repeated"]
    assert door.desk.moves == ["unlock", "lock"]


def test_what_was_refused_without_the_time_stays_refused_with_it(door):
    command = door.command("door.unlock", {"door": "main", "seconds": 1}, exp=25)
    assert door.send(command)[-1]["reason"] == "clock"
    door.learn_the_time(after=timedelta(seconds=10))
    again = door.send(command)[-1]
    assert (again["status"], again["reason"], again["repeated"]) == ("rejected", "clock", True)
    assert door.desk.moves == []


def test_a_command_about_people_is_not_repeated_when_the_time_is_learned(door):
    command = door.command("group.create", {"group": "g1"})
    assert door.send(command)[-1]["status"] == "accepted"
    assert door.desk.carry_out()[-1]["status"] == "succeeded"
    door.learn_the_time()
    assert door.send(command)[-1]["repeated"]
    for days in (KEEP_DAYS - 1, 1, 1):
        door.learn_the_time(after=timedelta(days=days))
        door.send(command)
        assert door.desk.orders == []


@pytest.mark.parametrize("ahead_days", [1, 50, 5000])
def test_a_command_of_a_sender_whose_clock_is_ahead_is_carried_out_once(door, ahead_days):
    door.learn_the_time()
    command = door.command("group.create", {"group": "g1"}, at=door.world + timedelta(days=ahead_days))
    door.send(command)
    door.desk.carry_out()
    for days in (KEEP_DAYS - 1, 2, ahead_days, KEEP_DAYS):
        door.learn_the_time(after=timedelta(days=days))
        door.send(command)
        assert door.desk.orders == []


def test_what_was_forgotten_is_not_carried_out_again_once_the_time_is_lost(door):
    door.learn_the_time()
    command = door.command("group.create", {"group": "g1"})
    door.send(command)
    door.desk.carry_out()
    door.learn_the_time(after=timedelta(days=KEEP_DAYS + 1))
    assert door.site.journal.command_ack(command["id"]) is None
    door.lose_the_time()
    assert door.send(command)[-1]["reason"] == "too_old"
    fresh = door.command("group.create", {"group": "g2"}, number=2)
    assert door.send(fresh)[-1]["status"] == "accepted"


def test_a_root_key_that_had_ended_changes_no_keys_when_the_time_is_lost(tmp_path):
    over = NOON + timedelta(days=1)
    ring = Keyring(1, (known(ROOT, Role.ROOT, not_after=over), known(signing_key("heir"), Role.ROOT)))
    door = LateDoor(tmp_path, ring, late=timedelta(days=2))
    door.learn_the_time()
    door.lose_the_time()
    stolen = keys_list(Keyring(2, (known(ROOT, Role.ROOT),)), ROOT)
    payload = json.dumps(document(stolen)).encode()
    door.desk.trust.receive(Message(KEYS_TOPIC, payload, retain=True, qos=1, at=0.0))
    assert door.desk.trust.version == 1
    door.site.database.close()


def test_what_was_forgotten_is_not_carried_out_again_because_more_is_kept_now(door):
    door.learn_the_time()
    command = door.command("group.create", {"group": "g1"})
    door.send(command)
    door.desk.carry_out()
    door.restart(is_set=True, keep_days=1)
    door.learn_the_time(after=timedelta(days=2))
    assert door.site.journal.command_ack(command["id"]) is None
    door.restart(is_set=True, keep_days=3650)
    assert door.send(command)[-1]["reason"] == "too_old"
    assert door.desk.orders == []


def test_a_key_that_had_ended_does_not_count_again_when_the_time_is_lost(tmp_path):
    over = NOON + timedelta(days=1)
    ring = Keyring(1, (known(ROOT, Role.ROOT), known(OPERATOR, Role.OPERATOR, not_after=over)))
    door = LateDoor(tmp_path, ring, late=timedelta(days=2))

    def reason():
        body = {"nonce": door.desk.trust.nonce(), "seconds": 1}
        made = made_unlock(next(numbers), at=door.world, **body)
        return door.send(json.loads(json.dumps(document(signed(made, TOPIC, OPERATOR)))))[-1]["reason"]

    numbers = iter(range(100))
    assert reason() == "allow_command"
    door.learn_the_time()
    assert reason() == "auth"
    door.lose_the_time()
    assert reason() == "auth"
    door.site.database.close()
