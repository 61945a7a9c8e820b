"""The durable record of what was decided, which commands were seen, and the events that tell of both."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from edge.core.clock_state import ClockState
from edge.core.decision import Decision, DecisionId, Evidence, Reason, Receipt
from edge.core.events import Event, EventClass
from edge.core.face import PersonId
from edge.errors import AlreadyCommitted, StoreFull
from edge.store.backlog import Origin, append
from edge.store.database import Database, Row
from edge.store.times import from_text, to_text

INTERRUPTED = '{"status":"failed","reason":"interrupted"}'
"""The ack a repeat gets when the process died before it stored another one."""

_FORGOTTEN = "forgotten"
DISK_FULL = "alarm.disk_full"
"""Told once when the disk is full and the reserve of the store was given up; free some space soon."""


class Journal:
    """Owned by the controller. Its database must be opened durable.

    boot: id of this start of the daemon. monotonic: seconds. random: n -> n random bytes, for event
    ids. capacity: how many events may wait for the broker. clock: how far the wall clock is trusted;
    noted with each event. on_decision: told of each once it is durable.
    """

    def __init__(
        self,
        database: Database,
        *,
        boot: str,
        monotonic: Callable[[], float],
        random: Callable[[int], bytes] = os.urandom,
        capacity: int = 100_000,
        clock: Callable[[], ClockState | None] = lambda: None,
        on_decision: Callable[[Decision], None] = lambda decision: None,
    ) -> None:
        self._database = database
        self._origin = Origin(boot, monotonic, random, clock)
        self._capacity = capacity
        self._on_decision = on_decision
        self._begun: set[str] = set()
        self._must_tell_full = False
        self._forgotten: tuple[datetime | None] | None = None

    def commit(
        self,
        decision: Decision,
        events: Sequence[Event],
        *,
        ack: str = INTERRUPTED,
        state: tuple[str, str | None] | None = None,
    ) -> Receipt:
        """Store the decision, its events and the claim of its command in one durable transaction.

        ack: JSON text that a repeat of `decision.command` is answered with. state: a key and the value to
        store under it, as `save_state` does. Raises AlreadyCommitted when
        this decision, or another one on the same command, is stored already, and StoreError when it
        cannot be made durable; then nothing is stored and there is no receipt.
        """

        def write() -> None:
            self._insert(decision)
            if decision.command is not None:
                self._claim_decided(decision.command, decision, ack)
            if state is not None:
                self._put_state(*state)
            self._append(events)

        self._store(write, decision.at)
        self._on_decision(decision)
        return Receipt(decision.id)

    def append(self, events: Sequence[Event]) -> None:
        """Append events that come from no decision, durably and together."""
        if events:
            self._store(lambda: self._append(events), events[-1].at)

    def command_ack(self, command: str) -> str | None:
        """The ack stored for a command id, None when the id was never seen."""
        row = self._database.row("SELECT ack FROM commands WHERE id = ?", (command,))
        return None if row is None else str(row[0])

    def begin_command(self, command: str, now: datetime, ack: str = INTERRUPTED) -> str | None:
        """Claim a command id, durably. Returns None when it is new, else the stored ack.

        ack: what a repeat is answered with until `finish_command` or `commit` stores another one.
        """
        stored = self.command_ack(command)
        if stored is not None:
            return stored
        claim = (command, to_text(now), ack)
        self._store(
            lambda: self._database.execute("INSERT INTO commands (id, at, ack) VALUES (?, ?, ?)", claim), now
        )
        self._begun.add(command)
        return None

    def finish_command(self, command: str, ack: str) -> None:
        """Replace the ack (JSON text) that a repeat of the command is answered with."""
        self._database.execute("UPDATE commands SET ack = ? WHERE id = ?", (ack, command))
        self._begun.discard(command)

    def state(self, key: str) -> str | None:
        """What `save_state` stored last under the key, across restarts."""
        row = self._database.row("SELECT value FROM state WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def save_state(self, key: str, value: str | None, events: Sequence[Event] = ()) -> None:
        """Store a value (None removes it) and append events, durably and together."""

        def write() -> None:
            self._put_state(key, value)
            self._append(events)

        self._store(write, events[-1].at if events else None)

    def decisions(self, limit: int) -> list[Decision]:
        """The newest decisions, newest first."""
        rows = self._database.rows(
            "SELECT id, at, door, granted, reason, person, command, details FROM decisions "
            "ORDER BY number DESC LIMIT ?",
            (limit,),
        )
        return [_decision(row) for row in rows]

    def forgotten(self) -> datetime | None:
        """Of commands made before this time nobody knows any more whether they were carried out.

        Read once; raises StoreError only then.
        """
        if self._forgotten is None:
            kept = self.state(_FORGOTTEN)
            self._forgotten = (None if kept is None else from_text(kept),)
        return self._forgotten[0]

    def prune(self, before: datetime, *, now: datetime) -> None:
        """Forget decisions and command ids older than `before`; a command must have expired by then.

        now: a clock that was ahead of it once must not make all commands to come too old.
        """
        forgotten = max(before, min(self.forgotten() or before, now))
        with self._database.transaction():
            self._put_state(_FORGOTTEN, to_text(forgotten))
            self._database.execute("DELETE FROM decisions WHERE at < ?", (to_text(before),))
            self._database.execute("DELETE FROM commands WHERE at < ?", (to_text(before),))
        self._forgotten = (forgotten,)

    def _store(self, write: Callable[[], object], at: datetime | None) -> None:
        """Run `write` as one transaction; when the disk is full, make room and run it once more.

        at: what an event that tells of a full disk is dated; without it the next transaction tells.
        """
        try:
            self._store_once(write, at)
        except StoreFull:
            self._must_tell_full |= self._database.make_room()
            self._store_once(write, at)

    def _store_once(self, write: Callable[[], object], at: datetime | None) -> None:
        with self._database.transaction():
            write()
            if self._must_tell_full and at is not None:
                self._append([Event(EventClass.ALARM, DISK_FULL, at)])
        self._must_tell_full &= at is None

    def _put_state(self, key: str, value: str | None) -> None:
        if value is None:
            self._database.execute("DELETE FROM state WHERE key = ?", (key,))
        else:
            self._database.execute("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)", (key, value))

    def _append(self, events: Sequence[Event]) -> None:
        append(self._database, events, origin=self._origin, capacity=self._capacity)

    def _insert(self, decision: Decision) -> None:
        details = {
            "factors": decision.factors,
            "seconds": decision.seconds,
            "evidence": asdict(decision.evidence),
        }
        try:
            self._database.execute(
                "INSERT INTO decisions (id, at, door, granted, reason, person, command, details) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    decision.id,
                    to_text(decision.at),
                    decision.door,
                    decision.granted,
                    decision.reason.value,
                    decision.person,
                    decision.command,
                    json.dumps(details),
                ),
            )
        except sqlite3.IntegrityError as error:
            raise AlreadyCommitted(
                f"decision {decision.id} is in the journal already; make a new one"
            ) from error

    def _claim_decided(self, command: str, decision: Decision, ack: str) -> None:
        if command in self._begun:
            changed = self._database.execute(
                "UPDATE commands SET ack = ?, decision = ? WHERE id = ? AND decision IS NULL",
                (ack, decision.id, command),
            )
        else:
            # A claim that an earlier process left without a decision is not taken up again: whether that
            # process acted on it cannot be known.
            changed = self._database.execute(
                "INSERT OR IGNORE INTO commands (id, at, ack, decision) VALUES (?, ?, ?, ?)",
                (command, to_text(decision.at), ack, decision.id),
            )
        if changed.rowcount != 1:
            raise AlreadyCommitted(f"command {command} was decided already; answer with its stored ack")


def _decision(row: Row) -> Decision:
    identifier, at, door, granted, reason, person, command, details = row
    more = json.loads(details)
    return Decision(
        id=DecisionId(identifier),
        at=from_text(at),
        door=door,
        granted=bool(granted),
        reason=Reason(reason),
        factors=tuple(more["factors"]),
        person=None if person is None else PersonId(person),
        seconds=more["seconds"],
        command=command,
        evidence=Evidence(**{key: _read(value) for key, value in more["evidence"].items()}),
    )


def _read(value: Any) -> Any:
    """JSON has no tuples."""
    return tuple(value) if isinstance(value, list) else value
