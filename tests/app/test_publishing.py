from __future__ import annotations

import json

import pytest

from edge.app.publishing import Publisher
from edge.core.door_config import DoorConfig
from edge.mqtt.codec import Codec, DeviceState
from edge.mqtt.topics import Topics
from edge.ports import InputReading
from tests.fakes import FakeBus
from tests.service.test_access import Site

INFO = {"version": "1"}


class StatefulBus(FakeBus):
    def __init__(self):
        super().__init__(auto_ack=False, capacity=4)
        self.states = []

    def set_state(self, state):
        self.states.append(state)
        return True


class Pump:
    wakes = 0

    def wake(self):
        self.wakes += 1


class Post:
    def __init__(self, folder):
        self.site = Site(folder, DoorConfig())
        self.site.controller.start()
        self.bus = StatefulBus()
        self.info, self.attempts = INFO, 0
        self.bus.start(lambda message: None, lambda up: None)
        codec = Codec(Topics("site", "door-1"), "boot", frozenset({"main"}))
        self.publisher = Publisher(
            codec,
            self.bus,
            Pump(),
            clocks=self.site.clock.clocks(),
            info=lambda: self.info,
            levels=[self.level],
        )

    def level(self):
        """A level of somebody else; it wants two attempts."""
        self.attempts += 1
        return self.attempts % 2 == 0

    def connect(self):
        self.publisher.publish_levels(self.site.controller)

    def turn(self):
        self.publisher.publish_changes(self.site.controller)

    def sent(self, topic):
        return [json.loads(one.payload) for one in self.bus.sent if one.topic.endswith(topic)]


@pytest.fixture
def post(tmp_path):
    made = Post(tmp_path)
    yield made
    made.site.database.close()


def test_a_session_begins_with_what_the_device_is_and_how_the_door_stands(post):
    post.connect()
    assert post.sent("/info") == [INFO]
    (door,) = post.sent("/door/main/state")
    assert (door["strike"], door["posture"], door["tamper"]) == ("locked", "secure", False)
    post.turn()
    assert len(post.bus.sent) == 2


def test_every_change_of_the_door_is_published_once(post):
    post.connect()
    post.site.controller.read(InputReading("tamper", True, post.site.clock.now))
    post.turn()
    post.turn()
    assert [door["tamper"] for door in post.sent("/door/main/state")] == [False, True]


def test_what_finds_the_window_full_is_published_when_it_opens(post):
    for _ in range(4):
        assert post.bus.publish("an/event", b"waited for the broker")
    post.connect()
    post.turn()
    assert post.sent("/info") == post.sent("/door/main/state") == []
    post.bus.ack_all()
    post.turn()
    post.turn()
    assert post.sent("/info") == [INFO]
    assert len(post.sent("/door/main/state")) == 1


def test_trouble_makes_the_device_degraded_until_it_is_over(post):
    for reason in (None, "gone", "gone", None):
        post.site.controller.reporter.trouble("camera", reason)
        post.turn()
    assert post.bus.states == [DeviceState.READY, DeviceState.DEGRADED, DeviceState.READY]


def test_a_description_that_has_changed_is_published_anew_and_one_that_has_not_is_not(post):
    post.connect()
    post.info = INFO | {"gallery": {"version": 1}}
    post.turn()
    assert post.sent("/info") == [INFO]
    for _ in range(3):
        post.site.clock.now += 1.1
        post.turn()
    assert post.sent("/info") == [INFO, post.info]


def test_other_levels_are_published_for_each_session_until_they_are_taken(post):
    post.connect()
    for _ in range(3):
        post.site.clock.now += 1.1
        post.turn()
    assert post.attempts == 2
    post.connect()
    assert post.attempts == 3
