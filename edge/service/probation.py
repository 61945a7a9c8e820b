"""Watch over something on trial: is the device well with it, and what is to be done about it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.core import trial_run
from edge.core.trial_run import Decision, Terms, TrialRun


@dataclass(frozen=True, slots=True)
class Verdict:
    """decision: what to do now. reason: why a candidate is taken back, in one line; else empty."""

    decision: Decision
    reason: str = ""


class Probation:
    """One trial within one start of the daemon. run: begun already, and stored as such."""

    def __init__(self, run: TrialRun, terms: Terms) -> None:
        self._run = run
        self._terms = terms

    @property
    def run(self) -> TrialRun:
        return self._run

    def look(self, now: float, *, is_ready: bool, troubles: Mapping[str, str]) -> Verdict:
        """Take one look at the device; call it about once a second.

        now: monotonic seconds. troubles: why each part in trouble is, by its name.
        """
        self._run = trial_run.look(self._run, now, is_ready=is_ready, troubles=frozenset(troubles))
        decision = trial_run.decide(self._run, now, self._terms)
        if decision is not Decision.ROLL_BACK:
            return Verdict(decision)
        return Verdict(decision, self._why(is_ready, troubles))

    def _why(self, is_ready: bool, troubles: Mapping[str, str]) -> str:
        if self._run.starts > self._terms.starts:
            return f"it ended {self._terms.starts} times before it had proved itself"
        if not is_ready:
            return f"it was not ready within {self._terms.patience_s:g} s"
        new = [f"{name}: {why}" for name, why in sorted(troubles.items()) if name not in self._run.excused]
        return new[0] if new else f"it was not well within {self._terms.patience_s:g} s"
