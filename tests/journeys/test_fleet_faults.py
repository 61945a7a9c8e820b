"""A door of a fleet as a process, while what it depends on fails: it goes on deciding, nothing is lost."""

from __future__ import annotations

import base64
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.core.envelope import Envelope, document, to_timestamp
from edge.core.gallery_rows import Removal
from edge.core.identifiers import uuid7
from edge.demo.broker import Broker
from edge.hub.run import utc
from edge.mqtt.link import Link
from edge.settings import Settings
from tests.broker import LOOPBACK, Proxy, Site, needs_mosquitto, password_lines, until
from tests.hub.test_service import hub, stored
from tests.journeys.daemon_process import (
    DaemonProcess,
    enroll_demo_person,
    read_edges,
    write_clip,
    write_config,
)
from tests.journeys.test_fleet_door import unsent
from tests.journeys.test_following_a_gallery import DOOR, SITE, Asker, is_ready, known
from tests.small_hub import KEY, a_face, a_person
from tests.store.processes import fill, small_disk

pytestmark = [needs_mosquitto, pytest.mark.timeout(240)]
GARBAGE = 10_000


@dataclass
class Fleet:
    """One door, its hub's settings, and a broker that forgets everything when it is restarted."""

    folder: Path
    broker: Broker
    daemon: DaemonProcess = field(init=False)
    site: Site = field(init=False)
    asker: Asker = field(init=False)

    def link(self, name: str) -> Link:
        return Link(LOOPBACK, name, self.broker.address.port, "5", backoff_s=(0.05, 0.2))

    @contextmanager
    def hub(self) -> Iterator[None]:
        chosen = Settings(device={"site": "site"}, store={"folder": self.folder / "hub"})
        heard = len(self.site.on(SITE.hub_state))
        with hub(self.link("hub"), chosen):
            until(lambda: len(self.site.on(SITE.hub_state)) > heard and is_ready(self.site), "the hub")
            yield

    def configure(self, scene: str, *, port: int | None = None, more: str = "") -> None:
        clip = write_clip(self.folder / "clip", scene, step=1 if scene == "enrolled_walks_up" else 40)
        config = write_config(self.folder, clip, port=port or self.broker.address.port)
        key = base64.b64encode(KEY).decode()
        config.write_text(
            config.read_text()
            + "keepalive_s = 5\n"
            + more
            + f"[fleet]\ngallery = 'main'\ngallery_key = '{key}'\nrequire_ack = true\nhealth_s = 1\n"
            + "offer_enrollments = false\n"
        )
        self.config = config
        self.daemon = DaemonProcess(config, self.folder / "log")

    def in_step(self, told: dict[str, Any], timeout_s: float = 60.0) -> None:
        until(lambda: self.asker.is_acked(told), f"version {told['version']} at the door", timeout_s)

    def unlocks(self) -> int:
        return [edge["state"] for edge in read_edges(self.folder)].count("unlocked")

    def decisions(self) -> int:
        return self.log().count(" INFO edge.service.access: ")

    def decides_again(self, meanwhile: str) -> None:
        """Who walks up in an endless recording is let in once, and refused as a recording then."""
        before = self.decisions()
        until(lambda: self.decisions() > before, f"the door to decide {meanwhile}", 60.0)

    def answers(self, command: str) -> list[dict[str, Any]]:
        told = [one.json for one in self.site.on(DOOR.cmd_ack)]
        return [one["body"] for one in told if one["corr"] == command]

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def alarms(self) -> list[str]:
        told = self.asker.ask("event.list", dev="hub", limit=200)
        return [one["type"] for one in told["events"] if one["class"] == "alarm"]

    def collected(self) -> list[int]:
        return stored(self.folder / "hub" / "hub.db", "door-1")


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with Broker() as broker:
        made = Fleet(tmp_path, broker)
        with Site(made.link("site")) as made.site:
            made.asker = Asker(made.site)
            try:
                yield made
            finally:
                made.daemon.kill()


def throw_garbage(site: Site) -> None:
    """Nonsense that the broker retains on every topic a door listens to."""
    single = ["cmd", "evt-ack", "cfg/desired", "job/next", "gal/delta"]
    topics = [f"ostiary/1/site/d/door-1/{leaf}" for leaf in single]
    topics += [SITE.all_cmd, SITE.keys]
    topics += [f"ostiary/1/site/gal/main/delta/{n}" for n in range(GARBAGE // 2)]
    topics += [DOOR.chunk("00112233aabbccdd", n) for n in range(GARBAGE // 2)]
    for number, topic in enumerate(topics):
        payload = (b"\xff\xfe", b"{}", b"[1]", b'{"v":1}', b"x" * 2000)[number % 5]
        site._client.publish(topic, payload, 0, retain=True)
    site.send("ostiary/marker", b"")
    until(lambda: site.on("ostiary/marker"), "the end of it", 60.0)


def test_a_door_goes_on_while_broker_line_and_database_fail(fleet: Fleet) -> None:
    throw_garbage(fleet.site)
    with Proxy(fleet.broker.address.port) as proxy:
        fleet.configure("enrolled_walks_up", port=proxy.port)
        enroll_demo_person(fleet.config)
        with fleet.hub():
            told = fleet.asker.put(a_person("ada"), a_face("ada"))
            fleet.daemon.start()
            fleet.in_step(told)
            fleet.decides_again("beside ten thousand retained messages of nonsense")

            fleet.broker.kill()
            fleet.decides_again("without a broker")
            fleet.broker.start()
            with Site(fleet.link("newcomer")) as newcomer:
                retained = {DOOR.info, DOOR.state, DOOR.door_state("main"), DOOR.config_reported}
                until(
                    lambda: retained | {SITE.head("main")} <= {one.topic for one in newcomer.received},
                    "all that was retained",
                    60.0,
                )
            fleet.in_step(fleet.asker.put(a_person("bob"), a_face("bob")))

            held = sqlite3.connect(fleet.folder / "hub" / "hub.db", isolation_level=None)
            held.execute("BEGIN EXCLUSIVE")
            state = fleet.site.on
            until(
                lambda: state(SITE.hub_state)[-1].json["state"] == "degraded", "the hub to be degraded", 30.0
            )
            fleet.decides_again("while the hub's database is gone")
            assert unsent(fleet.folder) > 0
            held.execute("ROLLBACK")
            held.close()
            until(lambda: unsent(fleet.folder) == 0, "an empty outbox", 60.0)

            proxy.swallow()
            fleet.decides_again("on a line that swallows everything")
            until(lambda: "lost" in [one.json["state"] for one in state(DOOR.state)], "the will", 30.0)
            proxy.mend()
            until(lambda: unsent(fleet.folder) == 0, "an empty outbox", 60.0)
            assert fleet.daemon.stop() == 0
            told = fleet.asker.ask("event.list", dev="door-1", **{"class": "access"}, limit=200)["events"]
            found = fleet.collected()
    assert found == list(range(1, len(found) + 1))
    assert len(told) == fleet.decisions() > 4
    assert fleet.unlocks() == 1
    assert "Traceback" not in fleet.log()


def test_a_broker_that_refuses_the_password_is_told_in_one_line(tmp_path: Path) -> None:
    with Broker(lines=password_lines(tmp_path, {"site": "right", "door-1": "right"})) as broker:
        made = Fleet(tmp_path, broker)
        made.configure("enrolled_walks_up", more='username = "door-1"\npassword = "wrong"\n')
        enroll_demo_person(made.config)
        try:
            made.daemon.start()
            made.decides_again("while the broker refuses it")
            told = [line for line in made.log().splitlines() if "refuses" in line or "password" in line]
            assert len(told) == 1
            assert "wrong" not in made.log()
            assert unsent(tmp_path) > 0
            assert made.daemon.stop() == 0
        finally:
            made.daemon.kill()


@pytest.mark.nightly
def test_backups_that_are_restored_at_the_hub_and_at_the_door(fleet: Fleet) -> None:
    fleet.configure("stranger_walks_up")
    store, backups = fleet.folder / "store", fleet.folder / "backups"
    with fleet.hub():
        told = fleet.asker.put(*(row for one in ("ada", "bob") for row in (a_person(one), a_face(one))))
        fleet.daemon.start()
        fleet.in_step(told)
        until(lambda: unsent(fleet.folder) == 0, "an empty outbox")
    fleet.daemon.stop()
    shutil.copytree(fleet.folder / "hub", backups / "hub")
    shutil.copytree(store, backups / "store")

    # A day goes by, and then the door's card is written anew from its image.
    with fleet.hub():
        fleet.daemon.start()
        fleet.in_step(fleet.asker.put(a_person("eve"), a_face("eve"), Removal("bob")))
        latest = fleet.asker.put(a_person("fay"), a_face("fay"))
        fleet.in_step(latest)
        until(lambda: unsent(fleet.folder) == 0, "an empty outbox")
        assert fleet.daemon.stop() == 0
        count = len(fleet.collected())
        shutil.rmtree(store)
        shutil.copytree(backups / "store", store)
        acked = len(fleet.asker.acks())
        fleet.daemon.start()
        until(
            lambda: [one["version"] for one in fleet.asker.acks()[acked:]][-1:] == [latest["version"]], "fay"
        )
        until(lambda: "alarm.sequence_restarted" in fleet.alarms(), "the alarm")
        until(lambda: unsent(fleet.folder) == 0, "an empty outbox", 60.0)
        assert len(fleet.collected()) > count
        assert known(fleet.folder) == dict.fromkeys(("ada", "eve", "fay"), False)

    # The same happens to the hub: the door has what the hub has no more.
    shutil.rmtree(fleet.folder / "hub")
    shutil.copytree(backups / "hub", fleet.folder / "hub")
    with fleet.hub():
        until(lambda: "alarm.gallery_ahead" in fleet.alarms(), "the alarm")
        assert known(fleet.folder) == dict.fromkeys(("ada", "eve", "fay"), False)
        fleet.asker.ask("gallery.revoke", gallery="main", person="ada")
        until(lambda: known(fleet.folder)["ada"], "ada to be refused")

        status = fleet.asker.ask("gallery.status")["galleries"][0]
        proof = new_epoch(status)
        begun = fleet.asker.ask("gallery.rebase", gallery="main", proof=proof)
        until(lambda: begun["epoch"] in [one["epoch"] for one in fleet.asker.acks()], "the new epoch", 60.0)
        assert known(fleet.folder) == {"ada": True, "bob": False}
        assert fleet.daemon.stop() == 0


def new_epoch(status: dict[str, Any]) -> dict[str, Any]:
    """Unsigned: here nobody has to sign."""
    body = {key: status[key] for key in ("gallery", "version", "root")} | {"epoch": status["epoch"] + 1}
    return document(Envelope(uuid7(int(time.time() * 1000), bytes(10)), utc(), "gallery.epoch", body))


@pytest.mark.nightly
def test_a_new_device_of_the_same_name_takes_the_place_of_the_old_one(fleet: Fleet) -> None:
    fleet.configure("stranger_walks_up")
    with fleet.hub():
        told = fleet.asker.put(a_person("ada"), a_face("ada"))
        fleet.daemon.start()
        fleet.in_step(told)
        until(lambda: unsent(fleet.folder) == 0, "an empty outbox")
        fleet.daemon.kill()
        before = len(fleet.collected())
        shutil.rmtree(fleet.folder / "store")
        (fleet.folder / "store").mkdir()
        acked = len(fleet.asker.acks())
        fleet.daemon.start()
        until(lambda: fleet.asker.acks()[acked:], "the new one", 60.0)
        until(lambda: len(fleet.collected()) > before and unsent(fleet.folder) == 0, "its events", 60.0)
        until(lambda: fleet.asker.acks()[-1]["version"] == told["version"], "all of the gallery", 60.0)
        (row,) = fleet.asker.ask("device.list")["devices"]
        assert row["gallery"]["lag"] == 0
        assert "alarm.sequence_restarted" in fleet.alarms()


@pytest.mark.nightly
def test_a_disk_that_is_full_while_a_gallery_comes(fleet: Fleet) -> None:
    (fleet.folder / "store").mkdir()
    with small_disk(fleet.folder / "store", "24m"), fleet.hub():
        fleet.configure("enrolled_walks_up")
        enroll_demo_person(fleet.config)
        first = fleet.asker.put(a_person("ada"), a_face("ada"))
        fleet.daemon.start()
        fleet.in_step(first)
        fleet.daemon.stop()
        for start in range(0, 400, 100):
            people = [f"p{number}" for number in range(start, start + 100)]
            told = fleet.asker.put(*(row for one in people for row in (a_person(one), a_face(one))))
        ballast = fill(fleet.folder / "store")
        fleet.daemon.start()
        until(lambda: "are left to the door" in fleet.log(), "the trouble", 60.0)
        for _ in range(3):
            fleet.decides_again("on a full disk")
        assert not fleet.asker.is_acked(told)
        fleet.daemon.stop()
        ballast.unlink()
        fleet.daemon.start()
        fleet.in_step(told)
        assert fleet.daemon.stop() == 0


@pytest.mark.nightly
def test_unlocks_are_answered_while_the_outbox_is_full(fleet: Fleet) -> None:
    fleet.configure("stranger_walks_up")
    fleet.config.write_text(fleet.config.read_text().replace("[store]\n", "[store]\noutbox_limit = 100\n"))
    fleet.daemon.start()
    fleet.daemon.wait_ready()
    asked: list[str] = []

    def succeeded() -> set[str]:
        told = [one.json for one in fleet.site.on(DOOR.cmd_ack)]
        return {one["corr"] for one in told if one["body"]["status"] == "succeeded"}

    for _ in range(90):
        end = to_timestamp(utc() + timedelta(seconds=20))
        asked.append(fleet.asker.send(DOOR.cmd, "door.unlock", {"door": "main", "seconds": 1}, exp=end))
    until(lambda: set(asked) <= succeeded(), "all answers", 60.0)
    assert unsent(fleet.folder) <= 101
    with fleet.hub():
        until(lambda: unsent(fleet.folder) == 0, "an empty outbox", 60.0)
        overflow = fleet.asker.ask("event.list", dev="door-1", type="system.buffer_overflow")["events"]
        assert overflow
        assert "alarm.events_missing" not in fleet.alarms()
        assert fleet.daemon.stop() == 0


@pytest.mark.nightly
def test_a_slow_line_brings_a_snapshot_little_by_little_and_a_late_command_is_refused(fleet: Fleet) -> None:
    with Proxy(fleet.broker.address.port) as proxy, fleet.hub():
        fleet.configure("stranger_walks_up", port=proxy.port)
        for start in range(0, 3000, 100):
            people = [f"p{number}" for number in range(start, start + 100)]
            told = fleet.asker.put(*(row for one in people for row in (a_person(one), a_face(one))))
        until(lambda: head(fleet)["snapshot"] is not None, "a snapshot", 60.0)
        proxy.throttle(20_000)
        fleet.daemon.start()
        fleet.daemon.wait_ready()
        until(lambda: fleet.site.on(DOOR.gallery_request), "the door to ask", 60.0)
        time.sleep(2.0)
        end = to_timestamp(utc() + timedelta(seconds=3))
        late = fleet.asker.send(DOOR.cmd, "door.unlock", {"door": "main", "seconds": 1}, exp=end)
        until(lambda: fleet.answers(late), "an answer", 120.0)
        assert fleet.answers(late)[-1]["status"] == "expired"
        assert fleet.unlocks() == 0
        proxy.throttle(None)
        fleet.in_step(told)
        assert fleet.daemon.stop() == 0
    assert "Traceback" not in fleet.log()


def head(fleet: Fleet) -> dict[str, Any]:
    found: dict[str, Any] = fleet.site.on(SITE.head("main"))[-1].json["body"]
    return found
