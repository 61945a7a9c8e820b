"""People whom devices enrolled and hand up, until somebody with the right to it takes them in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select

from edge.core.canonical import digest
from edge.core.events import EventClass, Json
from edge.core.gallery_rows import Row, read_row, written
from edge.core.gallery_sync import Offer
from edge.hub.database import insert_new
from edge.hub.refusal import Refused
from edge.hub.reporting import Reporter
from edge.hub.tables import offers
from edge.hub.work import Work
from edge.mqtt.codec import dump_json

MOST_OFFERS = 1000
"""That one device may have waiting."""


class Offers:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def made(self, work: Work, dev: str, offer: Offer) -> str:
        """Keep an offer. The same device's newer one for the same person takes the place of the older; it has
        another name where it looks different, so that nobody takes in what was not looked at.

        Raises Refused when too many wait.
        """
        connection, person = work.connection, offer.rows[0].person
        ops: list[Json] = [written(row) for row in offer.rows]
        name = digest([dev, offer.gallery, person, _looks(ops)]).hex()[:16]
        row = {"offer": name, "dev": dev, "gallery": offer.gallery, "person": person}
        known = connection.execute(select(offers.c.offer).where(offers.c.offer == name)).scalar()
        mine = offers.c.dev == dev
        older = mine & (offers.c.gallery == offer.gallery) & (offers.c.person == person)
        connection.execute(delete(offers).where(older))
        count = connection.execute(select(func.count()).select_from(offers).where(mine)).scalar_one()
        if count >= MOST_OFFERS:
            raise Refused("too_many", f"{dev} has {count} offers waiting; accept or refuse some of them")
        connection.execute(
            insert_new(connection, offers), row | {"at": work.at, "ops": dump_json(ops).decode()}
        )
        if known is None:
            body: dict[str, Json] = {"offer": name, "dev": dev, "gallery": offer.gallery, "person": person}
            self._reporter.report(work, EventClass.AUDIT, "audit.enrollment_offered", body)
        return name

    def waiting(self, work: Work, after: str, limit: int) -> list[dict[str, Json]]:
        """A page of the offers, without what is sealed in them."""
        wanted = select(offers).where(offers.c.offer > after).order_by(offers.c.offer).limit(limit)
        return [_shown(row) for row in work.connection.execute(wanted).all()]

    def take(self, work: Work, offer: str) -> tuple[str, Sequence[Row]]:
        """The gallery and the rows of an offer, which is over with that. Raises Refused."""
        row = work.connection.execute(select(offers).where(offers.c.offer == offer)).first()
        if row is None:
            raise Refused("unknown_offer", "there is no such offer any more; see offer.list")
        work.connection.execute(delete(offers).where(offers.c.offer == offer))
        return row.gallery, [read_row(op) for op in json.loads(row.ops)]


def _shown(row: Any) -> dict[str, Json]:
    told: dict[str, Json] = {"offer": row.offer, "dev": row.dev, "gallery": row.gallery, "person": row.person}
    return told | {"at": row.at} | _looks(json.loads(row.ops))


def _looks(ops: Sequence[Any]) -> dict[str, Json]:
    """What may be shown of the rows: the rest is sealed."""
    person = next(op for op in ops if "face" not in op)
    times: dict[str, Json] = {key: person[key] for key in ("valid_from", "valid_until") if key in person}
    return {"groups": person["groups"], "faces": len(ops) - 1} | times
