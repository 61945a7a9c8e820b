"""What the hub's database holds, for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from edge.hub.database import HubDatabase
from edge.hub.followers import in_step
from edge.hub.gallery import HubGallery
from edge.hub.tables import devices, events, galleries
from edge.hub.work import Work


def begin(database: HubDatabase, names: Sequence[str]) -> None:
    """Make the galleries that are not there. Raises StoreError."""
    with database.transaction() as connection:
        HubGallery().make(Work(connection, datetime.now(UTC)), names)


def standing(database: HubDatabase) -> dict[str, Any]:
    """Galleries, devices by state, and the number of events. Raises StoreError."""
    database.migrate()
    with database.reading() as connection:
        work = Work(connection, datetime.now(UTC))
        states = select(devices.c.state, func.count()).group_by(devices.c.state).order_by(devices.c.state)
        rows = connection.execute(select(galleries).order_by(galleries.c.gallery)).all()
        return {
            "database": database.where,
            "devices": {row[0]: row[1] for row in connection.execute(states)},
            "events": connection.execute(select(func.count()).select_from(events)).scalar() or 0,
            "galleries": [
                {
                    "gallery": row.gallery,
                    "epoch": row.epoch,
                    "version": row.version,
                    "people": row._mapping["count"],
                    **dict(zip(("in_step", "behind"), in_step(work, row.gallery), strict=True)),
                }
                for row in rows
            ],
        }
