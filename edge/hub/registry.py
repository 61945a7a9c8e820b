"""The register of devices: what each said of itself last, and when it was last heard."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from edge.core.events import Json
from edge.errors import MessageMalformed
from edge.hub.database import insert_new
from edge.hub.refusal import Refused
from edge.hub.tables import desired, desired_parts, devices, gallery_acks, gaps, revoke_waits, streams
from edge.hub.work import Work
from edge.mqtt.codec import dump_json

UNKNOWN = "unknown"
"""The state of a device that sent something, and never its state."""
SEEN_S = 10.0
"""How exact `seen` is: it is not written for each message."""
_LEVEL = re.compile(r"[a-z0-9-]{1,64}")
_BOOT = re.compile(r"[!-~]{1,128}")
_STATE = re.compile(r"[a-z_]{1,32}")
_MOST_GROUPS = 64
_NOTHING = "{}"
_GONE = ("disconnected", "lost")
_LARGEST = 2**53
LONGEST_INFO, LONGEST_FIGURES = 24 * 1024, 8 * 1024
"""Characters of what is kept of a device: all of it has to fit into one answer."""


class Registry:
    def __init__(self) -> None:
        self._seen: dict[str, datetime] = {}

    def heard(self, work: Work, dev: str) -> None:
        """Note that the device is there; one that is not known is entered."""
        last = self._seen.get(dev)
        if last is not None and timedelta(0) <= work.now - last < timedelta(seconds=SEEN_S):
            return
        self._enter(work, dev)
        self._update(work, dev, seen=work.at)
        self._seen[dev] = work.now

    def state(self, work: Work, dev: str, body: dict[str, Json]) -> bool:
        """Take what a device, or the broker in its place, says of its session. Returns whether it is news.

        Of an older session than the newest it is not: the last will of a connection that the broker missed
        the end of comes after the birth of the next one.
        """
        state, session, boot = body.get("state"), body.get("session"), body.get("boot")
        if not isinstance(state, str) or not _STATE.fullmatch(state):
            raise MessageMalformed("'state' is not a word; correct it")
        if type(session) is not int or not 0 <= session < _LARGEST:
            raise MessageMalformed("'session' is not a whole number; correct it")
        self._enter(work, dev)
        said = boot if isinstance(boot, str) and _BOOT.fullmatch(boot) else None
        wanted = select(devices.c.session, devices.c.state, devices.c.boot).where(devices.c.dev == dev)
        row = work.connection.execute(wanted).one()
        if (session, state) == (row.session, row.state):
            return False
        # A device that was installed anew counts its sessions anew, too.
        if session < row.session and (state in _GONE or said in (None, row.boot)):
            return False
        self._update(work, dev, state=state, session=session, boot=said, since=work.at)
        return True

    def info(self, work: Work, dev: str, body: dict[str, Json]) -> bool:
        """Take what a device is. Returns whether it is new, or its groups are others than before."""
        self._enter(work, dev)
        wanted = select(devices.c.groups, devices.c.info).where(devices.c.dev == dev)
        before = work.connection.execute(wanted).one()
        groups = _text(_groups(body.get("groups")))
        self._update(work, dev, info=_text(body, LONGEST_INFO), groups=groups)
        return bool(groups != before.groups or before.info == _NOTHING)

    def door(self, work: Work, dev: str, door: str, body: dict[str, Json]) -> None:
        """Take how a door stands."""
        if not _LEVEL.fullmatch(door):
            raise MessageMalformed("the door's name is no level of a topic; correct it")
        self._enter(work, dev)
        before = work.connection.execute(select(devices.c.doors).where(devices.c.dev == dev)).scalar()
        doors = {**json.loads(before or _NOTHING), door: body}
        self._update(work, dev, doors=_text(doors, LONGEST_FIGURES))

    def health(self, work: Work, dev: str, body: dict[str, Json]) -> None:
        """Take a device's figures."""
        self._enter(work, dev)
        self._update(work, dev, health=_text(body, LONGEST_FIGURES))

    def groups(self, work: Work, devs: Collection[str] | None = None) -> dict[str, list[str]]:
        """The groups of these devices, or of all."""
        wanted = select(devices.c.dev, devices.c.groups).order_by(devices.c.dev)
        if devs is not None:
            wanted = wanted.where(devices.c.dev.in_(devs))
        return {row.dev: json.loads(row.groups) for row in work.connection.execute(wanted).all()}

    def chosen(self, work: Work, body: dict[str, Json]) -> list[str]:
        """The devices that a request names by `devices`, `group` or `all`. Raises Refused."""
        named, group, everyone = body.get("devices"), body.get("group"), body.get("all")
        known = self.groups(work)
        if [named is not None, group is not None, everyone is not None].count(True) != 1:
            raise Refused("bad_body", "name the devices by exactly one of devices, group and all")
        if everyone is not None:
            found = list(known)
        elif group is not None:
            found = [dev for dev, groups in known.items() if group in groups]
        elif isinstance(named, list) and all(isinstance(dev, str) for dev in named):
            if unknown := sorted({str(dev) for dev in named} - known.keys()):
                raise Refused("unknown_device", f"no device {unknown[0]} was ever heard; correct its id")
            found = [dev for dev in known if dev in named]
        else:
            raise Refused("bad_body", "devices is a list of ids; correct it")
        if not found:
            raise Refused("unknown_device", "no device is named by that; see device.list")
        return found

    def forget(self, work: Work, dev: str) -> list[str]:
        """Take a device out that is gone for good; its events stay. Returns the names of its doors. Raises
        Refused for one not known."""
        doors = work.connection.execute(select(devices.c.doors).where(devices.c.dev == dev)).scalar()
        if not work.connection.execute(delete(devices).where(devices.c.dev == dev)).rowcount:
            raise Refused("unknown_device", f"no device {dev} was ever heard; correct its id")
        for table in (streams, gaps, gallery_acks, revoke_waits, desired):
            work.connection.execute(delete(table).where(table.c.dev == dev))
        work.connection.execute(delete(desired_parts).where(desired_parts.c.scope == f"device:{dev}"))
        self._seen.pop(dev, None)
        return [*json.loads(doors or _NOTHING)]

    def _enter(self, work: Work, dev: str) -> None:
        row = {"dev": dev, "state": UNKNOWN, "session": -1, "since": work.at, "seen": work.at}
        empty = {"groups": "[]", "info": _NOTHING, "doors": _NOTHING, "health": _NOTHING}
        work.connection.execute(insert_new(work.connection, devices), row | empty)

    def _update(self, work: Work, dev: str, **row: object) -> None:
        work.connection.execute(devices.update().where(devices.c.dev == dev).values(**row))


def _groups(value: Json) -> list[Json]:
    """What a device says its groups are, as far as they can be groups."""
    said: Iterable[Json] = value if isinstance(value, list) else ()
    found = {one for one in said if isinstance(one, str) and _LEVEL.fullmatch(one)}
    return [*sorted(found)[:_MOST_GROUPS]]


def _text(value: Json, most: int = LONGEST_FIGURES) -> str:
    """Raises MessageMalformed for more than a device has to say."""
    text = dump_json(value).decode()
    if len(text) > most:
        raise MessageMalformed(f"{len(text)} characters are more than the {most} that are kept of a device")
    return text
