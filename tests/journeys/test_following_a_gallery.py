"""A door of a fleet as a process, the hub, and a broker between them: who is let in is what the hub says."""

from __future__ import annotations

import base64
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.app.device_key import receipt_bytes
from edge.core.envelope import Envelope, document
from edge.core.gallery_rows import Removal, written
from edge.core.identifiers import uuid7
from edge.hub.run import utc
from edge.keys.signature import is_right
from edge.mqtt.link import Link
from edge.mqtt.topics import SiteTopics
from edge.settings import Settings
from edge.store.database import open_database
from edge.store.gallery import Gallery
from tests.broker import LOOPBACK, Site, needs_mosquitto, running, until
from tests.hub.test_service import hub
from tests.journeys.daemon_process import DaemonProcess, write_config
from tests.small_hub import KEY, a_face, a_person
from tests.store.builders import person

pytestmark = needs_mosquitto
SITE = SiteTopics("site")
DOOR = SITE.device("door-1")


class Asker:
    """Asks the hub, and commands the door."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.count = 0

    def send(self, topic: str, kind: str, body: dict[str, Any], **more: Any) -> str:
        self.count += 1
        made = Envelope(
            uuid7(int(time.time() * 1000), self.count.to_bytes(10, "big")), utc(), kind, body, dev=None
        )
        told = document(made) | ({"dev": "console"} if topic == SITE.hub_cmd else {}) | more
        self.site.send(topic, json.dumps(told).encode())
        return made.id

    def ask(self, kind: str, **body: Any) -> dict[str, Any]:
        asked = self.send(SITE.hub_cmd, kind, body)
        answers = SITE.hub_ack("console")
        found: list[dict[str, Any]] = []

        def heard() -> bool:
            found[:] = [one.json["body"] for one in self.site.on(answers) if one.json["corr"] == asked]
            return bool(found)

        until(heard, f"an answer to {kind}")
        assert found[0]["status"] == "succeeded", found[0]
        return found[0]

    def put(self, *ops: Any) -> dict[str, Any]:
        return self.ask("gallery.put", gallery="main", ops=[written(op) for op in ops])

    def acks(self) -> list[dict[str, Any]]:
        return [
            one.json["body"] for one in self.site.on(DOOR.gallery_ack) if one.json["type"] == "gallery.ack"
        ]

    def is_acked(self, told: dict[str, Any]) -> bool:
        return any((one["version"], one["root"]) == (told["version"], told["root"]) for one in self.acks())


def known(folder: Path) -> dict[str, bool]:
    """Who is in the door's store, and whether they are revoked."""
    connection = sqlite3.connect(f"file:{folder / 'store' / 'ostiary.db'}?mode=ro", uri=True)
    try:
        return {
            person: bool(revoked) for person, revoked in connection.execute("SELECT id, revoked FROM people")
        }
    finally:
        connection.close()


def test_a_door_follows_its_hub(tmp_path: Path) -> None:
    clip = tmp_path / "clip"
    clip.mkdir()
    cv2.imwrite(str(clip / "0.jpg"), np.full((240, 320, 3), 90, np.uint8))
    with running() as broker:
        port = broker.address.port
        config = write_config(tmp_path, clip, port=port)
        key = base64.b64encode(KEY).decode()
        config.write_text(config.read_text() + f"[fleet]\ngallery = 'main'\ngallery_key = '{key}'\n")
        with open_database(tmp_path / "store" / "ostiary.db", durable=True) as database:
            Gallery(database).add_person(person("local"))
        chosen = Settings(device={"site": "site"}, store={"folder": tmp_path / "hub"})
        daemon = DaemonProcess(config, tmp_path / "log")
        link = Link(LOOPBACK, "site", port, "5")
        try:
            with Site(link) as site, hub(Link(LOOPBACK, "hub", port, "5"), chosen):
                until(lambda: is_ready(site), "the hub")
                asker = Asker(site)
                people = [f"p{number}" for number in range(40)]
                first = asker.put(*(row for one in people for row in (a_person(one), a_face(one))))
                daemon.start()
                until(lambda: asker.is_acked(first), "the acknowledgment of what was there before", 60.0)
                assert known(tmp_path) == dict.fromkeys([*people, "local"], False)

                told = asker.put(a_person("ada"), a_face("ada"), Removal("p7"))
                until(lambda: asker.is_acked(told), "the acknowledgment of a delta")
                until(
                    lambda: [
                        one for one in site.on(DOOR.gallery_ack) if one.json["type"] == "gallery.receipt"
                    ],
                    "a receipt",
                )
                assert "p7" not in known(tmp_path)
                (receipt,) = (
                    one.json["body"]
                    for one in site.on(DOOR.gallery_ack)
                    if one.json["type"] == "gallery.receipt"
                )
                own = base64.b64decode(site.on(DOOR.info)[-1].json["signing_key"]["key"])
                assert is_right(receipt["sig"], receipt_bytes(DOOR.dev, receipt), "ed25519", own)

                sent_at = time.monotonic()
                asker.ask("gallery.revoke", gallery="main", person="ada")
                until(lambda: known(tmp_path)["ada"], "ada to be refused")
                assert time.monotonic() - sent_at < 10
                asker.send(DOOR.cmd, "gallery.revoke", {"person": "nobody-yet"})
                until(
                    lambda: [one for one in site.on(DOOR.cmd_ack) if one.json["body"].get("known") is False],
                    "an answer",
                )

                # Who is enrolled at the door is offered, and becomes the hub's.
                until(lambda: site.on(DOOR.gallery_offer), "an offer")
                (offer,) = asker.ask("offer.list")["offers"]
                asker.ask("offer.accept", offer=offer["offer"])
                until(lambda: asker.acks()[-1]["count"] == 41, "the door to follow")

                daemon.kill()
                later = asker.put(a_person("late"), a_face("late"))
                daemon.start()
                until(lambda: asker.is_acked(later), "the door after a restart", 60.0)
                until(lambda: describes(site, later), "the description to tell of it")
                assert daemon.stop() == 0
        finally:
            daemon.kill()
    assert known(tmp_path)["ada"]
    assert "late" in known(tmp_path)


def describes(site: Site, told: dict[str, Any]) -> bool:
    figures = site.on(DOOR.info)[-1].json["gallery"]
    return bool(figures) and (figures["version"], figures["root"]) == (told["version"], told["root"])


def is_ready(site: Site) -> bool:
    return bool(site.on(SITE.hub_state)) and site.on(SITE.hub_state)[-1].json["state"] == "ready"
