"""The hub's own events: stored as those of a device are, and told under the hub's id."""

from __future__ import annotations

from sqlalchemy import select

from edge.core.envelope import Envelope, document
from edge.core.events import EventClass, Json
from edge.hub.author import Author
from edge.hub.database import put
from edge.hub.tables import events, values
from edge.hub.work import Work
from edge.mqtt.codec import Outgoing, dump_json

_SEQ = "seq"


class Reporter:
    """Events go to `…/d/{hub}/evt/{class}`."""

    def __init__(self, author: Author, boot: str) -> None:
        self._author = author
        self._boot = boot

    def report(self, work: Work, kind: EventClass, type_: str, body: dict[str, Json]) -> None:
        """Store an event and tell it after the commit."""
        connection, hub = work.connection, self._author.hub
        stored = connection.execute(select(values.c.value).where(values.c.key == _SEQ)).scalar()
        seq = int(stored or 0) + 1
        connection.execute(put(connection, values), {"key": _SEQ, "value": str(seq)})
        told = Envelope(self._author.new_id(), work.now, type_, body, dev=hub, boot=self._boot, seq=seq)
        row = {"id": told.id, "dev": hub, "seq": seq, "boot": self._boot, "kind": kind.value}
        text = dump_json(body).decode()
        connection.execute(
            events.insert(), row | {"type": type_, "ts": work.at, "received": work.at, "body": text}
        )
        work.say(Outgoing(self._author.topics.device(hub).event(kind), dump_json(document(told))))
