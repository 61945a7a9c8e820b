"""What the settings of each device are to be, and what the device says of that.

Settings are given to all devices, to groups and to single ones; the document of a device has them all, and
where two say something else the one that is meant for fewer wins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from edge.core.canonical import canonical
from edge.core.config_document import layer_hash, local_only, patched, read_layer
from edge.core.events import EventClass, Json
from edge.hub.author import Author
from edge.hub.database import insert_new, put
from edge.hub.refusal import Refused
from edge.hub.registry import Registry
from edge.hub.reporting import Reporter
from edge.hub.tables import desired, desired_parts, jobs, rollouts
from edge.hub.work import Work, portions
from edge.mqtt.codec import dump_json

ALL = "all"
DESIRED = "config.desired"
_BAD_STATES = ("rolled_back", "refused")
_LEVEL = re.compile(r"[a-z0-9-]{1,64}")
_LARGEST = 2**53
_WORD = re.compile(r"[a-z0-9_]{1,64}")
LONGEST_REASONS = 16 * 1024
"""Characters."""


class Configuration:
    def __init__(self, author: Author, registry: Registry, reporter: Reporter) -> None:
        self._author = author
        self._registry = registry
        self._reporter = reporter

    def set(
        self, work: Work, scopes: Sequence[str], patch: dict[str, Json], version: int | None
    ) -> tuple[int, int]:
        """Change the settings of some scopes: `all`, `group:{name}`, `device:{id}`.

        patch: nested; null takes a key out. version: the one that the change was meant for. Returns the
        version, and how many devices have another document now. Raises Refused.
        """
        newest = 0
        for scope in scopes:
            _check_scope(scope)
            before = self._part(work, scope)
            if version is not None and version != before[0]:
                text = f"the settings of {scope} are at version {before[0]}, not {version}; look again"
                raise Refused("conflict", text, {"version": before[0]})
            settings = patched(before[1], patch)
            self._check(settings)
            newest = max(newest, before[0] + 1)
            row = {"scope": scope, "version": before[0] + 1, "settings": _text(settings), "at": work.at}
            work.connection.execute(put(work.connection, desired_parts), row)
        return newest, self.refresh(work)

    def refresh(self, work: Work, devs: Collection[str] | None = None) -> int:
        """Publish the documents that are others than before; how many. devs: None is all devices."""
        groups = self._registry.groups(work, devs)
        parts = {
            row.scope: json.loads(row.settings) for row in work.connection.execute(select(desired_parts))
        }
        changed = 0
        for portion in portions(groups):
            wanted = select(desired.c.dev, desired.c.version, desired.c.settings)
            found = work.connection.execute(wanted.where(desired.c.dev.in_(portion))).all()
            stored = {row.dev: (row.version, row.settings) for row in found}
            for dev in portion:
                version, before = stored.get(dev, (0, "{}"))
                settings = _effective(parts, dev, groups[dev])
                if (text := _text(settings)) == before:
                    continue
                changed += 1
                empty = {"refused": "{}", "at": work.at}
                row = {"dev": dev, "version": version + 1, "settings": text}
                work.connection.execute(insert_new(work.connection, desired), row | empty)
                this = desired.update().where(desired.c.dev == dev)
                work.connection.execute(this.values(version=version + 1, settings=text))
                self._publish(work, dev, version + 1, settings)
        return changed

    def say_again(self, work: Work) -> None:
        """Publish every document as it is."""
        for row in work.connection.execute(select(desired).order_by(desired.c.dev)).all():
            self._publish(work, row.dev, row.version, json.loads(row.settings))

    def reported(self, work: Work, dev: str, body: dict[str, Json]) -> None:
        """Take what a device says of its document; one that has an older one is given the newest again.

        One that has a later one got it from a database that was lost, or set back: it is given the settings
        that are here, if there are any, under the next version, for it takes no earlier one.
        """
        wanted = select(desired.c.version, desired.c.settings, desired.c.state, desired.c.reported)
        row = work.connection.execute(wanted.where(desired.c.dev == dev)).first()
        refused = _short(body.get("refused", {}))
        version, state, hashed = body.get("version"), body.get("state"), body.get("hash")
        if type(version) is not int or not 0 <= version < _LARGEST:
            return
        if version > (0 if row is None else row.version):
            self._overtaken(work, dev, version, None if row is None else row.settings)
            return
        if row is None:
            return
        said = {"reported": version, "state": _word(state), "at": work.at}
        said |= {"hash": _word(hashed), "refused": _text(refused)}
        work.connection.execute(desired.update().where(desired.c.dev == dev).values(**said))
        if version < row.version:
            self._publish(work, dev, row.version, json.loads(row.settings))
        elif state in _BAD_STATES and (state, version) != (row.state, row.reported):
            told: dict[str, Json] = {"dev": dev, "version": version, "state": state}
            told |= {"refused": refused, "reason": _short(body.get("reason"))}
            self._reporter.report(work, EventClass.ALARM, "alarm.config_refused", told)

    def parts(self, work: Work) -> list[Json]:
        """What was set for all, for groups and for single devices."""
        rows = work.connection.execute(select(desired_parts).order_by(desired_parts.c.scope)).all()
        return [
            {"scope": row.scope, "version": row.version, "settings": json.loads(row.settings)} for row in rows
        ]

    def documents(self, work: Work, after: str, limit: int) -> list[dict[str, Json]]:
        """A page of the devices that have a document."""
        wanted = select(desired).where(desired.c.dev > after).order_by(desired.c.dev).limit(limit)
        return [
            {
                "dev": row.dev,
                "desired": row.version,
                "reported": row.reported,
                "state": row.state,
                "refused": json.loads(row.refused),
            }
            for row in work.connection.execute(wanted).all()
        ]

    def _overtaken(self, work: Work, dev: str, version: int, settings: str | None) -> None:
        is_ours = version in _by_jobs(work, dev)
        is_given = settings is not None and not is_ours
        if not is_ours:
            told: dict[str, Json] = {"dev": dev, "version": version, "given_again": is_given}
            self._reporter.report(work, EventClass.ALARM, "alarm.config_ahead", told)
        number = version + 1 if is_given else version
        row = {"dev": dev, "version": number, "settings": "{}", "refused": "{}", "at": work.at}
        work.connection.execute(insert_new(work.connection, desired), row)
        work.connection.execute(desired.update().where(desired.c.dev == dev).values(version=number))
        if is_given and settings is not None:
            self._publish(work, dev, number, json.loads(settings))

    def _part(self, work: Work, scope: str) -> tuple[int, dict[str, Json]]:
        wanted = select(desired_parts).where(desired_parts.c.scope == scope)
        row = work.connection.execute(wanted).first()
        return (0, {}) if row is None else (row.version, json.loads(row.settings))

    def _check(self, settings: dict[str, Json]) -> None:
        """Refuse what every device would refuse; raises MessageMalformed for what is no document."""
        layer_hash(read_layer(settings))
        if local := local_only(settings):
            key, why = next(iter(sorted(local.items())))
            raise Refused("local_only", f"{key} {why}", {"refused": {**local}})

    def _publish(self, work: Work, dev: str, version: int, settings: dict[str, Json]) -> None:
        topic = self._author.topics.device(dev).config_desired
        body: dict[str, Json] = {"version": version, "settings": settings}
        work.say(self._author.write(topic, DESIRED, body, work.now, retain=True))


def _by_jobs(work: Work, dev: str) -> set[Json]:
    """The versions of settings that roll-outs brought the device."""
    wanted = select(rollouts.c.job).join(jobs, jobs.c.rollout == rollouts.c.rollout).where(jobs.c.dev == dev)
    found = [json.loads(text) for text in work.connection.execute(wanted).scalars()]
    return {job.get("version") for job in found if job.get("kind") == "config"}


def _check_scope(scope: str) -> None:
    kind, _, name = scope.partition(":")
    if scope != ALL and not _LEVEL.fullmatch(name):
        raise Refused(
            "bad_body", f"no {kind} has the name {name[:64]!r}; names are 1 to 64 of a-z, 0-9 and -"
        )


def _effective(parts: Mapping[str, dict[str, Json]], dev: str, groups: Sequence[str]) -> dict[str, Json]:
    settings: dict[str, Json] = {}
    for scope in (ALL, *(f"group:{group}" for group in sorted(groups)), f"device:{dev}"):
        settings = patched(settings, parts.get(scope, {}))
    return settings


def _short(value: Json) -> Json:
    """What a device gives as its reasons, unless it is more than a device has to say."""
    return value if len(dump_json(value)) <= LONGEST_REASONS else None


def _word(value: Json) -> str | None:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def _text(value: Json) -> str:
    """One spelling, so that two can be compared."""
    return canonical(value).decode()
