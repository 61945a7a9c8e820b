"""What goes wrong around a hub: disks fill, databases are set back, clocks jump, devices say too much."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from edge.core.envelope import to_timestamp
from edge.core.gallery_rows import written
from edge.core.jobs import CHUNK_BYTES
from edge.errors import StoreFull
from edge.hub.database import HubDatabase, open_hub
from edge.mqtt.listening import GALLERY_BYTES
from tests.hub.builders import NOON, SITE, event, message
from tests.hub.people import face, people, person
from tests.hub.world import World
from tests.store.processes import small_disk

DAY = timedelta(days=1)


def seqs(world: World) -> list[int]:
    """Of the events that are kept of door-1."""
    asked = world.ask("event.list", {"dev": "door-1"}, ts=to_timestamp(world.now))
    return [one["seq"] for one in asked["events"]]


@pytest.fixture
def world(database: HubDatabase, tmp_path: Path) -> World:
    return World(database, tmp_path)


@pytest.fixture
def plain(tmp_path: Path):
    """On SQLite alone: what is tried has nothing to do with the database."""
    with open_hub(tmp_path / "hub" / "hub.db") as opened:
        opened.migrate()
        yield World(opened, tmp_path)


def topic(dev: str, leaf: str) -> str:
    return f"ostiary/1/hq/d/{dev}/{leaf}"


# A broker that lost what it had retained.


def test_everything_retained_can_be_said_anew(world: World) -> None:
    world.put(person("ada"), face("ada"))
    world.devices("door-1", "door-2", groups=("lobby",))
    world.ask("config.set", {"group": "lobby", "settings": {"door": {"unlock_s": 7}}})
    job = {"kind": "config", "version": 3, "settings": {}}
    world.ask("rollout.start", {"rollout": "r-1", "job": job, "devices": ["door-1"], "steps": [100]})
    before = {out.topic: json.loads(out.payload)["body"] for out in world.heard.messages if out.retain}
    assert len(before) == 4
    world.heard.messages.clear()
    world.hub.begin(["main"])
    assert {out.topic for out in world.heard.messages if out.retain} == {SITE.head("main")}
    world.heard.messages.clear()
    world.hub.begin(["main"], is_forgotten=True)
    said = {out.topic: json.loads(out.payload)["body"] for out in world.heard.messages if out.retain}
    assert said == before


# A database that was set back to a backup.


def test_a_revoke_of_a_hub_that_was_set_back_counts_at_doors_that_are_ahead(world: World) -> None:
    world.put(person("ada"), person("bob"))
    world.ack("door-1", 1)
    told = world.ask("gallery.revoke", {"gallery": "main", "person": "bob"})
    assert world.heard.on(SITE.all_cmd)[-1]["body"]["version"] == told["version"]
    world.ack("door-1", 30)
    assert world.events()[-1] == "alarm.gallery_ahead"
    world.ask("gallery.revoke", {"gallery": "main", "person": "ada"})
    # By the version it would pass for one that the door has long since had.
    assert world.heard.on(SITE.all_cmd)[-1]["body"] == {"person": "ada"}


def test_a_revoke_is_waited_for_at_doors_that_are_ahead(world: World) -> None:
    world.put(person("ada"))
    world.ack("door-1", 30)
    command = world.ask("gallery.revoke", {"gallery": "main", "person": "ada"})["command"]
    world.ack("door-1", 31)
    world.later(NOON + timedelta(minutes=2))
    assert "alarm.revoke_unacked" in world.events()
    world.say("door-1", "cmd-ack", {"status": "succeeded"}, type_="cmd.ack", corr=command)
    assert world.ask("alarm.list", {})["alarms"] == []


def test_settings_go_on_where_a_device_is_when_the_hub_was_set_back(world: World) -> None:
    world.devices("door-1")
    world.ask("config.set", {"all": True, "settings": {"door": {"unlock_s": 7}}})
    reported = {"version": 9, "hash": "0" * 64, "state": "applied", "refused": {}}
    world.say("door-1", "cfg/reported", reported, type_="config.reported")
    desired = world.heard.on(topic("door-1", "cfg/desired"))[-1]["body"]
    assert desired == {"version": 10, "settings": {"door": {"unlock_s": 7}}}
    assert "alarm.config_ahead" in world.events()
    count = len(world.heard.messages)
    world.say("door-1", "cfg/reported", reported, type_="config.reported")
    world.say("door-1", "cfg/reported", {**reported, "version": 10}, type_="config.reported")
    assert len(world.heard.on(topic("door-1", "cfg/desired"))) == 3, world.heard.messages[count:]


def test_settings_of_a_device_are_left_alone_by_a_hub_that_never_gave_it_any(world: World) -> None:
    world.devices("door-1")
    reported = {"version": 9, "hash": "0" * 64, "state": "applied", "refused": {}}
    world.say("door-1", "cfg/reported", reported, type_="config.reported")
    assert world.heard.on(topic("door-1", "cfg/desired")) == []
    world.ask("config.set", {"all": True, "settings": {"door": {"unlock_s": 7}}})
    assert world.heard.on(topic("door-1", "cfg/desired"))[-1]["body"]["version"] == 10


def test_events_that_a_backup_lacks_are_an_alarm_and_hold_nothing_up(world: World) -> None:
    world.hear(*(event("door-1", seq) for seq in range(1, 11)))
    world.hear(event("door-1", 51))
    world.later(NOON + timedelta(minutes=2))
    assert "alarm.events_missing" in world.events()
    world.say("door-1", "tele/health", {"outbox": {"depth": 1, "oldest": 51}}, type_="tele.health")
    assert "alarm.events_lost" in world.events()
    world.hear(event("door-1", 52))
    world.tick()
    assert world.heard.on(topic("door-1", "evt-ack"))[-1] == {"upto": 52}


def test_a_device_that_was_set_back_counts_anew_and_loses_nothing(world: World) -> None:
    world.hear(*(event("door-1", seq) for seq in range(1, 51)))
    world.hear(event("door-1", 21), event("door-1", 22))
    world.tick()
    assert world.heard.on(topic("door-1", "evt-ack"))[-1] == {"upto": 22}
    assert "alarm.sequence_restarted" in world.events()
    assert len(world.ask("event.list", {"dev": "door-1"})["events"]) == 52
    # Its sessions count from further back, too.
    world.say("door-1", "state", {"state": "ready", "session": 90, "boot": "a"})
    world.say("door-1", "state", {"state": "ready", "session": 40, "boot": "b"})
    assert world.ask("device.list", {})["devices"][0]["session"] == 40


# Disks that are full.


def put_file(world: World, data: bytes, chunk: int) -> dict:
    piece = data[chunk * CHUNK_BYTES : (chunk + 1) * CHUNK_BYTES]
    body = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "chunk": chunk}
    return world.ask("file.put", body | {"data": base64.b64encode(piece).decode()})


def test_a_full_disk_refuses_a_file_and_the_rest_of_it_goes_on_when_there_is_room(
    plain: World, tmp_path: Path
) -> None:
    data = bytes(range(256)) * 512
    folder = tmp_path / "hub-files"
    folder.mkdir()
    with small_disk(folder, "128k"):
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(60_000))
        assert put_file(plain, data, 0)["next"] == 1
        answer = put_file(plain, data, 1)
        assert (answer["status"], answer["reason"]) == ("rejected", "disk_full")
        assert "free some" in answer["text"]
        assert plain.ask("device.list", {})["status"] == "succeeded"
        ballast.unlink()
        assert put_file(plain, data, 1)["next"] == 2
        assert put_file(plain, data, 2)["done"]


def test_what_a_full_disk_left_of_a_snapshot_is_removed(plain: World, tmp_path: Path) -> None:
    for start in range(0, 300, 100):
        plain.put(*people(100, start))
    folder = tmp_path / "hub-snapshots"
    folder.mkdir()
    with small_disk(folder, "64k"):
        with pytest.raises(StoreFull):
            plain.parts.snapshots.take(plain.database, "main")
        assert list(folder.iterdir()) == []


# Clocks that jump.


def test_a_clock_that_jumps_ahead_wipes_no_events(world: World) -> None:
    world.hear(event("door-1", 1))
    world.tick()
    world.later(NOON + 3650 * DAY)
    world.tick(4000.0)
    world.later(NOON + timedelta(hours=2))
    world.tick(4000.0)
    assert seqs(world) == [1]


def test_events_received_before_the_clock_was_set_are_kept(world: World) -> None:
    world.now = NOON.replace(year=1970)
    world.hear(event("door-1", 1))
    world.tick(4000.0)
    world.later(NOON)
    for _ in range(5):
        world.tick(4000.0)
    assert seqs(world) == [1]


def test_as_time_goes_by_old_events_are_forgotten(world: World) -> None:
    world.hear(event("door-1", 1))
    for day in range(400):
        world.now = NOON + day * DAY
        world.tick(86_400.0)
    assert seqs(world) == []


# Devices that say too much.


def test_devices_that_tell_too_much_of_themselves_spoil_no_list(plain: World) -> None:
    plain.devices("door-1", "door-2", "door-3")
    much = "x" * 30_000
    plain.say("door-2", "info", {"version": "0.2.0", "groups": [], "capabilities": [much] * 4})
    for number in range(200):
        plain.say("door-2", f"door/d{number}/state", {"state": "locked", "note": "y" * 3000})
    plain.say("door-2", "tele/health", {"fps": 4, "stages": {"z": much}}, type_="tele.health")
    found = plain.ask("device.list", {})
    listed = [one["dev"] for one in found["devices"]]
    while found["after"]:
        found = plain.ask("device.list", {"after": found["after"]})
        assert found["status"] == "succeeded"
        listed += [one["dev"] for one in found["devices"]]
    assert listed == ["door-1", "door-2", "door-3"]
    assert max(len(out.payload) for out in plain.heard.messages) <= GALLERY_BYTES


@pytest.mark.parametrize("group", ["+", "#", "a/b", "", "Ä", "a b", "%", "'; DROP TABLE devices", "x" * 300])
def test_groups_with_odd_names_are_nobodys(plain: World, group: str) -> None:
    plain.devices("door-1", groups=(group, "lobby"))
    assert plain.ask("device.list", {})["devices"][0]["groups"] == ["lobby"]
    answer = plain.ask("config.set", {"group": group, "settings": {"door": {"unlock_s": 7}}})
    assert (answer["status"], answer["reason"]) in (("rejected", "unknown_device"), ("rejected", "bad_body"))
    assert "\n" not in answer["text"]
    assert plain.ask("device.list", {"group": group} if group else {})["status"] in ("succeeded", "rejected")


def test_ten_thousand_retained_messages_of_nonsense_change_nothing(
    plain: World, caplog: pytest.LogCaptureFixture
) -> None:
    leaves = [
        "state",
        "info",
        "door/main/state",
        "evt/access",
        "cfg/reported",
        "gal/ack",
        "gal/req",
        "gal/offer",
    ]
    nonsense = [
        b"\xff\x00",
        b"[]",
        b"{}",
        b'{"state": {}}',
        b"null",
        b'"' + b"x" * 500 + b'"',
        b"[" * 2000,
        b"1e999",
    ]
    for start in range(0, 10_000, 250):
        plain.hear(
            *(
                message(topic(f"x{n}", leaves[n % 8]), nonsense[n // 8 % 8], retain=True)
                for n in range(start, start + 250)
            )
        )
    assert [one for one in plain.ask("device.list", {})["devices"] if one["state"] != "unknown"] == []
    assert len(caplog.records) < 200


# Versions that differ.


def test_what_a_newer_device_says_is_kept(world: World) -> None:
    world.hear(event("door-1", 1, type_="access.levitated", traced="t-1"))
    world.say("door-1", "state", {"state": "hovering", "session": 1, "boot": "b", "since": 5})
    world.say("door-1", "info", {"version": "0.2.0", "groups": [], "wings": {"count": 2}})
    world.say("door-1", "wings/state", {"spread": True})
    row = world.ask("device.list", {})["devices"][0]
    assert row["state"] == "hovering"
    (kept,) = world.ask("event.list", {"dev": "door-1"})["events"]
    assert kept["type"] == "access.levitated"


def test_a_newer_device_follows_the_gallery(world: World) -> None:
    told = world.ask("gallery.put", {"gallery": "main", "ops": [written(person("ada"))]})
    have = {"gallery": "main", "epoch": 1, "version": told["version"], "root": told["root"]}
    world.say("door-1", "gal/ack", {**have, "count": 1, "ms": 3, "mood": 1}, type_="gallery.ack")
    row = world.ask("device.list", {})["devices"][0]
    assert (row["gallery"]["version"], row["gallery"]["lag"]) == (told["version"], 0)
