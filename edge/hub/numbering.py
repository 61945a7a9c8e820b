"""Which numbers of each device's events the hub has, and alarms for those that do not come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select

from edge.core.envelope import to_timestamp
from edge.core.events import EventClass, Json
from edge.core.sequence import Sequence, Span
from edge.hub.database import put
from edge.hub.reporting import Reporter
from edge.hub.tables import gaps, streams
from edge.hub.work import Work, portions

GAP_S = 60.0
"""How long a missing event may take before it is an alarm."""
_AT_ONCE = 50


class Numbering:
    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def load(self, work: Work, devs: Iterable[str]) -> dict[str, Sequence]:
        """Of each device that ever sent a numbered event."""
        found: dict[str, Sequence] = {}
        for portion in portions(devs):
            missing: dict[str, list[Span]] = defaultdict(list)
            waited = select(gaps).where(gaps.c.dev.in_(portion)).order_by(gaps.c.first)
            for gap in work.connection.execute(waited).all():
                missing[gap.dev].append((gap.first, gap.last))
            for row in work.connection.execute(select(streams).where(streams.c.dev.in_(portion))).all():
                found[row.dev] = Sequence(row.floor, row.seq, tuple(missing[row.dev]))
        return found

    def save(self, work: Work, before: Mapping[str, Sequence], after: Mapping[str, Sequence]) -> None:
        changed = {dev: now for dev, now in after.items() if now != before.get(dev)}
        if not changed:
            return
        rows = [{"dev": dev, "floor": now.floor, "seq": now.last} for dev, now in changed.items()]
        work.connection.execute(put(work.connection, streams), rows)
        for dev, now in changed.items():
            was = before.get(dev)
            if now.missing != (was.missing if was else ()):
                self._save_gaps(work, dev, now.missing)

    def kept_from(self, work: Work, dev: str, oldest: int) -> None:
        """The device keeps no event before `oldest`: what is missing of those will never come."""
        before = self.load(work, [dev])
        was = before.get(dev)
        if was is None or (now := was.without((0, oldest - 1))) == was:
            return
        body: dict[str, Json] = {"dev": dev, "first": was.missing[0][0], "last": oldest - 1}
        self._reporter.report(work, EventClass.ALARM, "alarm.events_lost", body)
        self.save(work, before, {dev: now})

    def restarted(self, work: Work, dev: str, was: Sequence) -> None:
        """Tell that a device counts anew: its store was lost, and with it what it had not sent."""
        body: dict[str, Json] = {"dev": dev, "last": was.last}
        self._reporter.report(work, EventClass.ALARM, "alarm.sequence_restarted", body)

    def alarm(self, work: Work) -> None:
        """Raise an alarm for what has been missing for long."""
        since = to_timestamp(work.now - timedelta(seconds=GAP_S))
        late = select(gaps).where(gaps.c.since <= since, gaps.c.alarmed.is_(False)).limit(_AT_ONCE)
        for row in work.connection.execute(late).all():
            body: dict[str, Json] = {"dev": row.dev, "first": row.first, "last": row.last}
            self._reporter.report(work, EventClass.ALARM, "alarm.events_missing", body)
            this = (gaps.c.dev == row.dev) & (gaps.c.first == row.first)
            work.connection.execute(gaps.update().where(this).values(alarmed=True))

    def _save_gaps(self, work: Work, dev: str, missing: tuple[Span, ...]) -> None:
        """What is left of an older gap is as old as that one was, and as much of an alarm."""
        old = work.connection.execute(select(gaps).where(gaps.c.dev == dev)).all()
        work.connection.execute(delete(gaps).where(gaps.c.dev == dev))
        if missing:
            work.connection.execute(gaps.insert(), [_row(dev, span, old, work) for span in missing])
        elif any(row.alarmed for row in old):
            self._reporter.report(work, EventClass.ALARM, "alarm.events_missing_clear", {"dev": dev})


def _row(dev: str, span: Span, old: Iterable[Any], work: Work) -> dict[str, object]:
    before = next((row for row in old if row.first <= span[0] <= row.last), None)
    since, alarmed = (before.since, before.alarmed) if before else (work.at, False)
    return {"dev": dev, "first": span[0], "last": span[1], "since": since, "alarmed": alarmed}
