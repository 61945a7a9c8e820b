"""A thousand hostile commands: none moves the relay, each is answered or counted, none hides a real one."""

from __future__ import annotations

import itertools
import random
from collections import Counter, deque
from datetime import timedelta

import pytest

from edge.app.commands import REPORT_EVERY_S
from edge.core.roles import Role
from edge.door.simulated import SimulatedDoor
from edge.keys.keyring import Keyring
from edge.keys.signature import signed
from edge.mqtt.client import MqttBus
from edge.mqtt.link import Link
from edge.ports import Message
from tests.app.test_commands import Desk
from tests.broker import LOOPBACK, Site, needs_mosquitto, running, until
from tests.factories import NOON
from tests.journeys.hostile import ALL, CMD, GROUP, Attacker, payload, ring
from tests.keys.rings import (
    KEYS_TOPIC,
    OPERATOR,
    RESCUERS,
    ROOT,
    keyring,
    keys_list,
    known,
    signing_key,
)

SEED = 20_261_121
HOSTILE = 1000
GENUINE_EVERY = 50
REFUSALS = ("system.command_refused", "audit.command_refused")


class Door:
    """A desk over a real journal and a simulated lock, that asks for signatures."""

    def __init__(self, folder, bus=None):
        self.simulated = SimulatedDoor()
        lock = self.simulated.lock
        self.desk = Desk(folder, ring=ring(NOON), groups=("lobby",), lock=lock, bus=bus)
        self.site = self.desk.site

    @property
    def edges(self):
        return [edge.state for edge in self.simulated.edges]

    @property
    def refused(self):
        """How many refusals the site was told of, for each reason, with those that were only counted."""
        told = Counter()
        for event in self.site.events:
            if event.type in REFUSALS:
                told[event.body["reason"]] += 1 + event.body["unreported"]
        return told

    def deliver(self, attack):
        return self.desk.send(attack.payload, retain=attack.retain, topic=attack.topic)

    def order(self, envelope, *keys, topic=CMD):
        return self.desk.send(payload(signed(envelope, topic, *keys)), topic=topic)


@pytest.fixture
def door(tmp_path):
    made = Door(tmp_path)
    yield made
    made.site.database.close()


def test_a_thousand_hostile_commands_move_nothing_and_hide_no_genuine_one(door):
    attacker, pauses = Attacker(SEED), random.Random(SEED)
    answered, silent, wrong = Counter(), Counter(), []
    genuine = 0
    for number, attack in enumerate(attacker.attacks(HOSTILE, door.site.clock.clocks().utc)):
        before = len(door.edges)
        acks = door.deliver(attack)
        if len(door.edges) != before:
            wrong.append(attack)
        answered[attack.kind] += len(acks)
        if not acks:
            # Who cannot be named cannot be answered, but is counted.
            assert attack.reasons & {"malformed", "oversize", "wrong_topic"}, attack
            silent[attack.kind] += 1
        elif len(acks) > 1 or acks[0]["status"] not in ("rejected", "expired"):
            wrong.append(attack)
        elif acks[0]["reason"] not in attack.reasons:
            wrong.append((acks, attack))
        if number % GENUINE_EVERY == 0:
            acks = door.order(attacker.genuine(door.site.clock.clocks().utc(), seconds=1), OPERATOR)
            assert acks[-1]["status"] == "succeeded"
            genuine += 1
            door.site.wait(1.5)
        door.site.wait(pauses.uniform(0, 0.2))
    assert wrong == []
    assert door.edges == ["unlocked", "locked"] * genuine
    assert answered.total() + silent.total() == HOSTILE
    assert {kind for kind, count in (answered + silent).items() if count >= HOSTILE // 40} == attacker.kinds
    assert len(door.site.journal.decisions(HOSTILE)) == genuine


def test_a_flood_is_told_of_in_few_events_that_count_all_of_it(door):
    attacker = Attacker(SEED)
    began = door.site.clock.now
    named = 0
    for attack in attacker.attacks(HOSTILE, door.site.clock.clocks().utc):
        named += len(door.deliver(attack))
        door.site.wait(0.05)
    told = [event for event in door.site.events if event.type in REFUSALS]
    reasons = {event.body["reason"] for event in told}
    assert len(told) <= len(reasons) * (1 + (door.site.clock.now - began) / REPORT_EVERY_S)
    # What was only counted is told with the next of its kind.
    door.site.wait(REPORT_EVERY_S + 1)
    more = [*attacker.attacks(10 * len(attacker.kinds), door.site.clock.clocks().utc)]
    for attack in more:
        door.deliver(attack)
    assert HOSTILE + len(reasons) <= door.refused.total() <= HOSTILE + len(more)
    assert 0 < named <= HOSTILE


def test_nothing_that_nobody_signed_leaves_a_row_in_the_journal(door):
    attacks = [one for one in Attacker(SEED).attacks(300, lambda: NOON) if one.reasons == {"auth"}]
    assert len(attacks) > 100
    for attack in attacks:
        assert door.deliver(attack)[0]["reason"] == "auth"
    assert door.site.database.row("SELECT count(*) FROM commands")[0] == 0


def test_a_forgery_does_not_take_the_id_of_a_command_that_is_on_its_way(door):
    genuine = Attacker(SEED).genuine(NOON)
    assert door.desk.send(payload(genuine))[0]["reason"] == "auth"
    assert door.order(genuine, OPERATOR)[-1]["status"] == "succeeded"
    assert door.desk.send(payload(genuine))[0]["reason"] == "auth"
    assert door.edges == ["unlocked"]


def test_a_thousand_replays_are_answered_as_before_and_move_nothing(door):
    attacker, chance = Attacker(SEED), random.Random(SEED)
    recorded = [
        (topic, payload(signed(attacker.genuine(NOON, seconds=1), topic, *keys)))
        for topic, keys in ((CMD, [OPERATOR]), (GROUP, [OPERATOR]), (ALL, RESCUERS))
    ]
    for topic, content in recorded:
        assert door.desk.send(content, topic=topic)[-1]["status"] == "succeeded"
        door.site.wait(2)
    edges = door.edges
    assert edges == ["unlocked", "locked"] * 3
    for _ in range(HOSTILE):
        topic, content = chance.choice(recorded)
        (ack,) = door.desk.send(content, topic=topic)
        # Later the recorded command has expired as well; its id keeps the answer that it had.
        assert (ack["status"], ack["repeated"]) == ("succeeded", True)
        door.site.wait(chance.uniform(0, 0.2))
    assert door.edges == edges


def test_replays_after_a_restart_move_nothing(door, tmp_path):
    content = payload(signed(Attacker(SEED).genuine(NOON), CMD, OPERATOR))
    assert door.desk.send(content)[-1]["status"] == "succeeded"
    again = Door(tmp_path)
    assert [ack["status"] for ack in again.desk.send(content)] == ["succeeded"]
    assert again.edges == []
    again.site.database.close()


def test_it_is_told_whose_key_opened_the_door_once(door):
    command = Attacker(SEED).genuine(NOON, seconds=1)
    door.order(command, OPERATOR)
    door.order(command, OPERATOR)
    (told,) = [event for event in door.site.events if event.type == "audit.command_taken"]
    assert told.body == {"command": command.id, "order": "door.unlock", "by": [OPERATOR.kid]}
    assert told.corr == command.id


def test_without_a_clock_a_nonce_opens_once(door):
    door.site.clock.is_set = False
    attacker = Attacker(SEED)
    nonce = door.desk.trust.nonce()
    first = attacker.genuine(NOON, seconds=1, nonce=nonce)
    assert door.order(first, OPERATOR)[-1]["status"] == "succeeded"
    door.site.wait(2)
    second = attacker.genuine(NOON + timedelta(milliseconds=5), seconds=1, nonce=nonce)
    assert door.order(second, OPERATOR)[-1]["reason"] == "nonce"
    assert door.order(first, OPERATOR)[-1]["repeated"]
    assert door.edges == ["unlocked", "locked"]
    third = attacker.genuine(NOON + timedelta(milliseconds=9), seconds=1, nonce=door.desk.trust.nonce())
    assert door.order(third, OPERATOR)[-1]["status"] == "succeeded"


def test_without_a_clock_no_hostile_command_moves_anything(door):
    door.site.clock.is_set = False
    for attack in Attacker(SEED).attacks(200, lambda: NOON):
        acks = door.deliver(attack)
        assert [ack["status"] for ack in acks if ack["status"] not in ("rejected", "expired")] == []
    assert door.edges == []


def test_keys_rotate_without_a_gap_and_never_back(door):
    attacker, heir = Attacker(SEED), signing_key("heir")
    clock = door.site.clock.clocks()

    def opens(key):
        acks = door.order(attacker.genuine(clock.utc(), seconds=1), key)
        door.site.wait(2)
        return acks[-1]["status"] == "succeeded"

    def hear(listed, *keys):
        content = payload(keys_list(listed, *keys))
        door.desk.trust.receive(Message(KEYS_TOPIC, content, True, 1, 0.0))

    overlap = NOON + timedelta(minutes=10)
    leaving = known(OPERATOR, Role.OPERATOR, not_after=overlap)
    staying = [key for key in ring(NOON).keys if key.kid != OPERATOR.kid]
    both = Keyring(2, (*staying, leaving, known(heir, Role.OPERATOR)))
    assert (opens(OPERATOR), opens(heir)) == (True, False)
    hear(both, OPERATOR)
    hear(both, heir)
    assert (opens(OPERATOR), opens(heir)) == (True, False)
    hear(both, ROOT)
    assert (opens(OPERATOR), opens(heir)) == (True, True)
    hear(keyring(1), ROOT)
    assert (opens(OPERATOR), opens(heir)) == (True, True)
    door.site.wait(600)
    assert (opens(OPERATOR), opens(heir)) == (False, True)


@needs_mosquitto
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_over_a_real_broker_hostile_commands_move_nothing(tmp_path, protocol):
    attacker, arrived, links = Attacker(SEED), deque(), []
    retained = attacker.attack("retained", NOON)
    attacks = [one for one in attacker.attacks(150, lambda: NOON) if one.kind != "retained"]
    with running() as broker, Site(Link(LOOPBACK, "attacker", broker.address.port)) as client:
        client.send(retained.topic, retained.payload, retain=True)
        link = Link(LOOPBACK, "door-1", broker.address.port, protocol, backoff_s=(0.02, 0.1))
        door = Door(
            tmp_path,
            bus=lambda codec: MqttBus(
                link, codec, codec.command_topics, sessions=itertools.count(1).__next__
            ),
        )
        door.desk.bus.start(arrived.append, links.append)
        until(lambda: links, "a session")
        try:
            for attack in attacks:
                client.send(attack.topic, attack.payload)
            genuine = attacker.genuine(NOON)
            client.send(CMD, payload(signed(genuine, CMD, OPERATOR)))

            def acks():
                while arrived:
                    door.desk.desk.receive(arrived.popleft())
                return [one.json for one in client.on(f"{CMD}-ack")]

            until(lambda: acks()[-1:] and acks()[-1]["body"]["status"] == "succeeded", "the genuine command")
            assert door.edges == ["unlocked"]
            for corr, statuses in itertools.groupby(
                sorted(acks(), key=lambda ack: ack["corr"]), key=lambda ack: ack["corr"]
            ):
                told = [ack["body"]["status"] for ack in statuses]
                assert corr == genuine.id or told in (["rejected"], ["expired"]), told
            assert {ack["body"].get("reason") for ack in acks()} >= {
                *("retained", "auth", "wrong_device", "unknown_type"),
                *("expired", "no_expiry", "expiry_too_far", "too_old"),
            }
        finally:
            door.desk.bus.close()
            door.site.database.close()
