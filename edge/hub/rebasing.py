"""Begin a new epoch of a gallery, on the hub's machine: the way back for doors that are ahead of a backup."""

from __future__ import annotations

from datetime import datetime

from edge.core.envelope import Envelope, document
from edge.core.events import Json
from edge.core.gallery_sync import EPOCH
from edge.errors import MessageMalformed, RequestRefused
from edge.hub import gallery_tables
from edge.hub.database import HubDatabase
from edge.hub.parts import Parts
from edge.hub.refusal import Refused
from edge.hub.work import Work
from edge.keys.signature import SigningKey, signed
from edge.mqtt.topics import SiteTopics


def next_epoch(database: HubDatabase, gallery: str, now: datetime) -> dict[str, Json]:
    """What a root key has to sign for the next epoch of a gallery. Raises RequestRefused, StoreError."""
    with database.reading() as connection:
        try:
            standing = gallery_tables.load(Work(connection, now), gallery, for_change=False)
        except Refused as refused:
            raise RequestRefused(str(refused)) from refused
    told: dict[str, Json] = {"gallery": gallery, "epoch": standing.epoch + 1}
    return told | {"version": standing.version, "root": standing.root}


def proof(body: dict[str, Json], site: SiteTopics, root: SigningKey, identifier: str, now: datetime) -> Json:
    """The document by which a root key lets an epoch begin. body: as `next_epoch` tells it."""
    made = Envelope(identifier, now, EPOCH, body)
    return document(signed(made, site.head(str(body["gallery"])), root))


def rebase(database: HubDatabase, parts: Parts, gallery: str, proven: Json, now: datetime) -> dict[str, Json]:
    """Begin the epoch. Doors hear of it when the hub starts. Raises RequestRefused, StoreError."""
    begin = parts.gallery_requests.handlers()["gallery.rebase"]
    with database.transaction() as connection:
        work = Work(connection, now)
        parts.keyholder.begin(work, None)
        body: dict[str, Json] = {"gallery": gallery, "proof": proven}
        asked = Envelope(parts.author.new_id(), now, "gallery.rebase", body, dev=parts.author.hub)
        try:
            return begin(work, asked)
        except (Refused, MessageMalformed) as refused:
            raise RequestRefused(str(refused)) from refused
