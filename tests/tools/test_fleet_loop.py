"""The loop and the sessions of the simulator, without a broker or with one that misbehaves."""

from __future__ import annotations

import itertools
import json
import socket
import threading
from concurrent.futures import Future

import pytest

from edge.core.face import ModelId, PersonId
from edge.errors import BrokerUnavailable
from edge.mqtt.codec import Codec
from edge.mqtt.link import Link
from edge.mqtt.listening import GALLERY_BYTES
from edge.mqtt.topics import Topics
from tests.broker import LOOPBACK
from tools.fleet.crowd import Crowd
from tools.fleet.desk import order
from tools.fleet.door import VirtualDoor
from tools.fleet.loop import Loop
from tools.fleet.member import Member, Site
from tools.fleet.percentiles import Times
from tools.fleet.session import Session

TOPICS = Topics("hq", "door-7")


class HandLoop(Loop):
    """Goes on when the test says so: what is due later is kept, what blocks is done at once."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def later(self, after_s, do):
        self.waits.append((after_s, do))

    def aside(self, work, then):
        done = Future()
        try:
            done.set_result(work())
        except BrokerUnavailable as error:
            done.set_exception(error)
        then(done)


def session(loop, port, **more):
    link = Link(LOOPBACK, "door-7", port, connect_timeout_s=1.0, **more)
    codec = Codec(TOPICS, "boot-1", frozenset({"main"}))
    sessions = itertools.count(1).__next__
    made = Session(loop, link, codec, [TOPICS.cmd], GALLERY_BYTES, sessions)
    made.start(lambda message: None, lambda up: None)
    return made


def closed_port():
    with socket.create_server((LOOPBACK, 0)) as held:
        return held.getsockname()[1]


def test_a_broker_that_is_not_there_is_asked_less_and_less_often():
    with HandLoop() as loop:
        door = session(loop, closed_port(), backoff_s=(1.0, 8.0))
        waits = []
        for _ in range(6):
            wait_s, again = loop.waits.pop()
            waits.append(wait_s)
            again()
        assert all(
            longest / 2 <= wait <= longest for wait, longest in zip(waits, (1, 2, 4, 8, 8, 8), strict=True)
        )
        assert "nothing listens" in door.trouble
        assert not door.publish(TOPICS.door_state("main"), b"{}")


def test_every_node_of_a_cluster_is_tried_before_the_wait_grows():
    with HandLoop() as loop:
        door = session(loop, closed_port(), backoff_s=(1.0, 8.0), fallbacks=((LOOPBACK, closed_port()),))
        waits, asked = [], []
        for _ in range(4):
            wait_s, again = loop.waits.pop()
            waits.append(wait_s)
            asked.append(door.trouble)
            again()
        limits = (1, 1, 2, 2)
        assert all(longest / 2 <= wait <= longest for wait, longest in zip(waits, limits, strict=True))
        assert asked[0] != asked[1]
        assert asked[0] == asked[2]


def test_a_broker_that_takes_the_connection_and_says_nothing_is_given_up():
    with socket.create_server((LOOPBACK, 0)) as silent, HandLoop() as loop:
        door = session(loop, silent.getsockname()[1])
        check = next(do for after_s, do in loop.waits if after_s == 1.0)
        check()
        assert door.trouble == "the broker does not answer"
        assert loop.waits[-1][0] <= 0.5


def test_what_a_broker_says_that_speaks_no_mqtt_ends_the_session_and_not_the_loop():
    with socket.create_server((LOOPBACK, 0)) as strange, HandLoop() as loop:
        door = session(loop, strange.getsockname()[1])
        theirs, _ = strange.accept()
        with theirs:
            theirs.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20)
            for _ in range(50):
                loop.step(0.05)
                if door.trouble:
                    break
        assert door.trouble is not None
        assert not door.is_up


def test_a_late_handshake_of_a_closed_session_is_hung_up():
    with socket.create_server((LOOPBACK, 0)) as server, HandLoop() as loop:
        held = []
        loop.aside = lambda work, then: held.append((work, then))
        door = session(loop, server.getsockname()[1])
        door.close()
        work, then = held[0]
        done = Future()
        done.set_result(work())
        then(done)
        assert done.result().socket() is None or done.result().socket().fileno() == -1


def test_the_loop_keeps_the_order_of_what_is_due():
    with Loop() as loop:
        done = []
        for after_s in (0.03, 0.01, 0.02):
            loop.later(after_s, lambda after_s=after_s: done.append(after_s))
        while len(done) < 3:
            loop.step(0.1)
        assert done == [0.01, 0.02, 0.03]


def test_another_thread_wakes_the_loop_and_is_served_in_its_thread():
    with Loop() as loop:
        seen = []
        threading.Timer(0.05, lambda: loop.soon(lambda: seen.append(threading.get_ident()))).start()
        steps = 0
        while not seen:
            loop.step(5.0)
            steps += 1
        assert seen == [threading.get_ident()]
        assert steps <= 3


def test_what_can_wait_waits_for_what_is_due_and_is_done_once():
    with Loop() as loop:
        done = []

        def spare():
            done.append("spare")

        loop.spare(spare)
        loop.spare(spare)
        loop.later(0.0, lambda: done.append("due"))
        for _ in range(3):
            loop.step(0.0)
        assert done == ["due", "spare"]


def test_a_loop_with_nothing_to_do_does_nothing():
    with Loop() as loop:
        began = loop.monotonic()
        loop.step(0.1)
        assert loop.monotonic() - began >= 0.09


def door(loop, **more):
    site = Site("hq", "main", (), ModelId("virtual@000000000000"), **more)
    return VirtualDoor(loop, Member("door-7", Link(LOOPBACK, "door-7", closed_port()), site))


def test_a_visit_is_an_event_that_waits_for_the_hub():
    with HandLoop() as loop:
        virtual = door(loop)
        assert not virtual.visit(PersonId("nobody"))
        told = virtual.events()
        assert len({id_ for id_, _ in told}) == len(told) == virtual.waiting() > 0
        assert not any(sent for _, sent in told)


def test_the_crowd_sends_as_many_visitors_as_were_ordered_and_tells_ids_of_events(tmp_path):
    with HandLoop() as loop:
        told = []
        crowd = Crowd(loop, [door(loop)], told.append)
        order(crowd, {"visits": 1000}, threading.Event())
        while crowd.doors[0].waiting() < 20:
            loop.waits.pop()[1]()
        order(crowd, {"events": str(tmp_path / "events")}, threading.Event())
        lines = (tmp_path / "events").read_text().splitlines()
        assert len({line.split()[0] for line in lines}) == len(lines) >= 20
        assert told == [{"events": str(tmp_path / "events")}]


def test_an_order_that_is_none_is_refused():
    with HandLoop() as loop, pytest.raises(ValueError, match="no such order"):
        order(Crowd(loop, []), json.loads('{"open": "sesame"}'), threading.Event())


def test_whom_nobody_knows_the_policy_does_not_let_in_and_the_crowd_tells():
    with HandLoop() as loop:
        told = []
        crowd = Crowd(loop, [door(loop)], told.append)
        crowd.watch(PersonId("p-1"))
        assert [(one["denied"], one["dev"]) for one in told] == [("p-1", "door-7")]
        assert crowd.doors[0].answers(PersonId("p-1")).granted is False


def test_percentiles_are_of_what_was_measured():
    times = Times.of([number / 100 for number in range(100, 0, -1)])
    assert (times.count, times.p50, times.p99, times.max) == (100, 0.5, 0.99, 1.0)
    assert Times.of([2.0]) == Times(1, 2.0, 2.0, 2.0)
    with pytest.raises(ValueError, match="nothing was measured"):
        Times.of([])
