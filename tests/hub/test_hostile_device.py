"""One device, or who took its certificate, against the hub: the others must not notice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.core.gallery_sync import Offer, SnapshotWanted
from edge.hub import offers
from edge.hub.database import HubDatabase
from edge.hub.device_desk import HEAD_S
from edge.hub.device_rows import device_rows
from edge.hub.sender import Sender
from edge.hub.work import Work
from edge.mqtt.codec import Outgoing
from edge.mqtt.listening import GALLERY_BYTES
from edge.ports import Message
from tests.hub.builders import NOON, SITE, envelope, event, message
from tests.hub.people import face, person
from tests.hub.world import World

LARGE = "é" * 25_000
"""Fits into a message as UTF-8, but not as ASCII."""


def raw(said: Message) -> Message:
    """The same message, written as UTF-8."""
    text = json.dumps(json.loads(said.payload), ensure_ascii=False)
    return replace(said, payload=text.encode())


def say(world: World, leaf: str, body: dict[str, Any], type_: str | None = None) -> None:
    told = body if type_ is None else envelope(type_, body, dev="door-1")
    world.hear(raw(message(f"ostiary/1/hq/d/door-1/{leaf}", told)))


@pytest.fixture
def world(database: HubDatabase, tmp_path: Path) -> World:
    return World(database, tmp_path / "files")


def test_whatever_a_device_says_of_itself_the_list_of_devices_can_be_sent(world: World) -> None:
    world.devices("door-1", "door-2")
    say(world, "info", {"version": LARGE, "groups": ["mine"]})
    say(world, "tele/health", {"fps": LARGE}, "tele.health")
    say(world, "state", {"state": "ready", "session": 2, "boot": LARGE})
    say(world, "state", {"state": "ready", "session": 3, "boot": "a\0b"})
    world.say("door-1", "door/A B/state", {"strike": "locked"})
    for number in range(100):
        world.say("door-1", f"door/d-{number}/state", {"strike": "locked", "more": "x" * 1000})
    listed = world.ask("device.list", {})["devices"]
    assert [(row["dev"], row["session"], row["boot"]) for row in listed] == [
        ("door-1", 3, None),
        ("door-2", 1, "b"),
    ]
    with world.database.transaction() as connection:
        rows = device_rows(Work(connection, NOON), "", 10)
    assert len(str(rows[0])) < GALLERY_BYTES / 2
    assert all(len(said.payload) <= GALLERY_BYTES for said in world.heard.messages)


def test_an_event_too_long_for_an_answer_is_kept_and_told_in_short(world: World) -> None:
    world.hear(event("door-1", 1), raw(event("door-1", 2, body={"more": LARGE})), event("door-1", 3))
    listed = world.ask("event.list", {"dev": "door-1"})["events"]
    assert [one["seq"] for one in listed] == [1, 2, 3]
    assert listed[1]["body"] == {"omitted_bytes": len(LARGE) * 6 + len('{"more":""}')}
    assert all(len(said.payload) <= GALLERY_BYTES for said in world.heard.messages)


def test_an_event_of_no_class_is_none(world: World) -> None:
    for name in ("x" * 60_000, "é", "", "Access"):
        made = event("door-1", 1)
        world.hear(replace(made, topic=f"ostiary/1/hq/d/door-1/evt/{name}"))
    world.hear(replace(event("door-1", 2), topic="ostiary/1/hq/d/door-1/evt/of_tomorrow"))
    listed = world.ask("event.list", {"dev": "door-1"})["events"]
    assert [one["class"] for one in listed] == ["of_tomorrow"]


def test_what_a_device_says_of_its_settings_makes_no_event_that_cannot_be_sent(world: World) -> None:
    world.devices("door-1")
    world.ask("config.set", {"all": True, "settings": {"log": {"level": "debug"}}})
    body = {"version": 1, "hash": "x", "state": "refused", "refused": {"log.level": LARGE}}
    say(world, "cfg/reported", body, "config.reported")
    assert all(len(said.payload) < GALLERY_BYTES / 2 for said in world.heard.messages)
    assert world.ask("config.list", {})["devices"][0]["state"] == "refused"
    say(world, "cfg/reported", {**body, "state": LARGE, "refused": {}}, "config.reported")
    assert world.ask("config.list", {})["devices"][0]["state"] is None
    assert world.events()[-1] == "alarm.config_refused"


def test_a_message_that_no_broker_takes_does_not_stop_the_others() -> None:
    class TakesAll:
        def __init__(self) -> None:
            self.took: list[str] = []

        def publish(self, topic: str, *_: object, **__: object) -> bool:
            self.took.append(topic)
            return True

    bus = TakesAll()
    sender = Sender(bus)  # type: ignore[arg-type]  # all of it that is used
    for topic, size in (("a", 1), ("b", GALLERY_BYTES + 1), ("c", GALLERY_BYTES)):
        sender.send(Outgoing(topic, b"x" * size))
    sender.pump(lambda: None)
    assert bus.took == ["a", "c"]


def test_an_answer_that_cannot_be_sent_is_told_to_be_too_large(world: World) -> None:
    world.devices("door-1")
    parts = [{f"{name}{number}": "x" * 200 for number in range(200)} for name in "abcd"]
    for name, settings in zip("abcd", parts, strict=True):
        world.ask("config.set", {"group": name, "settings": {"door": settings}})
    assert world.ask("config.list", {}) | {"text": ""} == {
        "status": "failed",
        "reason": "too_large",
        "text": "",
    }


def test_one_device_that_asks_on_and_on_does_not_have_all_others_told_each_time(world: World) -> None:
    world.put(person("ann"))
    world.heard.messages.clear()
    body = SnapshotWanted("main", 0, 0).body()
    for _ in range(50):
        world.say("door-1", "gal/req", body, type_="gallery.request")
    assert len(world.heard.on(SITE.head("main"))) == 1
    again = message("ostiary/1/hq/d/door-1/gal/req", envelope("gallery.request", body, dev="door-1"))
    world.hear(replace(again, at=HEAD_S))
    assert len(world.heard.on(SITE.head("main"))) == 2


def test_a_device_offers_only_so_many_people(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "MOST_OFFERS", 250)

    def offer(dev: str, name: str) -> Message:
        told = envelope("gallery.offer", Offer("main", (person(name),)).body(), dev=dev)
        return message(f"ostiary/1/hq/d/{dev}/gal/offer", told)

    many = [offer("door-1", f"p{number}") for number in range(255)]
    world.hear(*many, offer("door-1", "p0"), offer("door-2", "p1"))
    devs, after = [], ""
    while found := world.ask("offer.list", {"limit": 200, **({"after": after} if after else {})})["offers"]:
        devs += [one["dev"] for one in found]
        after = found[-1]["offer"]
    assert (devs.count("door-1"), devs.count("door-2")) == (250, 1)


def test_offers_of_many_groups_come_in_pages_that_can_be_sent(world: World) -> None:
    groups = tuple(sorted(f"{'g' * 60}{number:03}" for number in range(100)))
    for number in range(60):
        row = replace(person(f"p{number}"), groups=groups)
        world.say("door-1", "gal/offer", Offer("main", (row,)).body(), type_="gallery.offer")
    seen, after = 0, ""
    while found := world.ask("offer.list", {"limit": 200, **({"after": after} if after else {})})["offers"]:
        seen, after = seen + len(found), found[-1]["offer"]
    assert seen == 60


def test_who_takes_an_offer_in_knows_where_it_would_let_the_person_pass(world: World) -> None:
    def offer(groups: tuple[str, ...]) -> str:
        rows = (replace(person("ann"), groups=groups), face("ann"))
        world.say("door-1", "gal/offer", Offer("main", rows).body(), type_="gallery.offer")
        (listed,) = world.ask("offer.list", {})["offers"]
        assert listed["groups"] == [*groups]
        return str(listed["offer"])

    looked_at = offer(("staff",))
    assert offer(("staff",)) == looked_at
    swapped = offer(("server-room", "staff"))
    assert world.ask("offer.accept", {"offer": looked_at})["reason"] == "unknown_offer"
    assert world.ask("offer.accept", {"offer": swapped})["status"] == "succeeded"
