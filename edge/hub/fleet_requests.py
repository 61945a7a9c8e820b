"""Requests about devices, events, alarms and settings."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Select, select

from edge.core.envelope import Envelope, timestamp, to_timestamp
from edge.core.events import EventClass, Json
from edge.hub.configuration import ALL, Configuration
from edge.hub.device_rows import device_rows
from edge.hub.reading import Body
from edge.hub.refusal import Refused
from edge.hub.registry import Registry
from edge.hub.reporting import Reporter
from edge.hub.requests import Handler, fitting
from edge.hub.tables import events, gaps, revoke_waits, revokes
from edge.hub.work import Work
from edge.mqtt.codec import Outgoing
from edge.mqtt.topics import SiteTopics

_FILTERS = {"dev": events.c.dev, "class": events.c.kind, "type": events.c.type, "corr": events.c.corr}
_ALARMS = 200
LONGEST_BODY = 48 * 1024
"""Characters of an event's body that a list shows; no device of ours says as much."""


class FleetRequests:
    def __init__(
        self, topics: SiteTopics, registry: Registry, configuration: Configuration, reporter: Reporter
    ) -> None:
        self._topics = topics
        self._registry = registry
        self._configuration = configuration
        self._reporter = reporter

    def handlers(self) -> dict[str, Handler]:
        return {
            "device.list": self._devices,
            "device.forget": self._forget,
            "event.list": self._events,
            "alarm.list": self._alarms,
            "config.set": self._set,
            "config.list": self._settings,
        }

    def _devices(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "", "group state after limit dev")
        state = body.text("state") if body.has("state") else None
        group = body.text("group") if body.has("group") else None
        dev = body.text("dev") if body.has("dev") else None
        rows = device_rows(work, body.text_or("after", ""), body.limit(), state=state, group=group, dev=dev)
        kept = fitting(rows)
        return {"devices": [*kept], "after": kept[-1]["dev"] if kept else None}

    def _forget(self, work: Work, asked: Envelope) -> dict[str, Json]:
        dev = Body(asked.body, "dev").text("dev")
        doors = self._registry.forget(work, dev)
        topics = self._topics.device(dev)
        levels = (topics.state, topics.info, topics.config_reported, *map(topics.door_state, doors))
        # What the broker retains of it would show it for ever.
        for topic in (topics.config_desired, topics.job_next, *levels):
            work.say(Outgoing(topic, b"", retain=True))
        self._reporter.report(
            work, EventClass.AUDIT, "audit.device_forgotten", {"dev": dev, "client": asked.dev}
        )
        return {}

    def _events(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "", "dev class type corr since until after before limit newest")
        wanted = select(events)
        for key, column in _FILTERS.items():
            if body.has(key):
                wanted = wanted.where(column == body.text(key))
        if body.has("since"):
            wanted = wanted.where(events.c.ts >= to_timestamp(timestamp(body.values["since"], "since")))
        if body.has("until"):
            wanted = wanted.where(events.c.ts < to_timestamp(timestamp(body.values["until"], "until")))
        rows = [_event(row) for row in _page(work, wanted, body)]
        # What does not fit is left off at the end that the next page goes on from.
        kept = fitting(rows[::-1])[::-1] if body.values.get("newest") is True else fitting(rows)
        return {"events": [*kept], "after": kept[-1]["number"] if kept else body.values.get("after")}

    def _alarms(self, work: Work, asked: Envelope) -> dict[str, Json]:
        """What is wrong at this moment, as far as the hub itself can tell."""
        Body(asked.body)
        missing = select(gaps).where(gaps.c.alarmed.is_(True)).order_by(gaps.c.since).limit(_ALARMS)
        told: list[Json] = [
            {
                "kind": "events_missing",
                "dev": row.dev,
                "since": row.since,
                "seqs": [row.first, row.last],
            }
            for row in work.connection.execute(missing).all()
        ]
        waits = select(revokes.c.person, revokes.c.gallery, revokes.c.at, revoke_waits.c.dev)
        waits = waits.join(revoke_waits, revoke_waits.c.command == revokes.c.command)
        waits = waits.where(revoke_waits.c.alarmed.is_(True)).order_by(revokes.c.at).limit(_ALARMS)
        told += [
            {"kind": "revoke_unacked", "dev": row.dev, "since": row.at, "person": row.person}
            for row in work.connection.execute(waits).all()
        ]
        return {"alarms": told[:_ALARMS]}

    def _set(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "settings", "devices group all version")
        if body.has("all"):
            scopes = [ALL]
        elif body.has("group"):
            scopes = [f"group:{body.text('group')}"]
        else:
            scopes = [f"device:{dev}" for dev in self._registry.chosen(work, body.values)]
        if [body.has(key) for key in ("devices", "group", "all")].count(True) != 1:
            raise Refused("bad_body", "name the devices by exactly one of devices, group and all")
        version, count = self._configuration.set(work, scopes, body.table("settings"), body.version())
        audit: dict[str, Json] = {"client": asked.dev, "scopes": [*scopes[:50]], "version": version}
        self._reporter.report(work, EventClass.AUDIT, "audit.config_set", audit)
        return {"version": version, "devices": count}

    def _settings(self, work: Work, asked: Envelope) -> dict[str, Json]:
        body = Body(asked.body, "", "after limit")
        after = body.text_or("after", "")
        rows = fitting(self._configuration.documents(work, after, body.limit()))
        parts = [] if after else self._configuration.parts(work)
        return {"parts": parts, "devices": [*rows], "after": rows[-1]["dev"] if rows else None}


def _page(work: Work, wanted: Select[Any], body: Body) -> list[Any]:
    """Rising by number; `newest` begins so many before the end, or before the number `before`."""
    if body.values.get("newest") is True:
        newest = wanted.order_by(events.c.number.desc()).limit(body.limit())
        if body.has("before"):
            newest = newest.where(events.c.number < body.whole("before"))
        return list(work.connection.execute(newest).all())[::-1]
    after = events.c.number > body.whole_or("after", 0)
    return list(
        work.connection.execute(wanted.where(after).order_by(events.c.number).limit(body.limit())).all()
    )


def _event(row: Any) -> dict[str, Json]:
    told: dict[str, Json] = {"number": row.number, "id": row.id, "dev": row.dev, "seq": row.seq}
    told |= {"class": row.kind, "type": row.type, "ts": row.ts, "received": row.received}
    body: Json = json.loads(row.body) if len(row.body) <= LONGEST_BODY else {"omitted_bytes": len(row.body)}
    return told | {"corr": row.corr, "body": body}
