"""What the controller's thread does now and then: tell of a gallery in trouble, forget what is too old."""

from __future__ import annotations

import logging
from datetime import timedelta

from edge.app.following import GalleryFollower
from edge.app.trust import TRUSTED_TIME
from edge.core.envelope import to_timestamp
from edge.errors import StoreError
from edge.service.access import Controller
from edge.service.reporting import Clocks
from edge.store.journal import Journal

logger = logging.getLogger(__name__)
PRUNING_S = 86_400.0
AGAIN_S = 600.0


class Housekeeping:
    """A store in trouble is reported and tried again later; it never ends the daemon.

    keep_days: how long decisions and answered command ids are kept.
    """

    def __init__(
        self,
        controller: Controller,
        journal: Journal,
        follower: GalleryFollower,
        *,
        clocks: Clocks,
        keep_days: int,
    ) -> None:
        self._controller = controller
        self._journal = journal
        self._follower = follower
        self._clocks = clocks
        self._keep = timedelta(days=keep_days)
        self._prune_at = float("-inf")

    def run(self) -> None:
        """Do what is due; cheap when nothing is."""
        self._controller.reporter.trouble("gallery", self._follower.trouble)
        # Deleting takes a while, and a relock must not wait for it.
        if not self._controller.door.is_unlocked and self._clocks.is_set():
            self._prune()

    def _has_gone_back(self) -> bool:
        """Whether a clock that was ahead has had ids forgotten of commands that are made only now."""
        forgotten = self._journal.forgotten()
        return forgotten is not None and self._clocks.utc() < forgotten

    def _prune(self) -> None:
        now = self._clocks.monotonic()
        if now < self._prune_at and not self._has_gone_back():
            return
        self._prune_at = now + PRUNING_S
        utc = self._clocks.utc()
        try:
            # First, and durably: what was made before all that is forgotten now must not pass for fresh when
            # the time is lost.
            self._journal.save_state(TRUSTED_TIME, to_timestamp(utc))
            self._journal.prune(utc - self._keep, now=utc)
        except StoreError as error:
            self._prune_at = now + AGAIN_S
            logger.warning("old decisions are kept for now: %s", error)
