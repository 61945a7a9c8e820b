"""Bring a copy to where the head of its gallery is, whatever arrives and whatever does not."""

from __future__ import annotations

from collections.abc import Callable

from edge.core.gallery_following import Fit, Next, Step, fit, next_step, resumed
from edge.core.gallery_snapshot import chunk_count
from edge.core.gallery_sync import (
    REQUEST,
    Changing,
    Delta,
    DeltasWanted,
    Have,
    Head,
    Mark,
    SnapshotRef,
    SnapshotWanted,
)
from edge.errors import MessageMalformed, ModelMismatch, RootMismatch, SealBroken, StoreFull
from edge.roster import SyncedGallery
from edge.service.gallery_asking import Asking
from edge.service.gallery_fetch import SnapshotFetch
from edge.service.gallery_line import GalleryLine
from edge.service.gallery_trouble import GalleryTrouble
from edge.service.gallery_upward import Upward, figures

SPREAD_S = 0.5
"""Doors that miss the same delta ask for it within that time."""
STORE_S = 30.0
FULL_S = 600.0
UNTAKEN_S = 300.0
"""After what went wrong it is tried again so much later."""
_NOT_NOW_S = 2.0
_KEPT_EARLY = 16
_SETTLED = ("rows", "snapshot", "store")
_UNTAKEN = (SealBroken, MessageMalformed, ModelMismatch)


class GalleryCourse:
    """Belongs to one thread. Every method may raise StoreError; `fail` is told of it.

    head: the newest one trusted. behind_since: since when something is missing. random: 0..1.
    """

    def __init__(
        self,
        copy: SyncedGallery,
        gallery: str,
        line: GalleryLine,
        upward: Upward,
        trouble: GalleryTrouble,
        *,
        monotonic: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._copy = copy
        self._line = line
        self._upward = upward
        self._trouble = trouble
        self._monotonic = monotonic
        self._fetch = SnapshotFetch(copy, gallery, line, random)
        self._asking = Asking(random)
        self._is_forked = False
        self._failed_at = Mark(0, 0)
        self._early: dict[int, Delta] = {}
        self._replacing_since: float | None = None
        self._not_before = float("-inf")
        self.head: Head | None = None
        self.behind_since: float | None = None

    def take_delta(self, delta: Delta, now: float) -> None:
        """Apply it, keep it, or let it at least refuse whom it refuses."""
        if self._replacing_since is not None or self._copy.changing() is not None:
            self._deny(delta)
            return
        match fit(self._copy.have(), delta):
            case Fit.STALE:
                return
            case Fit.APPLIES:
                self._apply(delta, now)
            case Fit.EARLY:
                self._deny(delta)
                if len(self._early) < _KEPT_EARLY:
                    self._early[delta.from_version] = delta
            case Fit.FORKED:
                self._deny(delta)
                self._fork(delta, f"delta to version {delta.to_version} begins with other rows than these")
        self.plan(now)

    def take_chunk(self, name: str, index: int, payload: bytes, now: float) -> None:
        """Raises MessageMalformed."""
        if self._fetch.receive(name, index, payload, now):
            self.plan(now)

    def tick(self, now: float) -> float | None:
        """Do what needs no hub. Returns when to be called again, in seconds, where there is more to do."""
        if self._replacing_since is None and now >= self._not_before:
            if self._upward.figures is None:
                self._note(self._copy.have())
            self.plan(now)
        return None if self._replacing_since is None else self._step(now)

    def speak(self, now: float) -> None:
        """Ask and answer what is due."""
        if self._replacing_since is not None:
            return
        if self._asking.due is not None and now >= self._asking.due:
            self._ask(now)
        self._fetch.tick(now)
        have = self._copy.have()
        if self.head is not None and self._copy.changing() is None:
            self._upward.ack(have)
        self._upward.tick(now, have)

    def begin_anew(self, now: float, within_s: float) -> None:
        """What was asked may never be answered: ask and answer again."""
        self._upward.forget_acks()
        for asking in (self._asking, self._fetch.asking):
            if asking.due is not None:
                asking.done()
                asking.soon(now, within_s)

    def fail(self, error: Exception, now: float) -> None:
        """The store fails: the disk is left to the door for a while."""
        self._trouble.note("store", str(error))
        wait_s = STORE_S
        if isinstance(error, StoreFull):
            wait_s = FULL_S
            if self._replacing_since is None:
                self._fetch.drop()
        self._stop_replacing(now, wait_s)
        self._asking.later(now, wait_s)

    def take_head(self, head: Head, now: float) -> None:
        """Follow this one from now on."""
        self.head = head
        if self._fetch.is_given_up:
            self._fetch.forget()
        if self._asking.tries > 1:
            # The hub speaks again.
            self._asking.done()
        self.plan(now)

    def plan(self, now: float) -> None:
        """Find out what is missing, and see that it is asked for."""
        if self._replacing_since is not None or self._begin_replacing(now) or self.head is None:
            return
        have = self._copy.have()
        step = self._missing(have, self.head)
        match step:
            case Next.UP_TO_DATE:
                if have.mark >= self._failed_at:
                    self._arrive(have)
            case Next.ADOPT:
                self._arrive(self._copy.adopt(self.head))
            case Next.AHEAD:
                # A head may come after the delta that leads to it; it does not stay away.
                self.behind_since = None
            case SnapshotRef():
                self._asking.done()
                self._fetch.aim(self._best_target(Changing(self.head.epoch, step), self.head, have), now)
            case DeltasWanted() | SnapshotWanted():
                if self._fetch.target is None or self._fetch.is_given_up:
                    self._asking.soon(now, SPREAD_S)
        if not isinstance(step, Next) and self.behind_since is None:
            self.behind_since = now

    def _missing(self, have: Have, head: Head) -> Step:
        changing = self._copy.changing()
        if changing is not None:
            step = resumed(have, head, changing)
        else:
            # Deltas that nobody sends may be there no longer, and a snapshot neither.
            step = next_step(have, head, by_deltas=not self._is_forked and self._asking.tries <= 1)
        if isinstance(step, SnapshotRef) and self._fetch.is_given_up:
            return SnapshotWanted(head.gallery, have.epoch, have.version)
        return step

    def _apply(self, delta: Delta, now: float) -> None:
        """Apply it, and those that waited for it."""
        following: Delta | None = delta
        while following is not None:
            try:
                have = self._copy.apply(following)
            except RootMismatch as error:
                self._deny(following)
                self._fork(following, str(error))
                return
            except StoreFull:
                self._deny(following)
                raise
            except _UNTAKEN as error:
                self._deny(following)
                self._failed_at = following.mark
                self._trouble.note("rows", str(error))
                self._asking.later(now, UNTAKEN_S)
                return
            self._note(have)
            self._trouble.note("rows", None)
            self._asking.done()
            self._upward.ack(have, self._monotonic() - now)
            following = self._early.pop(have.version, None)
            if following is not None and fit(have, following) is not Fit.APPLIES:
                return

    def _deny(self, delta: Delta) -> None:
        """What cannot be applied yet, or not at all, counts where it refuses somebody."""
        if delta.denied:
            self._copy.deny(delta.denied, delta.mark)

    def _fork(self, delta: Delta, reason: str) -> None:
        """Deltas lead no further."""
        self._is_forked = True
        self._failed_at = delta.mark
        self._early.clear()
        self._trouble.note("root", reason)

    def _best_target(self, target: Changing, head: Head, have: Have) -> Changing:
        """What is being fetched already, as long as it comes and deltas lead on from there."""
        current = self._fetch.target
        if (
            current is None
            or self._fetch.is_given_up
            or current.epoch != head.epoch
            or not have.mark <= current.mark <= target.mark
            or current.ref.version < head.min_delta
        ):
            return target
        return current

    def _begin_replacing(self, now: float) -> bool:
        """Take up the snapshot that is here whole, if there is one."""
        target = self._fetch.target or self._copy.changing()
        if target is None or now < self._not_before:
            return False
        if self._copy.staged(target.ref) < chunk_count(target.ref.bytes):
            return False
        self._copy.replace(target)
        self._replacing_since = now
        return True

    def _step(self, now: float) -> float:
        try:
            pause = self._copy.step()
        except (RootMismatch, MessageMalformed) as error:
            self._trouble.note("snapshot", str(error))
            self._stop_replacing(now, UNTAKEN_S)
        except (SealBroken, ModelMismatch) as error:
            self._trouble.note("rows", str(error))
            self._stop_replacing(now, UNTAKEN_S)
        else:
            if pause is not None:
                return pause
            assert self._replacing_since is not None
            began, self._replacing_since = self._replacing_since, None
            self._fetch.drop()
            for kind in ("rows", "snapshot"):
                self._trouble.note(kind, None)
            have = self._copy.have()
            self._note(have)
            self._upward.ack(have, self._monotonic() - began)
            self.plan(now)
        return 0.0

    def _stop_replacing(self, now: float, wait_s: float) -> None:
        self._replacing_since = None
        self._not_before = now + wait_s
        self._fetch.asking.later(now, wait_s)

    def _arrive(self, have: Have) -> None:
        """There is nothing that is missing."""
        self._fetch.drop()
        self._asking.done()
        self._early = {start: delta for start, delta in self._early.items() if start >= have.version}
        self.behind_since = None
        for kind in _SETTLED:
            self._trouble.note(kind, None)
        self._note(have)

    def _ask(self, now: float) -> None:
        step = Next.UP_TO_DATE if self.head is None else self._missing(self._copy.have(), self.head)
        if isinstance(step, Next | SnapshotRef):
            self._asking.done()
            self.plan(now)
        elif self._line.say(self._line.request, REQUEST, step.body()):
            self._asking.asked(now)
        else:
            self._asking.later(now, _NOT_NOW_S)

    def _note(self, have: Have) -> None:
        """Remember where the copy is."""
        if self._is_forked and have.mark >= self._failed_at:
            self._is_forked = False
            self._trouble.note("root", None)
        self._upward.figures = figures(have)
