"""The door leaf as its contact sees it: who opened it, whether it was forced, how long it stands open.

Every function takes the leaf and gives the next one with what is to be reported. All times are
monotonic seconds. A door without a contact stays UNKNOWN and none of these is called.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from edge.core.decision import Receipt
from edge.core.effects import Beep, Effect, Relock, Report

PRE_ALARM = 0.8
"""Part of the time allowed after which an open door beeps."""


class LeafState(StrEnum):
    UNKNOWN = "unknown"
    CLOSED = "closed"
    OPEN_AT_BOOT = "open_at_boot"
    OPEN_AUTH = "open_auth"
    OPEN_EXIT = "open_exit"
    HELD = "held"
    FORCED = "forced"

    @property
    def is_open(self) -> bool:
        return self not in (LeafState.UNKNOWN, LeafState.CLOSED)


_TIMED = (LeafState.OPEN_AT_BOOT, LeafState.OPEN_AUTH, LeafState.OPEN_EXIT)


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which opening is authorized by a grant. was_open: the leaf stood open at the grant."""

    receipt: Receipt
    until: float
    was_open: bool
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """since: when it opened, or the held-open clock was last restarted. forced: the alarm is latched."""

    state: LeafState = LeafState.UNKNOWN
    since: float = 0.0
    beeped: bool = False
    forced: bool = False
    acknowledged: bool = False
    window: Window | None = None
    exit_until: float | None = None

    @property
    def passage_done(self) -> bool:
        """Nobody who was granted still has to open it."""
        return self.window is None or self.window.opened


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What of the rest of the door decides how an opening is judged.

    receipt: of the decision that has the strike unlocked, None when it is locked. kept_open: a
    posture holds the strike. fire: alarms of people leaving are suppressed. held_open_s: how long
    it may stand open.
    """

    receipt: Receipt | None
    kept_open: bool
    fire: bool
    held_open_s: float


def granted(leaf: Leaf, receipt: Receipt, until: float, now: float) -> Leaf:
    """Open the grant window, or extend it to the later end; an open door's clock starts again."""
    if leaf.window is not None:
        until = max(until, leaf.window.until)
    leaf = replace(leaf, window=Window(receipt, until, was_open=leaf.state.is_open))
    return _restart_clock(leaf, now)


def exit_requested(leaf: Leaf, until: float) -> Leaf:
    """Open the window in which someone may leave."""
    return replace(leaf, exit_until=max(until, leaf.exit_until or until))


def cut(leaf: Leaf, until: float) -> Leaf:
    """End the grant window at `until` at the latest: the strike was locked before its deadline."""
    if leaf.window is None:
        return leaf
    return replace(leaf, window=replace(leaf.window, until=min(until, leaf.window.until)))


def read(leaf: Leaf, is_open: bool, around: Surroundings, now: float) -> tuple[Leaf, tuple[Effect, ...]]:
    """Take a debounced reading of the contact; one that changes nothing reports nothing."""
    if leaf.state is LeafState.UNKNOWN:
        state = LeafState.OPEN_AT_BOOT if is_open else LeafState.CLOSED
        return replace(leaf, state=state, since=now), (Report("door.boot_state", {"open": is_open}),)
    if is_open == leaf.state.is_open:
        return leaf, ()
    return _opened(leaf, around, now) if is_open else _closed(leaf, around, now)


def tick(leaf: Leaf, around: Surroundings, now: float) -> tuple[Leaf, tuple[Effect, ...]]:
    """End windows that are over, and beep and raise the held alarm when it has stood open too long."""
    effects: list[Effect] = []
    if leaf.exit_until is not None and now >= leaf.exit_until:
        leaf = replace(leaf, exit_until=None)
    window = leaf.window
    if window is not None and now >= window.until:
        if not window.opened and window.was_open:
            seen = Report("door.entered", {"decision": window.receipt.decision, "already_open": True})
            effects.append(seen)
        elif not window.opened and leaf.state is LeafState.CLOSED:
            effects.append(Report("door.no_entry", {"decision": window.receipt.decision}))
        leaf = replace(leaf, window=None)
    if leaf.state in _TIMED:
        leaf, more = _stands_open(leaf, around, now)
        effects += more
    return leaf, tuple(effects)


def acknowledge(leaf: Leaf) -> tuple[Leaf, tuple[Effect, ...]]:
    """Take an operator's acknowledgement: the latch goes now, or with the closing of the door."""
    if not leaf.forced or leaf.acknowledged:
        return leaf, ()
    still_open = leaf.state is LeafState.FORCED
    return (
        replace(leaf, acknowledged=still_open, forced=still_open),
        (Report("alarm.forced_acknowledged", {"open": still_open}),),
    )


def _opened(leaf: Leaf, around: Surroundings, now: float) -> tuple[Leaf, tuple[Effect, ...]]:
    leaf = replace(leaf, since=now, beeped=False)
    window = leaf.window
    if window is not None and now < window.until and (around.receipt is not None or not window.opened):
        leaf = replace(leaf, state=LeafState.OPEN_AUTH, window=replace(window, opened=True))
        return leaf, (Report("door.entered", {"decision": window.receipt.decision}),)
    if leaf.exit_until is not None and now < leaf.exit_until:
        seen = Report("door.exited", {"cause": "request_to_exit"})
        return replace(leaf, state=LeafState.OPEN_EXIT), (seen,)
    if around.receipt is not None:
        seen = Report("door.entered", {"decision": around.receipt.decision})
        return replace(leaf, state=LeafState.OPEN_AUTH), (seen,)
    if around.fire:
        return replace(leaf, state=LeafState.OPEN_EXIT), (Report("door.exited", {"cause": "fire"}),)
    leaf = replace(leaf, state=LeafState.FORCED, forced=True, acknowledged=False)
    return leaf, (Relock(), Report("alarm.forced"))


def _closed(leaf: Leaf, around: Surroundings, now: float) -> tuple[Leaf, tuple[Effect, ...]]:
    was, leaf = leaf, replace(leaf, state=LeafState.CLOSED, beeped=False)
    if around.receipt is None and was.window is not None and was.window.opened:
        leaf = replace(leaf, window=None)
    if was.state is LeafState.HELD:
        return leaf, (Report("alarm.held_clear", {"open_s": round(now - was.since, 3)}),)
    if was.state is LeafState.FORCED:
        leaf = replace(leaf, forced=not was.acknowledged, acknowledged=False)
        return leaf, (Report("alarm.forced_clear", {"acknowledged": was.acknowledged}),)
    return leaf, ()


def _stands_open(leaf: Leaf, around: Surroundings, now: float) -> tuple[Leaf, tuple[Effect, ...]]:
    if around.kept_open or around.fire:
        return _restart_clock(leaf, now), ()
    open_s = now - leaf.since
    if open_s >= around.held_open_s:
        return replace(leaf, state=LeafState.HELD), (Report("alarm.held", {"open_s": round(open_s, 3)}),)
    if open_s >= PRE_ALARM * around.held_open_s and not leaf.beeped:
        return replace(leaf, beeped=True), (Beep(),)
    return leaf, ()


def _restart_clock(leaf: Leaf, now: float) -> Leaf:
    return replace(leaf, since=now, beeped=False) if leaf.state in _TIMED else leaf
