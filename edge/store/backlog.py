"""Append events to the outbox, within its bound.

The sequence has no gaps. When more wait than the bound allows, the oldest go, access and alarm last, and
one event tells which: a receiver that misses a number finds out why.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.core.clock_state import ClockState
from edge.core.events import Event, EventClass, Json, StoredEvent
from edge.core.identifiers import RANDOM_BYTES, uuid7
from edge.errors import StoreCorrupt
from edge.store.database import Database, Row
from edge.store.times import from_text, to_text, unix_ms

OVERFLOW = "system.buffer_overflow"
COLUMNS = "seq, id, boot, mono_ms, clk, kind, type, at, corr, body"

_DROP_SHARE = 100
"""An overflow makes room for one in so many events at once, so that not every event reports one."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where events come from. boot: id of this start. monotonic: seconds. random: n -> n random bytes.
    clock: how far the wall clock is trusted; None where nobody knows."""

    boot: str
    monotonic: Callable[[], float]
    random: Callable[[int], bytes]
    clock: Callable[[], ClockState | None]


def append(database: Database, events: Sequence[Event], *, origin: Origin, capacity: int) -> None:
    """Add the events to the outbox as part of the open transaction. capacity: most that may wait."""
    if not events:
        return
    mono_ms = int(origin.monotonic() * 1000)
    first = _insert(database, events[0], origin, mono_ms)
    for event in events[1:]:
        _insert(database, event, origin, mono_ms)
    lost = _make_room(database, before=first, capacity=capacity)
    if lost is not None:
        report = Event(EventClass.SYSTEM, OVERFLOW, events[-1].at, lost)
        _insert(database, report, origin, mono_ms)


def stored_event(row: Row) -> StoredEvent:
    """Read a row of COLUMNS. Raises StoreCorrupt."""
    seq, identifier, boot, mono_ms, clk, kind, type_, at, corr, body = row
    try:
        event = Event(EventClass(kind), type_, from_text(at), json.loads(body), corr)
        clock = None if clk is None else ClockState(clk)
    except (ValueError, TypeError) as error:
        raise StoreCorrupt(f"event {seq} cannot be read ({error}); restore a backup") from error
    return StoredEvent(seq, identifier, boot, mono_ms, event, clock)


def _insert(database: Database, event: Event, origin: Origin, mono_ms: int) -> int:
    identifier, clock = uuid7(unix_ms(event.at), origin.random(RANDOM_BYTES)), origin.clock()
    cursor = database.execute(
        "INSERT INTO outbox (id, boot, mono_ms, clk, kind, type, at, corr, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            identifier,
            origin.boot,
            mono_ms,
            None if clock is None else clock.value,
            event.kind.value,
            event.type,
            to_text(event.at),
            event.corr,
            _json(event.body),
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _make_room(database: Database, *, before: int, capacity: int) -> dict[str, Json] | None:
    """Drop what exceeds the bound, among events numbered below `before`. Returns what was lost."""
    oldest, newest = database.rows("SELECT min(seq), max(seq) FROM outbox WHERE sent = 0")[0]
    # Counting walks the index; the span is at hand and never less than the count.
    if newest - oldest < capacity:
        return None
    (waiting,) = database.rows("SELECT count(*) FROM outbox WHERE sent = 0")[0]
    if waiting <= capacity:
        return None
    rows = database.rows(
        """SELECT seq, type, body FROM outbox WHERE sent = 0 AND seq < ?
           ORDER BY kind IN ('access', 'alarm') OR type = ?, seq LIMIT ?""",
        (before, OVERFLOW, waiting - capacity + 1 + capacity // _DROP_SHARE),
    )
    if not rows:
        return None
    database.insert_all("DELETE FROM outbox WHERE seq = ?", [(row[0],) for row in rows])
    return _loss(rows)


def _loss(rows: Sequence[Row]) -> dict[str, Json]:
    """The range and number of lost events; what an earlier report told is told again when that is lost."""
    lost_from, lost_to, lost = min(row[0] for row in rows), max(row[0] for row in rows), len(rows)
    for _, type_, body in rows:
        if type_ == OVERFLOW:
            earlier = json.loads(body)
            lost_from = min(lost_from, earlier["lost_from"])
            lost += earlier["lost"]
    return {"lost_from": lost_from, "lost_to": lost_to, "lost": lost}


def _json(body: dict[str, Json]) -> str:
    try:
        return json.dumps(body, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_without_nan(body), separators=(",", ":"), allow_nan=False)


def _without_nan(value: Json) -> Json:
    """JSON has no NaN and no infinity; null stands for them, so that the event is not lost."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case list():
            return [_without_nan(item) for item in value]
        case dict():
            return {key: _without_nan(item) for key, item in value.items()}
        case _:
            return value
