"""What whoever commands is told, and in which order, whatever comes in between."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.app.ack_post import MOST_WAITING
from edge.app.open_orders import LONGEST_S
from edge.app.order_results import OrderDone, OrderProgress
from edge.core.ack import Ack, AckStatus, may_follow
from edge.core.envelope import document, parse
from edge.keys.signature import signed
from tests.app.test_commands import TOPIC, Desk, statuses, unlock
from tests.factories import NOON
from tests.keys.rings import GALLERY, OPERATOR, RESCUERS, keyring

ID = "018f0000-0000-7000-8000-0000000002{:02}"


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.site.database.close()


def order(number, type_, **body):
    return unlock(ID.format(number), type=type_, body=body)


def door(number, posture, **more):
    return order(number, "door.posture", door="main", posture=posture, **more)


def all_of(desk, number):
    """The bodies of all answers to a command, in the order sent; repeats of an answer left out."""
    sent = [json.loads(sent.payload) for sent in desk.bus.sent]
    return [one["body"] for one in sent if one["corr"] == ID.format(number) and "repeated" not in one["body"]]


def test_a_posture_that_is_not_legal_is_rejected_with_what_to_send(desk):
    for number, (body, reason, word) in enumerate(
        [
            ({"door": "main"}, "bad_body", "posture"),
            ({"door": "other", "posture": "lockdown"}, "unknown_door", "main"),
            ({"door": "main", "posture": "ajar"}, "bad_posture", "lockdown"),
            ({"door": "main", "posture": "lockdown", "until": "2020-01-01T00:00:00Z"}, "bad_until", "future"),
        ]
    ):
        last = desk.send(order(number, "door.posture", **body))[-1]
        assert (last["status"], last["reason"]) == ("rejected", reason)
        assert word in last["text"]
    assert desk.site.controller.door.posture == "secure"


def test_a_posture_needs_an_expiry_as_every_door_command_does(desk):
    command = door(1, "lockdown")
    del command["exp"]
    assert statuses(desk.send(command)) == ["expired"]
    assert desk.site.controller.door.posture == "secure"


def test_a_key_for_emergencies_outranks_an_operators(tmp_path):
    desk = Desk(tmp_path, ring=keyring())
    for number, (key, posture, counts) in enumerate(
        [
            (None, "lockdown", "secure"),
            (GALLERY, "lockdown", "secure"),
            (OPERATOR, "free_access", "free_access"),
            (RESCUERS[0], "lockdown", "lockdown"),
            (OPERATOR, None, "lockdown"),
            (RESCUERS[1], None, "secure"),
        ]
    ):
        asked = parse(door(number, posture))
        desk.send(document(asked if key is None else signed(asked, TOPIC, key)))
        assert desk.site.controller.door.posture == counts
    ordered = [event.body["by"] for event in desk.site.events if event.type == "audit.posture_ordered"]
    assert ordered == [[OPERATOR.kid], [RESCUERS[0].kid], [OPERATOR.kid], [RESCUERS[1].kid]]
    desk.site.database.close()


def test_a_posture_is_ordered_once(desk):
    assert statuses(desk.send(door(1, "lockdown"))) == ["received", "accepted", "in_progress", "succeeded"]
    desk.send(door(2, None))
    (again,) = desk.send(door(1, "lockdown"))
    assert (again["status"], again["posture"], again["repeated"]) == ("succeeded", "lockdown", True)
    assert desk.site.controller.door.posture == "secure"


def test_a_forced_door_that_is_none_is_acknowledged_all_the_same(desk):
    assert desk.send(order(1, "door.acknowledge", door="main"))[-1]["forced"] is False


def test_a_full_disk_fails_a_posture_and_changes_nothing(desk):
    desk.site.journal.is_full = True
    assert statuses(desk.send(door(1, "unlocked")))[-1] == "failed"
    assert desk.moves == []
    assert desk.site.controller.door.posture == "secure"


def test_a_restart_is_answered_first_and_done_once(desk):
    assert statuses(desk.send(order(1, "device.restart"))) == ["received", "accepted", "succeeded"]
    assert desk.restart.is_due
    assert desk.site.journal.state("restart") == ID.format(1)
    assert desk.orders == []
    (again,) = desk.send(order(1, "device.restart"))
    assert again["repeated"] is True


def test_a_restart_waits_for_the_answer_to_leave_but_not_for_long(desk):
    desk.bus.auto_ack = False
    desk.send(order(1, "device.restart"))
    assert not desk.restart.is_due
    desk.site.clock.now += 2.0
    assert desk.restart.is_due


def test_what_nobody_here_can_carry_out_says_so(desk):
    (ack,) = desk.send(order(1, "config.get"))
    assert (ack["status"], ack["reason"]) == ("failed", "unavailable")


def test_a_command_that_is_on_its_way_is_answered_with_how_far_it_is(desk):
    desk.send(order(1, "diag.selftest"))
    assert statuses(desk.send(order(1, "diag.selftest"))) == ["accepted"]
    desk.desk.advanced(OrderProgress(desk.orders[0], {"done": 1}))
    (again,) = desk.send(order(1, "diag.selftest"))
    assert (again["status"], again["repeated"]) == ("in_progress", True)
    assert len(desk.orders) == 1


def test_progress_is_told_as_often_as_there_is_news_and_never_after_the_end(desk):
    desk.send(order(1, "enroll.start", person="p1"))
    (command,) = desk.orders
    for taken in range(3):
        desk.desk.advanced(OrderProgress(command, {"taken": taken}))
    desk.desk.finished(OrderDone(command, Ack(AckStatus.SUCCEEDED), audit="audit.gallery_changed"))
    desk.desk.advanced(OrderProgress(command, {"taken": 3}))
    desk.desk.finished(OrderDone(command, Ack(AckStatus.FAILED)))
    told = all_of(desk, 1)
    assert statuses(told) == ["received", "accepted", *["in_progress"] * 3, "succeeded"]
    assert [one["taken"] for one in told if "taken" in one] == [0, 1, 2]
    assert desk.site.types.count("audit.gallery_changed") == 1
    assert desk.site.events[-1].corr == ID.format(1)


def test_what_takes_too_long_times_out_and_a_late_result_changes_nothing(desk):
    desk.send(order(1, "diag.selftest"))
    desk.site.clock.now += LONGEST_S
    desk.desk.tick()
    desk.desk.tick()
    assert statuses(all_of(desk, 1)) == ["received", "accepted", "timed_out"]
    desk.desk.finished(OrderDone(desk.orders[0], Ack(AckStatus.SUCCEEDED)))
    (again,) = desk.send(order(1, "diag.selftest"))
    assert (again["status"], again["repeated"]) == ("timed_out", True)


def test_an_enrollment_may_take_as_long_as_it_was_given(desk):
    desk.send(order(1, "enroll.start", person="p1", seconds=120))
    desk.site.clock.now += 200
    desk.desk.tick()
    assert statuses(all_of(desk, 1)) == ["received", "accepted"]
    desk.site.clock.now += 100
    desk.desk.tick()
    assert statuses(all_of(desk, 1))[-1] == "timed_out"


def test_a_picture_is_sent_once_and_not_kept(desk):
    desk.send(order(1, "snapshot.request"))
    ack = Ack(AckStatus.SUCCEEDED, None, {"width": 320}, {"image": "abcd"})
    desk.desk.finished(OrderDone(desk.orders[0], ack))
    assert all_of(desk, 1)[-1]["image"] == "abcd"
    (again,) = desk.send(order(1, "snapshot.request"))
    assert again == {"status": "succeeded", "width": 320, "repeated": True}


def test_answers_wait_for_the_broker_in_their_order(desk):
    desk.bus.drop()
    desk.send(order(1, "diag.selftest"))
    desk.desk.finished(OrderDone(desk.orders[0], Ack(AckStatus.SUCCEEDED)))
    assert desk.bus.sent == []
    desk.bus.connect()
    desk.desk.tick()
    assert statuses(all_of(desk, 1)) == ["received", "accepted", "succeeded"]


def test_answers_that_nobody_takes_are_given_up_oldest_first(desk):
    desk.bus.drop()
    for _ in range(MOST_WAITING + 5):
        desk.send(unlock(ID.format(99), dev="door-2"))
    desk.bus.connect()
    desk.desk.tick()
    assert len(desk.bus.sent) == MOST_WAITING


ORDERS = {
    1: order(1, "diag.selftest"),
    2: order(2, "enroll.start", person="p1"),
    3: order(3, "group.list"),
    4: door(4, "lockdown"),
    5: order(5, "device.identify", seconds=0),
}
STEPS = st.one_of(
    st.tuples(st.just("send"), st.sampled_from(sorted(ORDERS))),
    st.tuples(st.sampled_from(["progress", "done", "failed"]), st.sampled_from([1, 2, 3])),
    st.tuples(st.sampled_from(["drop", "connect", "tick", "wait"]), st.just(0)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=40))
def test_whatever_comes_in_between_the_answers_come_in_order_and_end_once(tmp_path_factory, steps):
    desk = Desk(tmp_path_factory.mktemp("desk"))
    try:
        for what, number in steps:
            take(desk, what, number)
        desk.bus.connect()
        desk.desk.tick()
        for number in ORDERS:
            last = None
            for ack in all_of(desk, number):
                status = AckStatus(ack["status"])
                assert may_follow(last, status)
                last = status
        assert len({one.id for one in desk.orders}) == len(desk.orders)
    finally:
        desk.site.database.close()


def take(desk, what, number):
    given = next((one for one in desk.orders if one.id == ID.format(number)), None)
    match what:
        case "send":
            now = NOON + timedelta(seconds=desk.site.clock.now - 1000.0)
            times = {"ts": now.isoformat(), "exp": (now + timedelta(seconds=20)).isoformat()}
            desk.send(ORDERS[number] | times, topic=TOPIC)
        case "progress" if given is not None:
            desk.desk.advanced(OrderProgress(given, {}))
        case "done" | "failed" if given is not None:
            status = AckStatus.SUCCEEDED if what == "done" else AckStatus.FAILED
            desk.desk.finished(OrderDone(given, Ack(status)))
        case "drop":
            desk.bus.drop()
        case "connect":
            desk.bus.connect()
        case "tick":
            desk.desk.tick()
        case "wait":
            desk.site.clock.now += LONGEST_S / 2
