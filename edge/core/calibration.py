"""How often two different people look this alike: similarity thresholds from measured impostor pairs."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FarCurve:
    """The measured false match rate of an embedding.

    similarities: cosine, strictly rising. rates: the share of impostor pairs at or above that
    similarity, strictly falling, 0 < rate <= 1. At least two points. Raises ValueError otherwise.
    """

    similarities: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.similarities) != len(self.rates) or len(self.rates) < 2:
            raise ValueError("a FAR curve needs at least two points, each a similarity and a rate")
        if any(b <= a for a, b in zip(self.similarities, self.similarities[1:], strict=False)):
            raise ValueError("the similarities of a FAR curve must rise")
        if any(b >= a for a, b in zip(self.rates, self.rates[1:], strict=False)):
            raise ValueError("the rates of a FAR curve must fall")
        if not (self.rates[-1] > 0.0 and self.rates[0] <= 1.0):
            raise ValueError("the rates of a FAR curve must lie in 0..1, 0 excluded")

    def fmr_at(self, similarity: float) -> float:
        """The expected false match rate of one comparison at this similarity, 0 < rate <= 1.

        Between points log-linear. Above the last point the slope of the flattest piece of the
        upper half goes on: impostor tails fall faster than that, so the rate is overstated,
        never understated. Below the first point the first rate rises to 1 by the first slope.
        """
        x, y = self.similarities, self.rates
        if similarity >= x[-1]:
            return y[-1] * 10 ** (-self._tail_slope() * (similarity - x[-1]))
        i = max(1, bisect_left(x, similarity))
        share = (similarity - x[i - 1]) / (x[i] - x[i - 1])
        log = math.log10(y[i - 1]) + share * (math.log10(y[i]) - math.log10(y[i - 1]))
        return min(1.0, 10**log)

    def similarity_at(self, rate: float) -> float:
        """The similarity at which the false match rate of one comparison is `rate`.

        May exceed 1 for a rate far below what was measured: then no comparison reaches it, and
        the answer is always no. Raises ValueError unless 0 < rate <= 1.
        """
        if not 0.0 < rate <= 1.0:
            raise ValueError(f"a false match rate of {rate} is not within 0..1, 0 excluded")
        x, y = self.similarities, self.rates
        if rate < y[-1]:
            return x[-1] + math.log10(y[-1] / rate) / self._tail_slope()
        falling = [-r for r in y]
        i = min(max(1, bisect_left(falling, -rate)), len(y) - 1)
        share = (math.log10(rate) - math.log10(y[i - 1])) / (math.log10(y[i]) - math.log10(y[i - 1]))
        return x[i - 1] + share * (x[i] - x[i - 1])

    def _tail_slope(self) -> float:
        """Decades of rate per unit of similarity above the last point: the flattest recent slope."""
        x, y = self.similarities, self.rates
        first = max(1, len(x) // 2)
        slopes = (math.log10(y[i - 1] / y[i]) / (x[i] - x[i - 1]) for i in range(first, len(x)))
        return min(slopes)


def threshold_for(curve: FarCurve, far: float, comparisons: int = 1) -> float:
    """The similarity a match must reach so that a stranger passes with probability `far` at most.

    comparisons: how many templates the stranger is compared with; each gets far / comparisons.
    Raises ValueError unless 0 < far <= 1 and comparisons >= 1.
    """
    if comparisons < 1:
        raise ValueError(f"{comparisons} comparisons; at least one is made")
    return curve.similarity_at(far / comparisons)


def false_accept_rate(curve: FarCurve, similarity: float, comparisons: int = 1) -> float:
    """The probability, 0..1, that a stranger reaches `similarity` with any of so many templates."""
    if comparisons < 1:
        raise ValueError(f"{comparisons} comparisons; at least one is made")
    return -math.expm1(comparisons * math.log1p(-min(curve.fmr_at(similarity), 1.0 - 1e-12)))
