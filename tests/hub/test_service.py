"""The running hub: a real broker, real databases, and what happens when either is gone."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from edge.core.envelope import to_timestamp
from edge.core.gallery_rows import written
from edge.demo.broker import Broker
from edge.errors import StoreLocked
from edge.hub.database import open_hub
from edge.hub.run import run, utc
from edge.hub.tables import events
from edge.mqtt.link import Link
from edge.settings import Settings
from tests.broker import LOOPBACK, Site, needs_mosquitto, until
from tests.hub import postgres
from tests.hub.builders import SITE, envelope, event
from tests.hub.people import person
from tests.store.processes import fill, small_disk

pytestmark = needs_mosquitto


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(device={"site": "hq"}, store={"folder": folder}, **more)


@contextmanager
def hub(link: Link, chosen: Settings) -> Iterator[threading.Thread]:
    stop, failures = threading.Event(), []

    def work() -> None:
        try:
            run(chosen, link, stop, settle_s=0.3)
        except Exception as error:  # noqa: BLE001 - whatever it is
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()
        assert failures == []


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker(persistence=True) as running:
        yield running


def link_to(broker: Broker, name: str) -> Link:
    return Link(LOOPBACK, name, broker.address.port, "5", backoff_s=(0.05, 0.2))


def states(site: Site) -> list[dict[str, Any]]:
    return [seen.json for seen in site.on(SITE.hub_state)]


def is_ready(site: Site) -> bool:
    return bool(states(site)) and states(site)[-1]["state"] == "ready"


def ask(site: Site, type_: str, body: dict[str, Any]) -> dict[str, Any]:
    asked = envelope(type_, body, dev="console", ts=to_timestamp(utc()))
    site.send(SITE.hub_cmd, json.dumps(asked).encode())
    topic = SITE.hub_ack("console")

    def answers() -> list[dict[str, Any]]:
        return [seen.json["body"] for seen in site.on(topic) if seen.json["corr"] == asked["id"]]

    until(answers, f"an answer to {type_}")
    return answers()[0]


def stored(address: Path | str, dev: str) -> list[int]:
    with open_hub(address) as database, database.reading() as connection:
        found = select(events.c.seq).where(events.c.dev == dev).order_by(events.c.seq)
        return list(connection.execute(found).scalars())


def send(site: Site, *seqs: int) -> None:
    for seq in seqs:
        told = event("door-1", seq)
        site.send(told.topic, told.payload)


def test_no_event_is_lost_or_doubled_while_broker_and_hub_are_restarted(
    broker: Broker, tmp_path: Path
) -> None:
    link = link_to(broker, "hub")
    with Site(link_to(broker, "site")) as site:
        with hub(link, settings(tmp_path)):
            until(lambda: is_ready(site), "the hub")
            send(site, *range(1, 31))
            broker.restart()
            until(lambda: site.subscriptions > 1, "the site again")
            send(site, *range(31, 51))
        send(site, *range(51, 81))
        with hub(link, settings(tmp_path)):
            send(site, *range(81, 91))
            until(lambda: len(stored(tmp_path / "hub.db", "door-1")) >= 90, "all events")
            upto = SITE.device("door-1").event_ack
            until(lambda: {"upto": 90} in [seen.json for seen in site.on(upto)], "the acknowledgment")
    assert stored(tmp_path / "hub.db", "door-1") == list(range(1, 91))


def test_a_gallery_change_is_answered_and_told_to_all(broker: Broker, tmp_path: Path) -> None:
    with Site(link_to(broker, "site")) as site, hub(link_to(broker, "hub"), settings(tmp_path)):
        until(lambda: is_ready(site), "the hub")
        told = ask(site, "gallery.put", {"gallery": "main", "ops": [written(person("ada"))]})
        assert (told["status"], told["version"]) == ("succeeded", 1)
        assert [seen.json["body"]["version"] for seen in site.on(SITE.head("main"))] == [1]
        until(lambda: site.on(SITE.delta("main", 1)), "the delta")


def test_while_the_database_is_gone_everything_waits_and_nothing_is_lost(
    broker: Broker, tmp_path: Path, server: postgres.Server
) -> None:
    address = server.make("outage")
    chosen = settings(tmp_path, hub={"database": address})
    with Site(link_to(broker, "site")) as site, hub(link_to(broker, "hub"), chosen):
        until(lambda: is_ready(site), "the hub")
        send(site, 1)
        until(lambda: stored(address, "door-1") == [1], "the first event")
        server.stop()
        try:
            send(site, *range(2, 41))
            until(lambda: states(site)[-1]["state"] == "degraded", "the trouble")
            assert "does not answer" in states(site)[-1]["trouble"]
            answer = ask(site, "device.list", {})
            assert (answer["status"], answer["reason"]) == ("failed", "database")
        finally:
            server.start()
        until(lambda: is_ready(site), "the end of the trouble")
        until(lambda: stored(address, "door-1") == list(range(1, 41)), "all events")


def test_on_a_full_disk_events_wait_and_nothing_is_lost(broker: Broker, tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    folder.mkdir()
    with small_disk(folder, "8m"), Site(link_to(broker, "site")) as site:
        with hub(link_to(broker, "hub"), settings(folder)):
            until(lambda: is_ready(site), "the hub")
            send(site, 1)
            until(lambda: stored(folder / "hub.db", "door-1") == [1], "the first event")
            ballast = fill(folder)
            send(site, *range(2, 400))
            until(lambda: states(site)[-1]["state"] == "degraded", "the trouble")
            assert "no space left" in states(site)[-1]["trouble"]
            assert ask(site, "device.list", {})["reason"] == "database"
            ballast.unlink()
            until(lambda: is_ready(site), "the end of the trouble")
            until(lambda: len(stored(folder / "hub.db", "door-1")) == 399, "all events")
        assert stored(folder / "hub.db", "door-1") == list(range(1, 400))


def test_a_second_hub_with_another_database_publishes_nothing(broker: Broker, tmp_path: Path) -> None:
    with Site(link_to(broker, "site")) as site, hub(link_to(broker, "hub"), settings(tmp_path / "a")):
        until(lambda: is_ready(site), "the first hub")
        first = states(site)[-1]
        ask(site, "gallery.put", {"gallery": "main", "ops": [written(person("ada"))]})
        with hub(link_to(broker, "hub"), settings(tmp_path / "b")):
            until(lambda: any(said["state"] == "standby" for said in states(site)), "the second hub")
            until(lambda: states(site)[-1]["boot"] == first["boot"], "the first hub's last word")
            send(site, 1)
            until(lambda: stored(tmp_path / "a" / "hub.db", "door-1") == [1], "the event")
            alarms = "ostiary/1/hq/d/hub/evt/alarm"
            until(lambda: site.on(alarms), "the alarm")
            assert site.on(alarms)[0].json["type"] == "alarm.two_hubs"
        until(lambda: states(site)[-1]["boot"] == first["boot"], "the first hub's last word")
    assert len(site.on(SITE.head("main"))) == 1
    assert stored(tmp_path / "b" / "hub.db", "door-1") == []


def test_a_broker_that_lost_everything_is_told_anew(tmp_path: Path) -> None:
    documents = {
        SITE.head("main"),
        SITE.device("door-1").config_desired,
        SITE.device("door-1").job_next,
        SITE.device("door-2").config_desired,
    }
    with (
        Broker() as forgetful,
        Site(link_to(forgetful, "site")) as site,
        hub(link_to(forgetful, "hub"), settings(tmp_path)),
    ):
        until(lambda: is_ready(site), "the hub")
        for dev in ("door-1", "door-2"):
            site.send(SITE.device(dev).state, b'{"state": "ready", "session": 1}')
            site.send(SITE.device(dev).info, b'{"version": "0.1.0", "groups": []}')
        ask(site, "gallery.put", {"gallery": "main", "ops": [written(person("ada"))]})
        until(lambda: len(ask(site, "device.list", {})["devices"]) == 2, "both devices")
        ask(site, "config.set", {"all": True, "settings": {"door": {"unlock_s": 7}}})
        job = {"kind": "config", "version": 9, "settings": {}}
        ask(site, "rollout.start", {"job": job, "devices": ["door-1"], "steps": [100]})
        forgetful.restart()
        with Site(link_to(forgetful, "newcomer")) as newcomer:
            until(lambda: documents <= {one.topic for one in newcomer.received}, "all documents")
            assert newcomer.on(SITE.head("main"))[-1].json["body"]["version"] == 1


def test_a_hub_begins_again_after_a_power_cut_of_the_whole_machine(tmp_path: Path) -> None:
    lines = ("allow_anonymous true", "persistence true", f"persistence_location {tmp_path}/")
    with Broker(lines=(*lines, "autosave_on_changes true", "autosave_interval 1")) as broker:
        begin_again(broker, tmp_path)


def begin_again(broker: Broker, tmp_path: Path) -> None:
    with Site(link_to(broker, "site")) as site, hub(link_to(broker, "hub"), settings(tmp_path)):
        until(lambda: is_ready(site), "the hub")
        until(lambda: b'"ready"' in (tmp_path / "mosquitto.db").read_bytes(), "it to be on the disk")
        # Nobody hears a goodbye, and the broker says afterwards that the hub is there.
        broker.kill()
    broker.start()
    with Site(link_to(broker, "again")) as site:
        until(lambda: states(site), "what was retained")
        before = states(site)[0]
        assert before["state"] == "ready"
        with hub(link_to(broker, "hub"), settings(tmp_path)):
            until(lambda: is_ready(site) and states(site)[-1]["boot"] != before["boot"], "the hub")


def test_a_twin_takes_over_when_the_hub_ends(broker: Broker, tmp_path: Path, server: postgres.Server) -> None:
    same = {"database": server.make("twins")}
    with Site(link_to(broker, "site")) as site:
        with hub(link_to(broker, "hub"), settings(tmp_path / "a", hub=same)):
            until(lambda: is_ready(site), "the first hub")
            second = hub(link_to(broker, "hub"), settings(tmp_path / "b", hub=same))
            second.__enter__()
            until(lambda: any(said["state"] == "standby" for said in states(site)), "the twin")
        try:
            until(lambda: is_ready(site), "the twin at work")
            send(site, 1)
            until(lambda: stored(same["database"], "door-1") == [1], "the event")
        finally:
            second.__exit__(None, None, None)


def test_one_folder_has_one_hub(broker: Broker, tmp_path: Path) -> None:
    with Site(link_to(broker, "site")) as site, hub(link_to(broker, "hub"), settings(tmp_path)):
        until(lambda: is_ready(site), "the hub")
        with pytest.raises(StoreLocked):
            run(settings(tmp_path), link_to(broker, "hub"), threading.Event())


def test_figures_are_served_for_prometheus(broker: Broker, tmp_path: Path, free_port: int) -> None:
    chosen = settings(tmp_path, metrics={"port": free_port})
    with Site(link_to(broker, "site")) as site, hub(link_to(broker, "hub"), chosen):
        until(lambda: is_ready(site), "the hub")
        site.send("ostiary/1/hq/d/door-1/state", b'{"state": "ready", "session": 1}')
        ask(site, "gallery.put", {"gallery": "main", "ops": [written(person("ada"))]})
        address = f"http://127.0.0.1:{free_port}/metrics"

        def scraped() -> str:
            with urllib.request.urlopen(address) as answer:
                return answer.read().decode()

        until(lambda: 'ostiary_hub_devices{state="ready"} 1.0' in scraped(), "the device")
        found = scraped()
    for line in ("database_up 1.0", "active 1.0", 'gallery_people{gallery="main"} 1.0'):
        assert f"ostiary_hub_{line}" in found
