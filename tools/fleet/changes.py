"""What a virtual door makes of settings and jobs: it takes them over after a while, or fails at random."""

from __future__ import annotations

import random
from collections.abc import Callable

from edge.app.voice import Voice
from edge.core.config_document import ConfigState, Reported, read_desired
from edge.core.envelope import Envelope
from edge.core.jobs import JobStatus, JobUpdate, Step, job_id
from edge.errors import MessageMalformed
from edge.mqtt.topics import Topics
from edge.ports import Message

_TAKES_S = (0.2, 2.0)


class Changes:
    """opened: the envelope of a message of that type, None when it does not count. failing: share of the jobs
    that fail."""

    def __init__(
        self,
        topics: Topics,
        voice: Voice,
        opened: Callable[[Message, str], Envelope | None],
        later: Callable[[float, Callable[[], object]], None],
        failing: float,
    ) -> None:
        self._topics = topics
        self._voice = voice
        self._opened = opened
        self._later = later
        self._failing = failing
        self._done: set[str] = set()

    def receive(self, message: Message) -> None:
        if not message.payload:
            return
        try:
            if message.topic == self._topics.config_desired:
                self._configure(message)
            else:
                self._work(message)
        except MessageMalformed:
            return

    def _configure(self, message: Message) -> None:
        received = self._opened(message, "config.desired")
        if received is None:
            return
        wanted = read_desired(received.body)
        told = Reported(
            wanted.version,
            wanted.hash,
            ConfigState.APPLIED,
            running_version=wanted.version,
            running_hash=wanted.hash,
        )
        self._later(
            random.uniform(*_TAKES_S),
            lambda: self._voice.say(
                self._topics.config_reported, "config.reported", told.body(), retain=True
            ),
        )

    def _work(self, message: Message) -> None:
        received = self._opened(message, "job.next")
        if received is None:
            return
        job = job_id(received.body)
        if job in self._done:
            return
        self._done.add(job)
        kind = str(received.body.get("kind"))
        self._say(job, kind, JobStatus.ACCEPTED, Step.DOWNLOAD, 0)
        failed = random.random() < self._failing
        end = JobStatus.FAILED if failed else JobStatus.SUCCEEDED
        self._later(random.uniform(*_TAKES_S), lambda: self._say(job, kind, end, Step.DONE, 100, failed))

    def _say(
        self, job: str, kind: str, status: JobStatus, step: Step, percent: int, failed: bool = False
    ) -> None:
        update = JobUpdate(job, kind, status, step, percent, "unhealthy" if failed else "")
        self._voice.say(self._topics.job_update(job), "job.update", update.body())
