"""People whom devices enrolled and hand up, until somebody with the right to it takes them in."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import delete, select

from edge.core.canonical import digest
from edge.core.events import EventClass, Json
from edge.core.gallery_rows import Row, read_row, written
from edge.core.gallery_sync import Offer
from edge.hub.database import put
from edge.hub.refusal import Refused
from edge.hub.reporting import Reporter
from edge.hub.tables import offers
from edge.hub.work import Work
from edge.mqtt.codec import dump_json


class Offers:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def made(self, work: Work, dev: str, offer: Offer) -> str:
        """Keep an offer. The same device's newer one for the same person takes the place of the older."""
        person = offer.rows[0].person
        name = digest([dev, offer.gallery, person]).hex()[:16]
        ops = dump_json([written(row) for row in offer.rows]).decode()
        row = {"offer": name, "dev": dev, "gallery": offer.gallery, "person": person}
        known = work.connection.execute(select(offers.c.ops).where(offers.c.offer == name)).scalar()
        work.connection.execute(put(work.connection, offers), row | {"at": work.at, "ops": ops})
        if known != ops:
            body: dict[str, Json] = {"offer": name, "dev": dev, "gallery": offer.gallery, "person": person}
            self._reporter.report(work, EventClass.AUDIT, "audit.enrollment_offered", body)
        return name

    def waiting(self, work: Work, after: str, limit: int) -> list[dict[str, Json]]:
        """A page of the offers, without what is sealed in them."""
        wanted = select(offers).where(offers.c.offer > after).order_by(offers.c.offer).limit(limit)
        return [
            {
                "offer": row.offer,
                "dev": row.dev,
                "gallery": row.gallery,
                "person": row.person,
                "at": row.at,
                "faces": len(json.loads(row.ops)) - 1,
            }
            for row in work.connection.execute(wanted).all()
        ]

    def take(self, work: Work, offer: str) -> tuple[str, Sequence[Row]]:
        """The gallery and the rows of an offer, which is over with that. Raises Refused."""
        row = work.connection.execute(select(offers).where(offers.c.offer == offer)).first()
        if row is None:
            raise Refused("unknown_offer", "there is no such offer any more; see offer.list")
        work.connection.execute(delete(offers).where(offers.c.offer == offer))
        return row.gallery, [read_row(op) for op in json.loads(row.ops)]
