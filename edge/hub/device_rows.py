"""Everything the hub knows of a device, as one row."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from edge.core.events import Json
from edge.hub.tables import desired, devices, galleries, gallery_acks, gaps, streams
from edge.hub.work import Work

_INFO_KEYS = ("version", "boot", "models", "gallery", "config", "capabilities", "certificate", "doors")


def device_rows(
    work: Work,
    after: str,
    limit: int,
    *,
    state: str | None = None,
    group: str | None = None,
    dev: str | None = None,
) -> list[dict[str, Json]]:
    """A page of the devices, by id. after: the last id of the page before."""
    wanted = select(devices).where(devices.c.dev > after).order_by(devices.c.dev)
    if state is not None:
        wanted = wanted.where(devices.c.state == state)
    if dev is not None:
        wanted = wanted.where(devices.c.dev == dev)
    if group is not None:
        # The groups are a JSON list of ids, which hold no quotation marks.
        wanted = wanted.where(devices.c.groups.contains(f'"{group}"', autoescape=True))
    rows = work.connection.execute(wanted.limit(limit)).all()
    found = [row.dev for row in rows]
    acked = {
        row.dev: row
        for row in work.connection.execute(
            select(
                gallery_acks,
                galleries.c.version.label("head"),
                galleries.c.epoch.label("head_epoch"),
            )
            .join(galleries, galleries.c.gallery == gallery_acks.c.gallery)
            .where(gallery_acks.c.dev.in_(found))
        ).all()
    }
    documents = _by_dev(work, desired, found)
    counted = _by_dev(work, streams, found)
    missing = _by_dev(work, gaps, found)
    return [
        {
            "dev": row.dev,
            "state": row.state,
            "since": row.since,
            "session": row.session,
            "boot": row.boot,
            "seen": row.seen,
            "groups": json.loads(row.groups),
            "info": _short(json.loads(row.info)),
            "doors": json.loads(row.doors),
            "health": json.loads(row.health),
            "gallery": _gallery(acked.get(row.dev)),
            "config": _config(documents.get(row.dev)),
            "events": _events(counted.get(row.dev), missing.get(row.dev)),
        }
        for row in rows
    ]


def _by_dev(work: Work, table: Any, devs: list[str]) -> dict[str, Any]:
    """The first row of each device; of gaps that is the earliest."""
    found: dict[str, Any] = {}
    for row in work.connection.execute(
        select(table).where(table.c.dev.in_(devs)).order_by(*table.primary_key)
    ).all():
        found.setdefault(row.dev, row)
    return found


def _short(info: dict[str, Json]) -> dict[str, Json]:
    """What a list of devices shows; all of it is in the device's retained `info`."""
    return {key: info[key] for key in _INFO_KEYS if key in info}


def _gallery(row: Any) -> Json:
    if row is None:
        return None
    lag = row.head - row.version if row.epoch == row.head_epoch else row.head
    told: dict[str, Json] = {"gallery": row.gallery, "epoch": row.epoch, "version": row.version}
    return told | {"root": row.root, "at": row.at, "ms": row.ms, "lag": lag}


def _config(row: Any) -> Json:
    if row is None:
        return None
    return {"desired": row.version, "reported": row.reported, "state": row.state}


def _events(row: Any, gap: Any) -> Json:
    if row is None:
        return None
    return {"seq": row.seq, "upto": row.seq if gap is None else gap.first - 1}
