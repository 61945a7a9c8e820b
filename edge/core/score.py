"""Similarity scores from 0 to 100 whose meaning is a false accept rate.

    score   0    20    30    40    50    60    70   100
    FAR     1  1e-1  1e-2  1e-3  1e-4  1e-5  1e-6   the same picture

Ten points are one decade of the false accept rate of a single comparison, as in Tencent Cloud's
CompareFace (version 3.0: 40, 50 and 60 are 0.1 %, 0.01 % and 0.001 %).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge.core.calibration import FarCurve

_POINTS_PER_DECADE = 10.0
_AT_RATE_ONE = 10.0
"""Where the line of ten points a decade would meet a rate of 1; below 20 it is bent to end at 0."""
_BEND = 20.0
HIGHEST = 100.0


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """The scores of one embedding. curve: of that embedding, one comparison."""

    curve: FarCurve

    def score(self, similarity: float) -> float:
        """The score, 0..100, of a cosine similarity; rises with it; 0 for what is not a number.

        Above the last measured rate it rises in a straight line to 100 at similarity 1: rates that
        nobody measured are not claimed.
        """
        if math.isnan(similarity):
            return 0.0
        last, top = self.curve.similarities[-1], self._last_score()
        if similarity > last:
            share = (min(1.0, similarity) - last) / (1.0 - last) if last < 1.0 else 1.0
            return top + share * (HIGHEST - top)
        return _of_rate(self.curve.fmr_at(similarity))

    def similarity(self, score: float) -> float:
        """The least cosine similarity that reaches a score. Raises ValueError outside 0..100."""
        if not 0.0 <= score <= HIGHEST:
            raise ValueError(f"a score of {score} is not within 0..100")
        last, top = self.curve.similarities[-1], self._last_score()
        if score > top:
            return last + (score - top) / (HIGHEST - top) * (1.0 - last)
        return max(-1.0, self.curve.similarity_at(rate_of(score)))

    def _last_score(self) -> float:
        return min(_of_rate(self.curve.rates[-1]), HIGHEST - 1.0)


def rate_of(score: float) -> float:
    """The false accept rate of one comparison that a score stands for."""
    if score < _BEND:
        return float(10.0 ** (-score / _BEND))
    return float(10.0 ** ((_AT_RATE_ONE - score) / _POINTS_PER_DECADE))


def _of_rate(rate: float) -> float:
    decades = -math.log10(rate)
    return max(0.0, _BEND * decades if decades < 1.0 else _AT_RATE_ONE + _POINTS_PER_DECADE * decades)
