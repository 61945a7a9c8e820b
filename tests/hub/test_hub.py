"""The hub as devices and operators meet it, without a broker between."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge.core.gallery_bodies import read_delta, read_head
from edge.core.gallery_rows import PersonRow, Removal, read_op, written
from edge.core.gallery_snapshot import opened_chunk
from edge.core.gallery_sync import ChunksWanted, DeltasWanted, Offer, SnapshotWanted
from edge.core.merkle import EMPTY
from edge.hub.database import HubDatabase
from edge.hub.hub import Hub
from tests.hub.builders import NOON, SITE, envelope, event, later, message
from tests.hub.people import face, people, person
from tests.hub.world import World


@pytest.fixture
def world(database: HubDatabase, tmp_path: Path) -> World:
    return World(database, tmp_path / "files")


def test_everything_is_settled_once_it_is_stored(world: World) -> None:
    world.hear(
        event("door-1", 1, settle=world.settled),
        message("ostiary/1/hq/d/door-1/evt/access", b"no event", settle=world.settled),
        message("ostiary/1/hq/d/door-1/state", {"state": 5}, settle=world.settled),
        message("ostiary/1/hq/d/door-1/gal/ack", b"\xff", settle=world.settled),
        message("ostiary/1/hq/d/door-1/elsewhere", b"", settle=world.settled),
        message(SITE.hub_cmd, b"{}", settle=world.settled),
        message(SITE.all_cmd, b"{}", settle=world.settled),
    )
    assert world.settled.count == 7
    assert world.ask("event.list", {"dev": "door-1"})["events"][0]["seq"] == 1


def test_a_message_that_the_hub_chokes_on_is_left_out_and_no_other(world: World) -> None:
    class Choking:
        def receive(self, *_: object) -> None:
            raise ZeroDivisionError

    parts = replace(world.parts, overhearing=Choking())
    hub = Hub(world.database, parts, publish=world.heard, utc=lambda: NOON)
    settle = world.settled
    hub.handle(
        [
            event("door-1", 1, settle=settle),
            message(SITE.all_cmd, b"{}", settle=settle),
            event("door-1", 2, settle=settle),
        ]
    )
    assert settle.count == 3
    assert [one["seq"] for one in world.ask("event.list", {"dev": "door-1"})["events"]] == [1, 2]


def test_who_asks_what_the_hub_chokes_on_is_told_so(world: World) -> None:
    class Choking:
        def receive(self, *_: object) -> None:
            raise ZeroDivisionError

        excuse = staticmethod(world.parts.requests.excuse)

    hub = Hub(world.database, replace(world.parts, requests=Choking()), publish=world.heard, utc=lambda: NOON)
    asked = envelope("device.list", {}, dev="console")
    hub.handle([message(SITE.hub_cmd, asked)])
    assert [one["reason"] for one in world.answers(asked["id"])] == ["internal"]


def test_a_device_is_told_what_it_need_not_keep(world: World) -> None:
    world.hear(event("door-1", 1), event("door-1", 2))
    world.tick()
    world.tick()
    assert world.heard.on("ostiary/1/hq/d/door-1/evt-ack") == [{"upto": 2}]


def test_a_late_death_does_not_kill_a_newer_birth(world: World) -> None:
    states = [("ready", 7, "a"), ("ready", 8, "a"), ("lost", 7, "a")]
    for state, session, boot in states:
        world.say("door-1", "state", {"state": state, "session": session, "boot": boot})
    assert world.ask("device.list", {})["devices"][0]["state"] == "ready"
    world.say("door-1", "state", {"state": "lost", "session": 8, "boot": "a"})
    assert world.ask("device.list", {})["devices"][0]["state"] == "lost"
    world.say("door-1", "state", {"state": "ready", "session": 1, "boot": "installed-anew"})
    assert world.ask("device.list", {})["devices"][0]["session"] == 1


def test_a_change_is_told_to_all_and_a_device_that_missed_it_is_given_it(world: World) -> None:
    answer = world.put(person("ada"), face("ada"))
    assert (answer["status"], answer["version"], answer["count"]) == ("succeeded", 1, 1)
    delta = read_delta(world.heard.on(SITE.delta("main", 1))[0]["body"])
    assert {op.key for op in delta.ops} == {("ada", ""), ("ada", "ada-1")}
    assert read_head(world.head()).version == 1
    world.say("door-1", "gal/req", DeltasWanted("main", 1, 0, EMPTY.root).body(), type_="gallery.request")
    assert read_delta(world.heard.on("ostiary/1/hq/d/door-1/gal/delta")[0]["body"]) == delta


def test_whoever_cannot_follow_gets_a_snapshot_in_chunks(world: World) -> None:
    for start in range(0, 700, 100):
        world.put(*people(100, start))
    world.say("door-1", "gal/req", DeltasWanted("main", 1, 0, EMPTY.root).body(), type_="gallery.request")
    assert world.heard.on("ostiary/1/hq/d/door-1/gal/delta") == []
    world.snapshots()
    head = read_head(world.head())
    assert head.snapshot is not None
    wanted = ChunksWanted("main", head.snapshot.version, head.snapshot.sha256, 0, 16)
    world.say("door-1", "gal/req", wanted.body(), type_="gallery.request")
    pieces = []
    while (piece := world.hub.chunks.next()) is not None:
        assert piece.topic == f"ostiary/1/hq/d/door-1/gal/chunk/{head.snapshot.sha256[:16]}/{len(pieces)}"
        pieces.append(opened_chunk(piece.payload))
    assert hashlib.sha256(b"".join(pieces)).hexdigest() == head.snapshot.sha256


def test_a_device_may_ask_for_a_newer_snapshot(world: World) -> None:
    world.put(person("ada"))
    world.snapshots()
    world.put(person("bo"))
    world.say("door-1", "gal/req", SnapshotWanted("main", 1, 0).body(), type_="gallery.request")
    world.snapshots()
    assert world.head()["snapshot"]["version"] == 2


def test_a_revoke_is_urgent_and_an_alarm_until_every_device_has_it(world: World) -> None:
    world.put(person("ada"))
    world.ack("door-1", 1)
    world.ack("door-2", 1)
    answer = world.ask("gallery.revoke", {"gallery": "main", "person": "ada"})
    command = world.heard.on(SITE.all_cmd)[0]
    assert (command["type"], command["id"]) == ("gallery.revoke", answer["command"])
    assert command["body"] == {"person": "ada", "epoch": 1, "version": 2}
    row = read_delta(world.heard.on(SITE.delta("main", 2))[0]["body"]).ops[0]
    assert isinstance(row, PersonRow)
    assert row.revoked
    world.say("door-1", "cmd-ack", {"status": "succeeded"}, type_="cmd.ack", corr=command["id"])
    world.later(later(61))
    assert world.events()[-1] == "alarm.revoke_unacked"
    alarms = world.ask("alarm.list", {})["alarms"]
    assert [(one["kind"], one["dev"]) for one in alarms] == [("revoke_unacked", "door-2")]
    world.ack("door-2", 2)
    assert world.events()[-1] == "alarm.revoke_unacked_clear"
    assert world.ask("alarm.list", {})["alarms"] == []


def test_a_revoke_that_somebody_sends_to_all_doors_reaches_the_gallery_once(world: World) -> None:
    world.put(person("ada"))
    world.ack("door-1", 1)
    told = envelope("gallery.revoke", {"person": "ada"})
    world.hear(message(SITE.all_cmd, told, retain=True))
    assert world.head()["version"] == 1
    world.hear(message(SITE.all_cmd, told))
    assert world.head()["version"] == 2
    world.put(person("ada"))
    world.hear(message(SITE.all_cmd, told))
    assert world.head()["version"] == 3


def test_lag_is_told_for_each_device(world: World) -> None:
    for i in range(5):
        world.put(person(f"p{i}"))
    world.ack("door-1", 3)
    assert world.ask("device.list", {})["devices"][0]["gallery"]["lag"] == 2
    status = world.ask("gallery.status", {})["galleries"][0]
    assert (status["version"], status["devices"]) == (5, {"in_step": 0, "behind": 1})


def test_a_device_ahead_of_the_hub_is_an_alarm(world: World) -> None:
    world.put(person("ada"))
    world.ack("door-1", 9)
    world.ack("door-1", 9)
    assert world.events().count("alarm.gallery_ahead") == 1


def test_a_new_epoch_is_told_with_its_proof(world: World) -> None:
    world.put(person("ada"))
    head = world.head()
    proof = envelope("gallery.epoch", {"gallery": "main", "epoch": 2, "version": 1, "root": head["root"]})
    assert world.ask("gallery.rebase", {"gallery": "main", "proof": proof})["epoch"] == 2
    assert read_head(world.head()).epoch_proof == proof


def test_who_is_enrolled_at_a_door_waits_for_somebodys_word(world: World) -> None:
    offer = Offer("main", (person("ada"), face("ada")))
    world.say("door-1", "gal/offer", offer.body(), type_="gallery.offer")
    world.say("door-1", "gal/offer", offer.body(), type_="gallery.offer")
    offers = world.ask("offer.list", {})["offers"]
    assert [(one["dev"], one["person"], one["faces"]) for one in offers] == [("door-1", "ada", 1)]
    assert world.events() == ["audit.enrollment_offered"]
    assert world.ask("offer.accept", {"offer": offers[0]["offer"]})["version"] == 1
    world.say("door-2", "gal/offer", Offer("main", (person("ada", mark=1),)).body(), type_="gallery.offer")
    other = world.ask("offer.list", {})["offers"][0]["offer"]
    assert world.ask("offer.accept", {"offer": other})["reason"] == "conflict"
    assert world.ask("offer.accept", {"offer": other, "replace": True})["version"] == 2
    assert world.ask("offer.refuse", {"offer": other})["reason"] == "unknown_offer"


def test_a_site_may_take_offers_in_at_once(database: HubDatabase, tmp_path: Path) -> None:
    world = World(database, tmp_path, accept_offers=True)
    world.say("door-1", "gal/offer", Offer("main", (person("ada"),)).body(), type_="gallery.offer")
    world.say("door-2", "gal/offer", Offer("main", (person("ada", mark=1),)).body(), type_="gallery.offer")
    assert world.head()["version"] == 1
    assert len(world.ask("offer.list", {})["offers"]) == 1


def desired(world: World, dev: str) -> list[tuple[int, dict]]:
    told = world.heard.on(f"ostiary/1/hq/d/{dev}/cfg/desired")
    return [(one["body"]["version"], one["body"]["settings"]) for one in told]


def test_settings_for_fewer_devices_win(world: World) -> None:
    world.devices("door-1", groups=["lobby"])
    world.devices("door-2")
    door = {"unlock_s": "5", "grace_s": "2"}
    assert world.ask("config.set", {"all": True, "settings": {"door": door}})["devices"] == 2
    world.ask("config.set", {"group": "lobby", "settings": {"door": {"unlock_s": "7"}}})
    world.ask("config.set", {"devices": ["door-1"], "settings": {"log": {"level": "debug"}}})
    final = {"door": {"unlock_s": "7", "grace_s": "2"}, "log": {"level": "debug"}}
    assert desired(world, "door-1")[-1] == (3, final)
    assert desired(world, "door-2") == [(1, {"door": door})]
    world.ask("config.set", {"group": "lobby", "settings": {"door": None}})
    assert desired(world, "door-1")[-1][1]["door"] == door
    world.say("door-2", "info", {"groups": ["lobby"]})
    world.ask("config.set", {"group": "lobby", "settings": {"door": {"unlock_s": "9"}}})
    assert desired(world, "door-2")[-1][1]["door"]["unlock_s"] == "9"


def test_a_device_that_comes_later_has_the_settings_for_all(world: World) -> None:
    world.devices("door-1")
    world.ask("config.set", {"all": True, "settings": {"log": {"level": "debug"}}})
    world.devices("door-2")
    world.devices("door-2")
    assert desired(world, "door-2") == [(1, {"log": {"level": "debug"}})]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"all": True, "settings": {"door": {"lock_pin": 4}}}, "local_only"),
        ({"all": True, "settings": {"door": {"unlock_s": 5.5}}}, "bad_body"),
        ({"all": True, "settings": {"door": 5}}, "bad_body"),
        ({"all": True, "settings": {"door": {"unlock_s": 5}}, "version": 3}, "conflict"),
        ({"devices": ["door-9"], "settings": {}}, "unknown_device"),
        ({"settings": {}}, "bad_body"),
        ({"all": True, "group": "x", "settings": {}}, "bad_body"),
    ],
)
def test_settings_that_no_device_could_take_are_refused(world: World, body: dict, reason: str) -> None:
    world.devices("door-1")
    answer = world.ask("config.set", body)
    assert (answer["status"], answer["reason"]) == ("rejected", reason)
    assert desired(world, "door-1") == []


def test_what_a_device_says_of_its_settings_is_kept(world: World) -> None:
    world.devices("door-1")
    world.ask("config.set", {"all": True, "settings": {"door": {"unlock_s": "5"}}})
    said = {"version": 0, "hash": "", "state": "none", "refused": {}, "running": {"version": 0, "hash": ""}}
    world.say("door-1", "cfg/reported", said, type_="config.reported")
    assert len(desired(world, "door-1")) == 2
    bad = {"version": 1, "hash": "ab", "state": "refused", "refused": {"door.unlock_s": "too long"}}
    world.say("door-1", "cfg/reported", bad, type_="config.reported")
    world.say("door-1", "cfg/reported", bad, type_="config.reported")
    assert world.events().count("alarm.config_refused") == 1
    row = world.ask("config.list", {})["devices"][0]
    assert (row["desired"], row["reported"], row["state"]) == (1, 1, "refused")


def jobs(world: World, dev: str) -> list[str | None]:
    found = [out for out in world.heard.messages if out.topic == f"ostiary/1/hq/d/{dev}/job/next"]
    return [json.loads(out.payload)["body"]["job"] if out.payload else None for out in found]


def done(world: World, dev: str, status: str, job: str = "r1") -> None:
    world.say(dev, f"job/{job}/update", {"status": status, "percent": 100}, type_="job.update")


JOB = {"kind": "config", "version": 1, "settings": {}}


def test_a_roll_out_goes_on_step_by_step(world: World) -> None:
    devs = [f"door-{i}" for i in range(10)]
    world.devices(*devs)
    plan = {"steps": [10, 50, 100], "wait_s": 60}
    assert world.ask("rollout.start", {"rollout": "r1", "job": JOB, "all": True, **plan})["devices"] == 10
    first = [dev for dev in devs if jobs(world, dev)]
    assert len(first) == 1
    done(world, first[0], "succeeded")
    assert jobs(world, first[0]) == ["r1", None]
    world.later(later(59))
    assert sum(bool(jobs(world, dev)) for dev in devs) == 1
    world.later(later(61))
    assert sum(bool(jobs(world, dev)) for dev in devs) == 5
    for dev in devs:
        done(world, dev, "in_progress" if dev == devs[3] else "succeeded")
    summary = world.ask("rollout.list", {"rollout": "r1"})["rollouts"][0]
    assert summary["state"] == "running"
    assert {one["dev"] for one in world.ask("job.list", {"rollout": "r1"})["jobs"]} == set(devs)


def test_a_roll_out_ends_where_too_many_fail(world: World) -> None:
    devs = [f"door-{i}" for i in range(4)]
    world.devices(*devs)
    world.ask("rollout.start", {"rollout": "r1", "job": JOB, "all": True, "steps": [50, 100]})
    begun = [dev for dev in devs if jobs(world, dev)]
    done(world, begun[0], "failed")
    world.later(later(10))
    summary = world.ask("rollout.list", {})["rollouts"][0]
    assert (summary["state"], summary["counts"]) == ("aborted", {"failed": 1, "cancelled": 3})
    assert jobs(world, begun[1]) == ["r1", None]
    assert world.events()[-1] == "alarm.rollout_aborted"


def test_a_device_that_does_not_answer_has_failed_after_a_while(world: World) -> None:
    world.devices("door-1")
    world.ask("rollout.start", {"rollout": "r1", "job": JOB, "all": True, "timeout_s": 100})
    world.later(later(101))
    assert world.ask("rollout.list", {})["rollouts"][0]["counts"] == {"timed_out": 1}


def test_a_paused_roll_out_goes_on_when_it_is_told_to(world: World) -> None:
    world.devices("door-1", "door-2")
    world.ask("rollout.start", {"rollout": "r1", "job": JOB, "all": True, "steps": [50, 100], "wait_s": 0})
    world.ask("rollout.pause", {"rollout": "r1"})
    for dev in ("door-1", "door-2"):
        done(world, dev, "succeeded")
    world.later(later(10))
    assert world.ask("rollout.list", {})["rollouts"][0]["state"] == "paused"
    world.ask("rollout.resume", {"rollout": "r1"})
    world.later(later(20))
    world.later(later(30))
    assert world.ask("rollout.list", {})["rollouts"][0]["state"] == "done"
    assert world.ask("rollout.abort", {"rollout": "r1"})["reason"] == "conflict"


def test_a_job_brings_a_file_that_the_hub_was_given(world: World) -> None:
    world.devices("door-1")
    data = bytes(range(256)) * 300
    sha256 = hashlib.sha256(data).hexdigest()
    job = {"kind": "model", "manifest": "", "file": {"sha256": sha256, "bytes": len(data)}}
    assert world.ask("rollout.start", {"job": job, "all": True})["reason"] == "file_missing"
    for chunk in range(2):
        piece = base64.b64encode(data[chunk * 49_152 : (chunk + 1) * 49_152]).decode()
        answer = world.ask("file.put", {"sha256": sha256, "bytes": len(data), "chunk": chunk, "data": piece})
    assert answer["done"]
    assert world.ask("rollout.start", {"job": job, "all": True})["status"] == "succeeded"
    world.say("door-1", "gal/req", {"sha256": sha256, "from": 0, "count": 16}, type_="file.request")
    pieces = [world.hub.chunks.next(), world.hub.chunks.next()]
    assert world.hub.chunks.next() is None
    assert b"".join(opened_chunk(one.payload) for one in pieces if one) == data


def test_a_repeated_request_is_answered_and_not_done_again(world: World) -> None:
    asked = envelope("gallery.put", {"gallery": "main", "ops": [written(person("ada"))]}, dev="console")
    world.hear(message(SITE.hub_cmd, asked))
    world.put(Removal("ada"))
    world.hear(message(SITE.hub_cmd, asked))
    first, second = world.answers(asked["id"])
    assert second == {**first, "repeated": True}
    assert world.head()["count"] == 0


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"type": "gallery.explode"}, "rejected", "unknown_type"),
        ({"exp": "2026-11-20T11:59:59Z"}, "expired", "expired"),
        ({"ts": "2026-11-19T11:59:59Z"}, "expired", "too_old"),
        ({"ts": "2026-11-20T13:00:00Z"}, "rejected", "clock"),
        ({"body": {"gallery": "other", "ops": [written(person("ada"))]}}, "rejected", "unknown_gallery"),
        ({"body": {"gallery": "main"}}, "rejected", "bad_body"),
        ({"body": {"gallery": "main", "ops": []}}, "rejected", "bad_body"),
        ({"body": {"gallery": "main", "ops": [{"op": "put"}]}}, "rejected", "bad_body"),
    ],
)
def test_what_cannot_be_done_is_answered_with_the_reason(
    world: World, change: dict, status: str, reason: str
) -> None:
    body = {"gallery": "main", "ops": [written(person("ada"))]}
    asked = envelope("gallery.put", body, dev="console") | change
    world.hear(message(SITE.hub_cmd, asked))
    answer = world.answers(asked["id"])[0]
    assert (answer["status"], answer["reason"]) == (status, reason)
    assert world.heard.on(SITE.head("main")) == []


def test_a_request_that_is_refused_half_way_leaves_nothing(world: World) -> None:
    world.devices("door-1", "door-2")
    world.ask("config.set", {"devices": ["door-2"], "settings": {"log": {"level": "debug"}}})
    said = len(world.heard.messages)
    body = {"devices": ["door-1", "door-2"], "settings": {"log": {"level": "info"}}, "version": 0}
    assert world.ask("config.set", body)["reason"] == "conflict"
    assert len(world.heard.messages) == said + 1
    assert len(world.ask("config.list", {})["parts"]) == 1


def test_lists_come_in_pages(world: World) -> None:
    born = {"state": "ready", "session": 1}
    world.hear(*(message(f"ostiary/1/hq/d/door-{i:03}/state", born) for i in range(250)))
    first = world.ask("device.list", {})
    second = world.ask("device.list", {"after": first["after"]})
    found = [one["dev"] for one in first["devices"] + second["devices"]]
    assert found == [f"door-{i:03}" for i in range(250)]
    world.hear(*(event("door-001", seq) for seq in range(1, 31)))
    newest = world.ask("event.list", {"dev": "door-001", "newest": True, "limit": 5})["events"]
    assert [one["seq"] for one in newest] == [26, 27, 28, 29, 30]


def test_a_device_that_is_gone_for_good_can_be_forgotten(world: World) -> None:
    world.devices("door-1", groups=["lobby"])
    world.hear(event("door-1", 1))
    assert world.ask("device.forget", {"dev": "door-1"})["status"] == "succeeded"
    assert world.ask("device.list", {})["devices"] == []
    assert len(world.ask("event.list", {"dev": "door-1"})["events"]) == 1
    assert world.ask("device.forget", {"dev": "door-1"})["reason"] == "unknown_device"


def test_rows_can_be_read_back_page_by_page(world: World) -> None:
    world.put(*people(30))
    rows, after = [], None
    while True:
        body = {"gallery": "main", "limit": 25} | ({"after": after} if after else {})
        page = world.ask("gallery.rows", body)
        if not page["rows"]:
            break
        rows += page["rows"]
        after = page["after"]
    assert {read_op(row).key for row in rows} == {op.key for op in people(30)}
    assert len(rows) == 60


def test_another_version_of_a_device_is_understood(world: World) -> None:
    world.say("door-1", "info", {"version": "9.0.0", "shape": {"new": [1.5]}, "groups": "lobby"})
    world.say("door-1", "state", {"state": "pondering", "session": 3, "mood": 1})
    world.say("door-1", "tele/health", {"fps": 1.5}, type_="tele.health", zone="north")
    row = world.ask("device.list", {})["devices"][0]
    assert (row["state"], row["info"], row["health"]) == ("pondering", {"version": "9.0.0"}, {"fps": 1.5})


def test_old_answers_and_steps_are_forgotten(world: World) -> None:
    asked = envelope("gallery.put", {"gallery": "main", "ops": [written(person("ada"))]}, dev="console")
    world.hear(message(SITE.hub_cmd, asked))
    world.now = NOON + timedelta(days=3)
    world.tick(10_000)
    world.hear(message(SITE.hub_cmd, asked))
    assert world.answers(asked["id"])[-1]["reason"] == "too_old"


def test_events_are_found_by_time_however_it_is_spelled(world: World) -> None:
    world.hear(event("door-1", 1))
    for since, count in (
        ("2026-11-20T12:00:00Z", 1),
        ("2026-11-20T13:00:00+01:00", 1),
        ("2026-11-20T12:00:01Z", 0),
    ):
        assert len(world.ask("event.list", {"dev": "door-1", "since": since})["events"]) == count
    assert world.ask("event.list", {"since": "yesterday"})["reason"] == "bad_body"
