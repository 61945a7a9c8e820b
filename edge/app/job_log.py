"""Which job a device is at, and which it has done: each at most once, and on after a power cut."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from pathlib import Path

from edge.core.envelope import to_timestamp
from edge.core.events import Json
from edge.core.jobs import Job, JobUpdate, read_job, read_update
from edge.errors import MessageMalformed
from edge.whole_file import write_whole

logger = logging.getLogger(__name__)
REMEMBERED = 100


class JobLog:
    """Belongs to one thread. file: small, written as a whole."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._done: dict[str, JobUpdate] = {}
        self._current: dict[str, Json] | None = None
        self._newest = ""
        self._read()

    @property
    def current(self) -> Job | None:
        """The job that was begun and is not done."""
        return None if self._current is None else read_job(self._current)

    @property
    def last(self) -> JobUpdate | None:
        """How the last job that is done ended."""
        return next(reversed(self._done.values()), None)

    def done(self, job: str) -> JobUpdate | None:
        """How a job ended; None when it is not known here."""
        return self._done.get(job)

    def is_old(self, made: datetime) -> bool:
        """Whether a document was made before one that was taken; it may be a repeat that is forgotten."""
        return to_timestamp(made) < self._newest

    def begin(self, body: dict[str, Json], made: datetime | None = None) -> Job:
        """Take a job on. made: when its document was, if it came by one.

        Raises StoreError, MessageMalformed.
        """
        job = read_job(body)
        newest = self._newest if made is None else max(self._newest, to_timestamp(made))
        self._write(body, self._done, newest)
        return job

    def finish(self, update: JobUpdate) -> None:
        """Note how a job ended; a current one of that id is done. Raises StoreError."""
        done = {**self._done, update.job: update}
        kept = dict(list(done.items())[-REMEMBERED:])
        is_current = self._current is not None and self._current["job"] == update.job
        self._write(None if is_current else self._current, kept, self._newest)

    def _write(self, current: dict[str, Json] | None, done: dict[str, JobUpdate], newest: str) -> None:
        updates = [update.body() for update in done.values()]
        table = {"current": current, "done": updates, "newest": newest}
        write_whole(self._file, json.dumps(table).encode())
        self._current, self._done, self._newest = current, done, newest

    def _read(self) -> None:
        try:
            table = json.loads(self._file.read_text("utf-8"))
            updates = [read_update(body) for body in table["done"]]
            current, newest = table["current"], str(table["newest"])
            if current is not None:
                read_job(current)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError, MessageMalformed) as error:
            logger.warning("which jobs were done cannot be read: %s", error)
            return
        self._done = {update.job: update for update in updates}
        self._current, self._newest = current, newest
