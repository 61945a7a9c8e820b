"""Whom an order goes to, and what is made of the answers."""

from __future__ import annotations

import pytest

from edge.core.roles import Role, roles_for
from edge.errors import RequestRefused, SettingsError
from edge.hub.ordering import Result, Target, advice, deliver
from tests.hub.quiet_console import QuietConsole, ack, info, state

ALL = Target(everybody=True)


def obeying(*devices):
    return lambda order, topic, type_, body: [ack(dev, order) for dev in devices]


def ordered(console, target, type_="door.unlock", **body):
    told = []
    results = deliver(
        console, target, type_, body, wait_s=10.0, progress=lambda done, of: told.append((done, of))
    )
    return {one.dev: one.status for one in results}, told


@pytest.mark.parametrize("given", [((), None, False), (["a"], "g", False), (["a"], None, True)])
def test_a_target_is_exactly_one_of_devices_group_and_all(given):
    with pytest.raises(RequestRefused, match="--all"):
        Target.of(*given)


@pytest.mark.parametrize("given", [(["+"], None, False), (None, "a/b", False), (["a b"], None, False)])
def test_a_target_is_named_by_what_can_be_a_level_of_a_topic(given):
    with pytest.raises(SettingsError):
        Target.of(*given)


def test_a_target_names_each_device_once_and_as_requests_do():
    assert Target.of(["b", "a", "b"], None, False).as_scope() == {"devices": ["b", "a"]}
    assert Target.of(None, "lobby", False).as_scope() == {"group": "lobby"}
    assert Target.of([], None, True).as_scope() == {"all": True}


def test_everybody_who_is_there_is_waited_for_and_nobody_else():
    console = QuietConsole([state("a"), state("b"), state("c", "lost")], after=obeying("a", "b"))
    statuses, told = ordered(console, ALL)
    assert statuses == {"a": "succeeded", "b": "succeeded", "c": "offline"}
    assert told[-1] == (3, 3)
    assert [topic for topic, *_ in console.orders] == ["ostiary/1/north/all/cmd"]


def test_who_says_nothing_is_told_apart():
    console = QuietConsole([state("a"), state("b")], after=obeying("a"))
    assert ordered(console, ALL)[0] == {"a": "succeeded", "b": "no_answer"}


def test_nothing_is_sent_to_a_named_device_that_is_not_there():
    console = QuietConsole([state("a"), state("b", "lost")], after=obeying("a"))
    statuses, _ = ordered(console, Target(("a", "b", "x")))
    assert statuses == {"a": "succeeded", "b": "offline", "x": "unknown"}
    assert [topic for topic, *_ in console.orders] == ["ostiary/1/north/d/a/cmd"]


def test_somebody_who_answers_and_was_not_known_is_shown():
    console = QuietConsole([state("a"), info("a", "lobby")], after=obeying("new", "a"))
    assert ordered(console, Target(group="lobby"))[0] == {"a": "succeeded", "new": "succeeded"}


def test_a_group_where_nobody_is_connected_gets_no_order():
    console = QuietConsole([state("a", "lost"), info("a", "lobby")])
    with pytest.raises(RequestRefused, match="in the group lobby is connected"):
        ordered(console, Target(group="lobby"))
    assert console.orders == []


def test_an_order_about_a_door_is_never_valid_for_longer_than_doors_take():
    console = QuietConsole([state("a")], after=obeying("a"))
    deliver(console, ALL, "door.unlock", {}, wait_s=600.0, progress=lambda *_: None)
    assert console.orders[0][3] <= 30.0


def test_a_device_without_the_time_is_given_what_it_can_judge():
    console = QuietConsole([state("a", nonce="n-1"), state("b")], after=obeying("a"))
    ordered(console, Target(("a",)), door="main")
    assert console.orders[0][2:] == ({"door": "main", "nonce": "n-1"}, 15.0)
    console = QuietConsole([state("a", nonce="n-1")], after=obeying("a"))
    ordered(console, Target(("a",)), "device.restart")
    assert console.orders[0][2:] == ({}, None)


def test_a_refused_signature_is_explained_and_nothing_else():
    refused = [Result("a", "rejected", reason="auth")]
    assert "role emergency" in (advice(refused, "door.unlock", ALL) or "")
    assert "operator or emergency" in (advice(refused, "door.unlock", Target(("a",))) or "")
    assert "operator or configuration" in (advice(refused, "device.restart", ALL) or "")
    assert advice([Result("a", "rejected", reason="deny_lockdown")], "door.unlock", ALL) is None


def test_every_order_has_a_role_that_may_give_it():
    assert roles_for("door.unlock") == (Role.OPERATOR, Role.EMERGENCY)
    assert roles_for("device.explode") == ()
