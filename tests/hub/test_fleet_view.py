"""What the retained messages of a fleet come to."""

from __future__ import annotations

from edge.hub.console import Heard
from edge.hub.fleet_view import FleetView, look
from tests.hub.quiet_console import QuietConsole, clock, info, state


def test_a_late_death_does_not_kill_a_newer_birth():
    view = FleetView()
    assert view.note(state("door-1", session=5)) is not None
    assert view.note(state("door-1", "lost", session=4)) is None
    assert view.devices()[0].state == "ready"
    assert view.note(state("door-1", "lost", session=5)) is not None
    assert not view.devices()[0].is_there


def test_a_device_that_was_installed_anew_counts_its_sessions_anew():
    view = FleetView()
    view.note(state("door-1", "lost", session=5))
    assert view.note(state("door-1", session=1, boot="another")) is not None
    assert view.devices()[0].is_there


def test_what_is_no_message_of_a_device_changes_nothing():
    view = FleetView()
    for heard in (
        Heard("", "ostiary/1/north/hub/state", {"state": "ready"}, True),
        Heard("door-1", "evt/access", {}, False),
        Heard("door-1", "state", {"state": "ready", "session": "one"}, True),
        Heard("door-1", "state", {"state": "ready", "session": True}, True),
    ):
        assert view.note(heard) is None
    assert view.devices() == []


def test_devices_are_chosen_by_group_state_and_name():
    view = FleetView()
    for heard in (state("b"), state("a", "lost"), info("a", "lobby"), info("b", "lobby", "vault")):
        view.note(heard)
    view.note(Heard("c", "info", {"groups": "lobby"}, True))
    assert [one.dev for one in view.devices()] == ["a", "b", "c"]
    assert [one.dev for one in view.devices("vault")] == ["b"]
    assert [one.dev for one in view.devices("lobby", "lost")] == ["a"]
    assert [one.state for one in view.named(["b", "x"])] == ["ready", "unknown"]


def test_the_door_of_a_device_is_known_by_its_name():
    view = FleetView()
    view.note(Heard("a", "door/main/state", {"lock": "locked"}, True))
    assert view.devices()[0].as_json()["doors"] == {"main": {"lock": "locked"}}


def test_looking_ends_although_there_is_always_news():
    news = [state("a", session=number) for number in range(2, 500)]
    console = QuietConsole([state("a"), info("a", "lobby"), *news])
    seen = []
    view = look(console, seen.append, clock())
    assert view.devices("lobby")[0].is_there
    assert len(seen) < 20


def test_looking_takes_what_changes_meanwhile():
    console = QuietConsole([state("a"), state("a", "degraded", session=2, retained=False)])
    assert look(console, monotonic=clock()).devices()[0].state == "degraded"
