from __future__ import annotations

import json
import logging
import threading

import pytest

from edge.app.log_post import BURST, EVERY_S, LogPost
from edge.app.voice import Voice
from edge.mqtt.topics import Topics
from tests.fakes import FakeBus, FakeClock

TOPICS = Topics("hq", "door-7")
ours = logging.getLogger("edge.app.somewhere")


class Post:
    def __init__(self):
        self.clock = FakeClock()
        self.bus = FakeBus()
        self.bus.start(lambda message: None, lambda up: None)
        ids = iter(range(10**6))
        new_id = lambda: f"018f0000-0000-7000-8000-{next(ids):012x}"  # noqa: E731
        self.voice = Voice(self.bus, "door-7", "boot", self.clock.clocks(), new_id)
        self.post = LogPost(self.voice, TOPICS, lambda: self.clock.now)

    def drain(self):
        """Run the thread until nothing waits."""
        stop = threading.Event()
        beats = []

        def beat():
            beats.append(0)
            if self.post.is_idle:
                stop.set()

        self.post.run(stop, beat)

    @property
    def lines(self):
        return [(sent.topic.rsplit("/", 1)[1], json.loads(sent.payload)["body"]) for sent in self.bus.sent]


@pytest.fixture
def post():
    made = Post()
    with made.post.attached():
        yield made


def test_warnings_and_worse_are_published_and_lesser_ones_are_not(post):
    ours.info("not this")
    ours.warning("the camera %s", "stalls")
    ours.error("worse")
    ours.critical("worst")
    post.drain()
    assert [(level, body["text"]) for level, body in post.lines] == [
        ("warning", "the camera stalls"),
        ("error", "worse"),
        ("critical", "worst"),
    ]
    assert {(sent.qos, sent.retain) for sent in post.bus.sent} == {(0, False)}


def test_what_a_library_says_stays_on_the_device(post):
    logging.getLogger("paho").error("password=1234")
    logging.getLogger("edgewise").error("not ours")
    post.drain()
    assert post.lines == []


def test_secrets_are_hidden(post):
    ours.warning("cannot open rtsp://admin:geheim@camera/1, token=abc")
    post.drain()
    ((_, body),) = post.lines
    assert "geheim" not in body["text"]
    assert "abc" not in body["text"]
    assert "camera/1" in body["text"]


def test_a_storm_is_cut_short_and_counted(post):
    for number in range(BURST + 7):
        ours.warning("line %d", number)
    post.drain()
    assert len(post.lines) == BURST
    post.clock.now += EVERY_S
    ours.warning("later")
    ours.warning("too soon")
    post.drain()
    assert [body["text"] for _, body in post.lines[BURST:]] == ["later"]
    assert post.lines[-1][1]["untold"] == 7


def test_more_lines_than_fit_are_counted_without_waiting(post):
    for number in range(500):
        ours.warning("line %d", number)
    post.drain()
    post.clock.now += 3600
    ours.warning("later")
    post.drain()
    assert sum(body["untold"] for _, body in post.lines) == 500 - BURST


def test_what_is_said_without_a_broker_is_counted_not_kept(post):
    post.bus.drop()
    ours.warning("unheard")
    post.drain()
    post.bus.connect()
    ours.warning("heard")
    post.drain()
    assert [(body["text"], body["untold"]) for _, body in post.lines] == [("heard", 1)]


def test_after_the_end_nothing_is_heard():
    made = Post()
    with made.post.attached():
        pass
    ours.warning("too late")
    made.drain()
    assert made.lines == []
