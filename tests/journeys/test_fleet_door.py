"""One door of a fleet as a process: what it tells the site, Home Assistant and Prometheus."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from edge.mqtt.link import Link
from edge.mqtt.topics import Topics
from tests.broker import LOOPBACK, Site, needs_mosquitto, running, until
from tests.journeys.daemon_process import DaemonProcess, read_edges, write_config
from tests.schemas.validation import complaint

pytestmark = needs_mosquitto

TOPICS = Topics("site", "door-1")


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as held:
        port: int = held.getsockname()[1]
        return port


def scrape(port: int) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def unsent(folder: Path) -> int:
    connection = sqlite3.connect(f"file:{folder / 'store' / 'ostiary.db'}?mode=ro", uri=True)
    try:
        (count,) = connection.execute("SELECT count(*) FROM outbox WHERE sent = 0").fetchone()
        return int(count)
    finally:
        connection.close()


def events(site: Site) -> list[dict[str, Any]]:
    return [seen.json for seen in site.received if "/evt/" in seen.topic]


@pytest.fixture
def empty_clip(tmp_path: Path) -> Path:
    """Nobody is in front of the camera."""
    import cv2
    import numpy as np

    folder = tmp_path / "clip"
    folder.mkdir()
    cv2.imwrite(str(folder / "0.jpg"), np.full((240, 320, 3), 90, np.uint8))
    return folder


def test_a_door_of_a_fleet_tells_what_it_is_and_how_it_is(tmp_path: Path, empty_clip: Path) -> None:
    metrics = free_port()
    with running() as broker:
        port = broker.address.port
        config = write_config(tmp_path, empty_clip, port=port)
        config.write_text(
            config.read_text()
            + "[fleet]\nrequire_ack = true\nhealth_s = 1\ngroups = ['east']\n"
            + "[home_assistant]\ndiscovery = true\nallow_unlock = true\n"
            + f"[metrics]\nport = {metrics}\n"
        )
        daemon = DaemonProcess(config, tmp_path / "log")
        link = Link(LOOPBACK, "site", port, "3.1.1")
        try:
            with Site(link, also="homeassistant/device/#") as site:
                daemon.start()
                until(lambda: site.on(TOPICS.health), "a reading", 60.0)
                assert complaint("tele.health", site.on(TOPICS.health)[0].json) is None
                until(lambda: site.on(TOPICS.info), "the description")
                assert complaint("info", site.on(TOPICS.info)[-1].json) is None
                assert site.on(TOPICS.info)[-1].json["groups"] == ["east"]
                assert site.on(TOPICS.state)[0].json["state"] == "init"

                # Kept until the collector has said that it has them.
                until(lambda: events(site), "an event")
                assert unsent(tmp_path) > 0
                until(
                    lambda: (
                        site.send(
                            TOPICS.event_ack,
                            json.dumps({"upto": max(one["seq"] for one in events(site))}).encode(),
                        )
                        or unsent(tmp_path) == 0
                    ),
                    "an empty outbox",
                )
                assert all("clk" in one for one in events(site))

                until(lambda: site.on(TOPICS.discovery), "the description for Home Assistant")
                site.send("homeassistant/status", b"online")
                until(lambda: len(site.on(TOPICS.discovery)) == 2, "the description again")

                site.send(TOPICS.home_assistant, b"UNLOCK")
                site.send(TOPICS.home_assistant, b"UNLOCK", qos=0)
                until(lambda: read_edges(tmp_path), "the relay's edge")
                until(
                    lambda: [one for one in events(site) if one["type"] == "access.granted"],
                    "the event of it",
                )
                refused = [one for one in events(site) if one["type"] == "system.command_refused"]
                assert [one["body"]["reason"] for one in refused] == ["may_be_late"]

                until(lambda: site.on(TOPICS.log("warning")), "the warning")
                assert complaint("log.line", site.on(TOPICS.log("warning"))[0].json) is None

                until(lambda: "ostiary_relay_unlocks_total 1.0" in scrape(metrics), "the count of unlocks")
                figures = scrape(metrics)
                assert 'ostiary_decisions_total{reason="allow_command"} 1.0' in figures
                assert "ostiary_broker_up 1.0" in figures
                assert daemon.stop() == 0
                until(lambda: site.on(TOPICS.state)[-1].json["state"] == "disconnected", "the goodbye")
        finally:
            daemon.kill()
    assert [edge["state"] for edge in read_edges(tmp_path)] == ["unlocked", "locked"]
