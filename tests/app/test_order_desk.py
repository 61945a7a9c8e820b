from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from edge.app.order_desk import OrderDesk
from edge.app.order_results import OrderDone, OrderProgress
from edge.core.ack import Ack, AckStatus
from edge.core.commands import Command
from edge.core.device_orders import SyncGallery
from edge.refusals import PersonNotFound
from tests.factories import NOON


def command(identifier="c1", *, expires_s=None):
    expires = None if expires_s is None else NOON + timedelta(seconds=expires_s)
    return Command(identifier, "gallery.sync", SyncGallery(), NOON, expires)


class World:
    def __init__(self, waiting=2):
        self.news, self.done, self.idled = [], [], threading.Event()
        self.error = None
        self.desk = OrderDesk(
            self.work, self.news.append, utc=lambda: NOON, waiting=waiting, idle=self.idled.set
        )

    def work(self, given, progress):
        if self.error is not None:
            raise self.error
        self.done.append(given.id)
        progress({"step": 1})
        return OrderDone(given, Ack(AckStatus.SUCCEEDED))


@pytest.fixture
def world():
    return World()


def test_what_expired_while_it_waited_is_not_carried_out(world):
    world.desk.carry_out(command(expires_s=0))
    ((done),) = world.news
    assert (done.ack.status, done.ack.reason) == (AckStatus.EXPIRED, "expired")
    assert world.done == []
    world.desk.carry_out(command(expires_s=1))
    assert world.done == ["c1"]


def test_what_is_refused_is_answered_with_its_code(world):
    world.error = PersonNotFound("no person p1; list them")
    world.desk.carry_out(command())
    (done,) = world.news
    assert (done.ack.status, done.ack.reason) == (AckStatus.FAILED, "refused")
    assert done.ack.detail["code"] == "InvalidParameterValue.PersonIdNotExist"
    assert done.audit is None


def test_progress_is_told_before_the_result_and_is_a_sign_of_life(world):
    beats = []
    world.desk.carry_out(command(), lambda: beats.append(1))
    assert [type(one) for one in world.news] == [OrderProgress, OrderDone]
    assert beats == [1]


def test_more_than_may_wait_are_not_taken(world):
    assert [world.desk.put(command(f"c{number}")) for number in range(3)] == [True, True, False]


def test_orders_are_carried_out_in_turn_on_a_thread_until_it_ends(world):
    world.desk.put(command("c1"))
    world.desk.put(command("c2"))
    stop = threading.Event()
    thread = threading.Thread(target=world.desk.run, args=(stop, lambda: None))
    thread.start()
    assert world.idled.wait(10.0)
    assert not world.desk.is_ending
    stop.set()
    thread.join(10.0)
    assert world.desk.is_ending
    assert world.done == ["c1", "c2"]
