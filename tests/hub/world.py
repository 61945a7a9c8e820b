"""A hub without a broker: what it hears is handed in, what it says is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from edge.core.gallery_rows import Op, written
from edge.core.gallery_sync import GalleryAck
from edge.core.merkle import EMPTY
from edge.hub import parts
from edge.hub.author import Author
from edge.hub.database import HubDatabase
from edge.hub.hub import Hub
from edge.hub.keyholder import Keyholder
from edge.keys.keyring import Keyring
from edge.keys.signature import SigningKey
from edge.ports import Message
from tests.hub.builders import NOON, SITE, Heard, Settled, envelope, message, new_id


class World:
    def __init__(
        self,
        database: HubDatabase,
        folder: Path,
        *,
        key: SigningKey | None = None,
        keyring: Keyring | None = None,
        accept_offers: bool = False,
    ) -> None:
        self.database, self.folder, self.now = database, folder, NOON
        self.heard, self.settled = Heard(), Settled()
        author = Author(SITE, "hub", key, new_id)
        keyholder = Keyholder(keyring, SITE.keys, lambda: self.now)
        self.parts = parts.build(author, "boot-h", folder, keyholder, accept_offers=accept_offers)
        self.hub = Hub(database, self.parts, publish=self.heard, utc=lambda: self.now)
        self.monotonic = 0.0
        self.hub.begin(["main"])

    def hear(self, *messages: Message) -> None:
        self.hub.handle(messages)

    def say(self, dev: str, leaf: str, body: Any, *, type_: str | None = None, **more: Any) -> None:
        """A device says something; with a type in an envelope."""
        told = body if type_ is None else envelope(type_, body, dev=dev, **more)
        self.hear(message(f"ostiary/1/hq/d/{dev}/{leaf}", told, settle=self.settled))

    def devices(self, *devs: str, groups: Sequence[str] = ()) -> None:
        for dev in devs:
            self.say(dev, "state", {"state": "ready", "session": 1, "boot": "b"})
            self.say(dev, "info", {"version": "0.1.0", "groups": [*groups]})

    def ask(self, type_: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Ask the hub; the body of the answer."""
        asked = envelope(type_, body, **{"dev": "console"} | more)
        self.hear(message(SITE.hub_cmd, asked, settle=self.settled))
        return self.answers(asked["id"])[-1]

    def answers(self, corr: str) -> list[dict[str, Any]]:
        return [told["body"] for told in self.heard.on(SITE.hub_ack("console")) if told["corr"] == corr]

    def put(self, *ops: Op, **more: Any) -> dict[str, Any]:
        return self.ask("gallery.put", {"gallery": "main", "ops": [written(op) for op in ops], **more})

    def ack(self, dev: str, version: int, epoch: int = 1) -> None:
        body = GalleryAck("main", epoch, version, EMPTY.root, 0, 5).body()
        self.say(dev, "gal/ack", body, type_="gallery.ack")

    def tick(self, seconds: float = 10.0) -> None:
        self.monotonic += seconds
        self.hub.tick(self.monotonic)

    def later(self, at: datetime) -> None:
        """The time of day, and what comes due by it."""
        self.now = at
        self.tick()

    def snapshots(self) -> None:
        """What the hub's second thread does."""
        for gallery in self.hub.snapshots_due(self.monotonic):
            self.hub.snapshot_taken(self.parts.snapshots.take(self.database, gallery))

    def events(self) -> list[str]:
        """The types of the hub's own events."""
        return [one["type"] for one in self.ask("event.list", {"dev": "hub"})["events"]]

    def head(self) -> dict[str, Any]:
        return self.heard.on(SITE.head("main"))[-1]["body"]
