"""Take the jobs of the site, one at a time, and tell the site how they go."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from edge.app.documents import Documents
from edge.app.job_log import JobLog
from edge.core.events import Json
from edge.core.jobs import Job, JobKind, JobStatus, JobUpdate, Step, job_id, read_job
from edge.errors import JobFailed, MessageMalformed, StoreError
from edge.ports import Message
from edge.service.transfer import ChunkTransfer

logger = logging.getLogger(__name__)
NEXT = "job.next"
PIECES = 64
"""Messages that wait; four windows of pieces."""
WAITING = PIECES + 16
"""With jobs, which nobody asks for again."""
BEAT_S = 0.5
STALE_S = 120.0
"""To open all networks twice takes its time on a slow board."""
_TELL_EVERY = 5
"""Percent."""
_CANCELABLE = (Step.DOWNLOAD, Step.CHECK, Step.SHADOW)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A job that came. body: as that of `job.next`. made: when its document was; None for a command, of which
    a repeat is known."""

    body: dict[str, Json]
    made: datetime | None = None


class JobDesk:
    """Has its own thread; `put`, `order` and `on_link` may be called from any.

    publish: sends how a job goes; False when there is no session. next_topic: that of jobs; all others are of
    pieces. monotonic: seconds. utc: None while the clock cannot be trusted. work: does a job to its end;
    raises JobFailed.
    """

    def __init__(
        self,
        *,
        log: JobLog,
        documents: Documents,
        publish: Callable[[JobUpdate], bool],
        audit: Callable[[str, dict[str, Json]], None],
        next_topic: str,
        monotonic: Callable[[], float],
        utc: Callable[[], datetime | None],
        work: Callable[[Job], dict[str, Json]],
    ) -> None:
        self._log = log
        self._documents = documents
        self._publish = publish
        self._audit = audit
        self._next_topic = next_topic
        self._monotonic = monotonic
        self._utc = utc
        self._work = work
        self._arrived: queue.Queue[Message | Ordered] = queue.Queue(WAITING)
        self._waiting: Ordered | None = None
        self._pieces: ChunkTransfer | None = None
        self._now: JobUpdate | None = None
        self._owed: JobUpdate | None = log.last
        self._is_cancelled = False
        self._relink = threading.Event()
        self._beat: Callable[[], None] = lambda: None
        self.stop = threading.Event()

    def put(self, message: Message) -> None:
        """Take a message, on the bus's thread. A piece of a file that finds no room is asked for again."""
        is_piece = message.topic != self._next_topic
        if is_piece and (message.retain or self._arrived.qsize() >= PIECES):
            logger.debug("a piece of a file is passed over")
            return
        try:
            self._arrived.put_nowait(message)
        except queue.Full:
            logger.warning("a message about jobs is passed over: %d wait", WAITING)

    def order(self, body: dict[str, Json]) -> bool:
        """Take a job that a command brought. False when too much waits."""
        try:
            self._arrived.put_nowait(Ordered(body))
        except queue.Full:
            return False
        return True

    def on_link(self, up: bool) -> None:
        """A session began or ended."""
        if up:
            self._relink.set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Do jobs until `stop` is set."""
        self.stop, self._beat = stop, beat
        while not stop.is_set():
            beat()
            job = self._log.current
            if job is None and self._waiting is not None:
                job, self._waiting = self._begin(self._waiting), None
            if job is None:
                self._take_in(BEAT_S)
            else:
                self._do(job)

    def pause(self, seconds: float) -> None:
        """Give others their turn in the midst of a job; on its thread. Raises JobFailed to end the job."""
        self._beat()
        self._take_in(seconds)
        if self.stop.is_set():
            raise JobFailed("the daemon stops", "interrupted")
        if self._is_cancelled and self._now is not None and self._now.step in _CANCELABLE:
            raise JobFailed("the site took the job back", "cancelled")

    def tell(self, step: Step, percent: int) -> None:
        """Say how far the job is, now and then."""
        now = self._now
        is_news = now is None or now.status is not JobStatus.IN_PROGRESS or now.step is not step
        if now is None or not (is_news or percent - now.percent >= _TELL_EVERY):
            return
        self._say(replace(now, status=JobStatus.IN_PROGRESS, step=step, percent=percent))

    def hear_pieces(self, transfer: ChunkTransfer | None) -> None:
        self._pieces = transfer

    def _do(self, job: Job) -> None:
        self._is_cancelled = False
        if self._now is None or self._now.job != job.id:
            # Begun by an earlier start, which told of that.
            self._now = JobUpdate(job.id, job.kind.value, JobStatus.ACCEPTED, Step.DOWNLOAD)
        try:
            figures = self._work(job)
        except JobFailed as failed:
            if failed.reason == "interrupted":
                return
            logger.warning("job %s failed: %s", job.id, failed)
            detail: dict[str, Json] = {"text": str(failed)}
            update = replace(self._told, status=JobStatus.FAILED, reason=failed.reason, detail=detail)
        else:
            logger.info("job %s is done", job.id)
            update = replace(
                self._told, status=JobStatus.SUCCEEDED, step=Step.DONE, percent=100, detail=figures
            )
        self._finish(update)

    @property
    def _told(self) -> JobUpdate:
        assert self._now is not None
        return self._now

    def _begin(self, ordered: Ordered) -> Job | None:
        try:
            job = self._log.begin(ordered.body, ordered.made)
        except StoreError as error:
            logger.warning("a job waits: %s", error)
            return None
        self._audit("audit.job_begun", {"job": job.id, "kind": job.kind.value})
        self._say(JobUpdate(job.id, job.kind.value, JobStatus.ACCEPTED, Step.DOWNLOAD))
        return job

    def _finish(self, update: JobUpdate) -> None:
        while True:
            try:
                self._log.finish(update)
                break
            except StoreError as error:
                # What is not noted would be done again.
                logger.warning("how job %s ended cannot be stored yet: %s", update.job, error)
                self._take_in(BEAT_S)
                if self.stop.is_set():
                    return
        body: dict[str, Json] = {"job": update.job, "status": update.status.value, "reason": update.reason}
        self._audit("audit.job_ended", body)
        self._say(update)

    def _say(self, update: JobUpdate) -> None:
        self._now = update
        self._owed = None if self._publish(update) else update

    def _take_in(self, seconds: float) -> None:
        """Wait for news, take in all there is, and say what could not be said before."""
        if self._relink.is_set():
            self._relink.clear()
            self._owed = self._now or self._log.last
        if self._owed is not None and self._publish(self._owed):
            self._owed = None
        try:
            self._receive(self._arrived.get(timeout=seconds) if seconds > 0 else self._arrived.get_nowait())
            while True:
                self._receive(self._arrived.get_nowait())
        except queue.Empty:
            return

    def _receive(self, news: Message | Ordered) -> None:
        if isinstance(news, Ordered):
            self._ordered(news)
        elif news.topic == self._next_topic:
            self._next(news)
        elif self._pieces is not None:
            *_, transfer, index = news.topic.split("/")
            if transfer == self._pieces.id and index.isdecimal():
                self._pieces.handle(int(index), news.payload, self._monotonic())

    def _next(self, message: Message) -> None:
        if not message.payload:
            self._waiting, self._is_cancelled = None, True
            return
        received = self._documents.open(message, NEXT)
        if received is not None:
            # A clock that runs ahead must not shut out what is made later.
            now = self._utc()
            self._ordered(Ordered(received.body, received.ts if now is None else min(received.ts, now)))

    def _ordered(self, ordered: Ordered) -> None:
        try:
            identifier = job_id(ordered.body)
        except MessageMalformed as error:
            logger.warning("refused a job: %s", error)
            return
        current = self._log.current
        if (ended := self._log.done(identifier)) is not None:
            self._publish(ended)
        elif current is not None and current.id == identifier:
            self._is_cancelled = False
        elif ordered.made is not None and self._log.is_old(ordered.made):
            self._reject(identifier, ordered, "stale", "its document is older than that of another job")
        else:
            self._admit(identifier, ordered)

    def _admit(self, identifier: str, ordered: Ordered) -> None:
        try:
            read_job(ordered.body)
        except MessageMalformed as error:
            self._reject(identifier, ordered, "malformed", str(error))
        else:
            self._waiting = ordered

    def _reject(self, identifier: str, ordered: Ordered, reason: str, text: str) -> None:
        kind = ordered.body.get("kind")
        told = str(kind) if kind in set(JobKind) else "unknown"
        logger.warning("refused job %s: %s", identifier, text)
        self._publish(JobUpdate(identifier, told, JobStatus.REJECTED, Step.CHECK, 0, reason, {"text": text}))
