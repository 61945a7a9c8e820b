"""What time it is for whoever deletes what is old: a clock that jumps must wipe out nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from edge.core.envelope import to_timestamp
from edge.hub.database import put
from edge.hub.tables import values
from edge.hub.work import Work

STEP = timedelta(days=1)
"""So far the time goes on at most from one look to the next, which is an hour later."""
_KEY = "retention"
_OLDEST = datetime(2026, 1, 1, tzinfo=UTC)
"""No hub ran before."""


def believed(work: Work) -> datetime:
    """The wall clock's time, or an earlier one where that has run ahead; remembered in the database.

    After a clock that was behind, or a hub that was off for long, it takes some looks to catch up; until then
    more is kept than has to be.
    """
    stored = work.connection.execute(select(values.c.value).where(values.c.key == _KEY)).scalar()
    now = work.now
    if stored is not None:
        now = min(now, max(datetime.fromisoformat(stored), _OLDEST) + STEP)
    work.connection.execute(put(work.connection, values), {"key": _KEY, "value": to_timestamp(now)})
    return now
