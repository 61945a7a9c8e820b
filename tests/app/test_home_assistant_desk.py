from __future__ import annotations

import json

import pytest

from edge.app.home_assistant_desk import HomeAssistantDesk
from edge.core.commands import Command
from edge.core.door_config import DoorConfig
from edge.core.door_orders import OrderPosture
from edge.core.posture import Posture
from edge.errors import StoreLocked
from edge.mqtt.home_assistant import Described
from edge.mqtt.topics import Topics
from edge.ports import Message
from edge.store.outbox import Outbox
from tests.factories import NOON
from tests.fakes import FakeBus
from tests.service.test_access import Site

TOPICS = Topics("site", "door-1")
DESCRIBED = Described(TOPICS, "main", "1.0", frozenset(), False, 0.0, True)


class House:
    def __init__(self, folder):
        self.site = Site(folder, DoorConfig(has_contact=False))
        self.site.controller.start()
        self.bus = FakeBus()
        self.bus.start(lambda message: None, lambda up: None)
        self.desk = self.made(DESCRIBED)

    def made(self, described):
        ids = iter(range(10**6))
        return HomeAssistantDesk(
            TOPICS.discovery,
            described,
            bus=self.bus,
            journal=self.site.journal,
            controller=self.site.controller,
            clocks=self.site.clock.clocks(),
            new_id=lambda: f"018f0000-0000-7000-8000-{next(ids):012x}",
        )

    def press(self, payload=b"UNLOCK", *, retain=False, qos=0):
        self.desk.receive(Message(TOPICS.home_assistant, payload, retain, qos, 0.0))

    @property
    def moves(self):
        return self.site.lock.moves

    def events(self, kind):
        return [one.event for one in Outbox(self.site.database).pending(100) if one.event.type == kind]

    @property
    def shown(self):
        return self.bus.payloads(TOPICS.discovery)


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.site.database.close()


def test_a_press_unlocks_once_and_is_on_record(house):
    house.press()
    house.press()
    assert house.moves == ["unlock"]
    (audit,) = house.events("audit.home_assistant")
    (access,) = house.events("access.granted")
    assert audit.body["granted"] is True
    assert access.corr == audit.body["command"]
    house.site.clock.now += 60.0
    house.site.controller.tick()
    house.press()
    assert house.moves == ["unlock", "lock", "unlock"]


@pytest.mark.parametrize("message", [{"retain": True}, {"qos": 1}, {"qos": 2}])
def test_what_may_be_late_is_refused(house, message):
    house.press(**message)
    assert house.moves == []
    (refused,) = house.events("system.command_refused")
    assert refused.body["reason"] == "may_be_late"


@pytest.mark.parametrize("payload", [b"", b"unlock", b"OPEN", b"\xff\x00", b"UNLOCK\n", b"U" * 100_000])
def test_what_is_no_press_is_refused_and_told_once(house, payload):
    for _ in range(50):
        house.press(payload)
    assert house.moves == []
    assert len(house.events("system.command_refused")) == 1


def test_lock_needs_nothing(house):
    house.press(b"LOCK")
    assert house.events("system.command_refused") == []


def test_a_lockdown_is_obeyed(house):
    order = OrderPosture("main", Posture.LOCKDOWN)
    house.site.controller.orders.order(Command("c1", "door.posture", order, NOON, None), order)
    house.press()
    assert house.moves == []
    (audit,) = house.events("audit.home_assistant")
    assert audit.body["granted"] is False


def test_what_cannot_be_recorded_moves_nothing(house, monkeypatch):
    def fail(*_args, **_named):
        raise StoreLocked("the database is locked; try again")

    monkeypatch.setattr(house.site.journal, "commit", fail)
    house.press()
    assert house.moves == []
    assert house.events("alarm.store")


def test_the_device_is_shown_at_each_start_of_either_side(house):
    assert house.desk.show()
    for payload in (b"offline", b"online"):
        house.desk.born(Message("homeassistant/status", payload, False, 0, 0.0))
    assert len(house.shown) == 2
    assert json.loads(house.shown[0])["device"]["identifiers"] == ["ostiary-site-door-1"]
    assert all(sent.retain for sent in house.bus.sent)


def test_a_device_that_is_not_to_be_shown_any_more_is_taken_back_once(house):
    assert house.made(None).show()
    assert house.shown == []
    assert house.desk.show()
    later = house.made(None)
    house.bus.drop()
    assert not later.show()
    house.bus.connect()
    assert later.show()
    assert later.show()
    assert house.shown[1:] == [b""]
