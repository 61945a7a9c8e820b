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

    def look(self, now: float, troubles: Mapping[str, str]) -> Verdict:
        """Take one look at the device; call it about once a second, from when everything has started.

        now: monotonic seconds. troubles: why each part in trouble is, by its name.
        """
        self._run = trial_run.look(self._run, now, frozenset(troubles))
        decision = trial_run.decide(self._run, now, self._terms)
        if decision is not Decision.ROLL_BACK:
            return Verdict(decision)
        return Verdict(decision, self._why(troubles))

    def at_start(self) -> Verdict:
        """What the number of starts alone says."""
        decision = trial_run.decide(self._run, 0.0, self._terms)
        why = f"it ended {self._terms.starts} times before it had proved itself"
        return Verdict(decision, why if decision is Decision.ROLL_BACK else "")

    def _why(self, troubles: Mapping[str, str]) -> str:
        new = [f"{name}: {why}" for name, why in sorted(troubles.items()) if name not in self._run.excused]
        return new[0] if new else f"it was not well within {self._terms.patience_s:g} s"
