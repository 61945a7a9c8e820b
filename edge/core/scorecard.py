"""What a liveness model is known to stop: its error rates by type of attack, with their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.core.pad_metrics import Interval


@dataclass(frozen=True, slots=True)
class AttackRow:
    """One type of attack ("print", "screen" …). apcer: 0..1; interval: of 95 % confidence."""

    type: str
    attacks: int
    apcer: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class LiveRow:
    """Living people. bpcer: 0..1; interval: of 95 % confidence."""

    live: int
    bpcer: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The rates at the shipped threshold. method: how they were measured, for people to read."""

    method: str
    attacks: tuple[AttackRow, ...]
    live: LiveRow

    def __str__(self) -> str:
        """In a line: print APCER 0.176 (0.114-0.254) …, BPCER 0.167 (0.145-0.190)."""
        rates = [f"{row.type} APCER {_rate(row.apcer, row.interval)}" for row in self.attacks]
        return ", ".join([*rates, f"BPCER {_rate(self.live.bpcer, self.live.interval)}"])


def read_scorecard(table: Mapping[str, object]) -> Scorecard:
    """Make a scorecard of the table `scorecard` of a manifest.

    Raises KeyError for what is missing, TypeError and ValueError for what is wrong, naming it.
    """
    rows = table["attack"]
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise TypeError("scorecard.attack must be a list of at least one table")
    attacks = tuple(_attack(row) for row in rows)
    types = [row.type for row in attacks]
    if len(set(types)) < len(types):
        raise ValueError(f"scorecard.attack names a type twice: {', '.join(types)}")
    live = table["live"]
    if not isinstance(live, dict):
        raise TypeError("scorecard.live is not a table")
    counted = _count(live, "live")
    return Scorecard(_text(table, "method"), attacks, LiveRow(counted, *_measured(live, "bpcer")))


def _attack(row: Mapping[str, object]) -> AttackRow:
    return AttackRow(_text(row, "type"), _count(row, "attacks"), *_measured(row, "apcer"))


def _measured(row: Mapping[str, object], name: str) -> tuple[float, Interval]:
    rate, low, high = (_number(row, key) for key in (name, f"{name}_low", f"{name}_high"))
    if not 0.0 <= low <= rate <= high <= 1.0:
        raise ValueError(
            f"scorecard: {name} {rate:g} from {low:g} to {high:g}; 0 <= low <= rate <= high <= 1 is needed"
        )
    return rate, Interval(low, high)


def _number(row: Mapping[str, object], key: str) -> float:
    value = row[key]
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"scorecard: {key} {value!r} is not a number")
    return float(value)


def _count(row: Mapping[str, object], key: str) -> int:
    value = row[key]
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"scorecard: {key} {value!r} is not a positive integer")
    return value


def _text(row: Mapping[str, object], key: str) -> str:
    value = row[key]
    if not isinstance(value, str) or not value:
        raise ValueError(f"scorecard: {key} {value!r} is not a text")
    return value


def _rate(rate: float, interval: Interval) -> str:
    return f"{rate:.3f} ({interval.low:.3f}-{interval.high:.3f})"
