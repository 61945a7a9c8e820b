"""What a bench says of many times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. count: how many were measured; nothing that did not happen is in it."""

    count: int
    p50: float
    p99: float
    max: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        """Raises ValueError for none."""
        if not seconds:
            raise ValueError("nothing was measured")
        ordered = sorted(seconds)
        return cls(len(ordered), _at(ordered, 0.5), _at(ordered, 0.99), ordered[-1])

    def as_json(self) -> dict[str, object]:
        return {
            "count": self.count,
            "p50_s": round(self.p50, 3),
            "p99_s": round(self.p99, 3),
            "max_s": round(self.max, 3),
        }


def _at(ordered: Sequence[float], share: float) -> float:
    """The smallest that at least that share is not above: the nearest rank."""
    rank = -(-len(ordered) * share // 1)
    return ordered[max(0, min(len(ordered), int(rank)) - 1)]
