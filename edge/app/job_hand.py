"""What those who carry out jobs hold in hand: time, news of the site, files, and a way to say how it goes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.core.events import Json
from edge.core.jobs import ConfigJob, FileSpec, Job, Step
from edge.errors import DownloadBroken, JobFailed, StoreError, StoreFull
from edge.host.download import download
from edge.host.folder import free_bytes
from edge.host.staged_file import StagedFile
from edge.service.transfer import ChunkTransfer

logger = logging.getLogger(__name__)
POLL_S = 0.1
ATTEMPTS = 8
"""So often in a row a server may fail without a byte more."""
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
NOTHING_S = 3600.0
"""So long no piece may come over MQTT."""
SPARE_BYTES = 64 << 20
"""Room that is left to the door's own records."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Belongs to the thread of the jobs.

    folder: for what is fetched. pause: waits at most so many seconds and takes in what arrived meanwhile;
    raises JobFailed when the job is to end. tell: step, percent. ask: sends a `file.request`; False without
    a session. pieces: sets who gets the pieces of a file.
    """

    folder: Path
    ca_file: Path | None
    max_bytes: int
    monotonic: Callable[[], float]
    pause: Callable[[float], None]
    tell: Callable[[Step, int], None]
    ask: Callable[[dict[str, Json]], bool]
    pieces: Callable[[ChunkTransfer | None], None]

    def fetch(self, spec: FileSpec) -> Path:
        """Fetch a file, or what is missing of it. Returns the whole, checked. Raises JobFailed."""
        if spec.bytes > self.max_bytes:
            raise JobFailed(f"{spec.bytes} bytes are more than ota.max_mb allows", "size")
        staged = StagedFile(self.folder / spec.sha256, sha256=spec.sha256, size=spec.bytes)
        if staged.is_whole:
            return staged.path
        self._tell(staged)
        if free_bytes(self.folder) < spec.bytes - staged.have + SPARE_BYTES:
            raise JobFailed(f"no room for {spec.bytes} bytes; free some", "disk_full")
        try:
            if spec.url is None:
                self._by_pieces(spec, staged)
            else:
                self._over_https(spec.url, staged)
            return staged.finish()
        except StoreFull as error:
            staged.drop()
            raise JobFailed(str(error), "disk_full") from error
        except StoreError as error:
            raise JobFailed(str(error), "download") from error

    def forget(self, job: Job) -> None:
        """Remove what was fetched for a job."""
        if not isinstance(job, ConfigJob):
            spec = job.file
            StagedFile(self.folder / spec.sha256, sha256=spec.sha256, size=spec.bytes).drop()

    def _over_https(self, url: str, staged: StagedFile) -> None:
        failures = 0
        while True:
            had = staged.have

            def progress() -> None:
                self.pause(0.0)
                self._tell(staged)

            try:
                download(url, staged, ca_file=self.ca_file, progress=progress)
            except DownloadBroken as error:
                failures = 1 if staged.have > had else failures + 1
                if failures >= ATTEMPTS:
                    raise JobFailed(str(error), "download") from error
                logger.info("%s", error)
                self.pause(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (failures - 1)))
            else:
                return

    def _by_pieces(self, spec: FileSpec, staged: StagedFile) -> None:
        transfer = ChunkTransfer(spec, staged, self.ask)
        self.pieces(transfer)
        came_at, had = self.monotonic(), staged.have
        try:
            while not transfer.is_whole:
                transfer.tick(self.monotonic())
                self.pause(POLL_S)
                if staged.have != had:
                    came_at, had = self.monotonic(), staged.have
                    self._tell(staged)
                elif self.monotonic() - came_at > NOTHING_S:
                    raise JobFailed("nobody sends the pieces of the file", "download")
        finally:
            self.pieces(None)

    def _tell(self, staged: StagedFile) -> None:
        self.tell(Step.DOWNLOAD, 60 * staged.have // staged.size)
