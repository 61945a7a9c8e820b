"""Events on their way to the broker."""

from __future__ import annotations

from collections.abc import Iterable

from edge.core.events import StoredEvent
from edge.store.backlog import COLUMNS, stored_event
from edge.store.database import Database


class Outbox:
    """The reading end of the journal's events. A mark that a power cut undoes is a resend with the same id.

    keep_sent: how many numbers back from the newest event sent ones are kept, for inspection.
    """

    def __init__(self, database: Database, *, keep_sent: int = 1000) -> None:
        self._database = database
        self._keep_sent = keep_sent

    def pending(self, limit: int, after: int = 0) -> list[StoredEvent]:
        """The oldest events not yet marked sent with a `seq` above `after`, in the order of `seq`."""
        rows = self._database.rows(
            f"SELECT {COLUMNS} FROM outbox WHERE sent = 0 AND seq > ? ORDER BY seq LIMIT ?",  # noqa: S608
            (after, limit),
        )
        return [stored_event(row) for row in rows]

    def mark_sent(self, seqs: Iterable[int]) -> None:
        """The broker has these; unknown numbers are passed over."""
        marks = [(seq,) for seq in seqs]
        if not marks:
            return
        with self._database.transaction():
            self._database.insert_all("UPDATE outbox SET sent = 1 WHERE seq = ?", marks)
            self._database.execute(
                "DELETE FROM outbox WHERE sent = 1 AND seq <= (SELECT max(seq) FROM outbox) - ?",
                (self._keep_sent,),
            )

    def depth(self) -> int:
        """How many events wait."""
        return int(self._database.rows("SELECT count(*) FROM outbox WHERE sent = 0")[0][0])

    def oldest(self) -> int:
        """The number of the oldest event that waits; that of the next one when none does."""
        (oldest,) = self._database.rows("SELECT min(seq) FROM outbox WHERE sent = 0")[0]
        if oldest is not None:
            return int(oldest)
        last = self._database.rows("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
        return int(last[0][0]) + 1 if last else 1
