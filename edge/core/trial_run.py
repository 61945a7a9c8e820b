"""Something new on trial: a configuration, a model or a software that must prove itself, or is taken back.

Within one start of the daemon time is monotonic; across starts only their number counts, so that a wall clock
that is wrong or jumps decides nothing. What `to_text` writes survives a crash at any point: whoever reads it
back has a run that has not begun, and counts the start by `begin`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum

from edge.errors import MessageMalformed


class Decision(StrEnum):
    KEEP_TRYING = "keep_trying"
    CONFIRM = "confirm"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Terms:
    """healthy_s: how long in a row all must be well. patience_s: what is not well that long after the first
    look is given up, so that everything is decided within the sum of both. starts: how many it may take."""

    healthy_s: float = 60.0
    patience_s: float = 60.0
    starts: int = 2


@dataclass(frozen=True, slots=True)
class TrialRun:
    """candidate: what is on trial. previous: what to go back to; empty where there was nothing. excused: the
    parts of the device that were in trouble before, which is not held against the candidate. starts: how
    often it was started, this time included. began_at: the first look at it in this start. healthy_since:
    since when all is well. Both in monotonic seconds."""

    candidate: str
    previous: str
    excused: frozenset[str] = frozenset()
    starts: int = 0
    began_at: float | None = None
    healthy_since: float | None = None


def begin(run: TrialRun) -> TrialRun:
    """Count one more start. Store the result before anything of the candidate is used."""
    return replace(run, starts=run.starts + 1, began_at=None, healthy_since=None)


def excuse(run: TrialRun) -> TrialRun:
    """The start ended by order, and not through the candidate: it does not count."""
    return replace(run, starts=max(0, run.starts - 1), began_at=None, healthy_since=None)


def look(run: TrialRun, now: float, troubles: frozenset[str]) -> TrialRun:
    """Take one look at the device, once everything of it has started. troubles: the parts in trouble.

    What never starts is ended by the service manager, and counts as a start.
    """
    run = replace(run, began_at=now) if run.began_at is None else run
    if troubles - run.excused:
        return replace(run, healthy_since=None)
    return run if run.healthy_since is not None else replace(run, healthy_since=now)


def decide(run: TrialRun, now: float, terms: Terms) -> Decision:
    """What to do with the candidate now."""
    if run.starts > terms.starts:
        return Decision.ROLL_BACK
    if run.began_at is None:
        return Decision.KEEP_TRYING
    unwell_until = now if run.healthy_since is None else run.healthy_since
    if unwell_until - run.began_at >= terms.patience_s:
        return Decision.ROLL_BACK
    is_proven = run.healthy_since is not None and now - run.healthy_since >= terms.healthy_s
    return Decision.CONFIRM if is_proven else Decision.KEEP_TRYING


def to_text(run: TrialRun) -> str:
    """What has to outlive this start, as JSON."""
    kept = {
        "candidate": run.candidate,
        "previous": run.previous,
        "excused": sorted(run.excused),
        "starts": run.starts,
    }
    return json.dumps(kept, separators=(",", ":"), sort_keys=True)


def from_text(text: str) -> TrialRun:
    """Read what `to_text` wrote. Raises MessageMalformed."""
    try:
        kept = json.loads(text)
        candidate, previous, excused, starts = (
            kept[key] for key in ("candidate", "previous", "excused", "starts")
        )
        is_right = (
            isinstance(candidate, str)
            and isinstance(previous, str)
            and isinstance(excused, list)
            and all(isinstance(name, str) for name in excused)
            and type(starts) is int
            and starts >= 0
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MessageMalformed(f"the note of a trial cannot be read ({error}); remove it") from error
    if not is_right:
        raise MessageMalformed("the note of a trial holds values of the wrong type; remove it")
    return TrialRun(candidate, previous, frozenset(excused), starts)
