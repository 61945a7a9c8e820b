"""How often a stranger is let in by mistake: false accept rates as days.

A visit is one attempt of one stranger: the frames from which the door decides once. What is assumed:

- The rate of one comparison is the curve's: two people who do not resemble each other more than strangers
  do. Twins, siblings and attacks with pictures are not counted.
- A stranger has as many chances as there are people, each with one fused template (see `fusion`), and the
  comparisons do not depend on each other; if they do, `per_visit` is too high and never too low.
- The frames of a visit show one face, so that they say nearly the same: a visit has the rate of one frame.
  Whatever their dependence, `agree` of `window` frames that must name one person bring the rate of a visit
  to at most window / agree times that of a frame (Markov's inequality); `worst_visit` gives that bound.
- Visits are independent, so that the days between false accepts are their mean.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

from edge.core.calibration import FarCurve, false_accept_rate, threshold_for
from edge.core.score import ScoreScale

LEVELS = {"convenient": 1e-2, "normal": 1e-3, "secure": 1e-4, "most secure": 1e-5}
"""False accept rates of one visit, named as vendors of terminals name theirs."""


@dataclass(frozen=True, slots=True)
class Site:
    """people: with how many a stranger is compared. strangers_per_day: visits of strangers at one
    door. doors: how many doors have that many."""

    people: int
    strangers_per_day: float
    doors: int = 1


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a threshold means at a site. far: what was asked for, of a visit. similarity: the threshold;
    above 1 nobody passes, and score is None. per_comparison, per_visit: rates that the threshold keeps.
    days: between two false accepts at the whole site, in the mean; infinite without strangers. passes: the
    share of single pictures of enrolled people that reach it, None where that was not measured."""

    far: float
    similarity: float
    score: float | None
    per_comparison: float
    per_visit: float
    days: float
    passes: float | None


def expect(curve: FarCurve, far: float, site: Site, tar_at_far: Mapping[float, float]) -> Expectation:
    """The threshold that keeps a visit's false accept rate, and what comes of it.

    tar_at_far: the measured share of same pairs accepted, by false accept rate of one comparison.
    Raises ValueError unless 0 < far <= 1 and there is at least one person.
    """
    similarity = threshold_for(curve, far, site.people)
    is_reachable = similarity <= 1.0
    per_comparison = curve.fmr_at(similarity) if is_reachable else 0.0
    per_visit = false_accept_rate(curve, similarity, site.people) if is_reachable else 0.0
    return Expectation(
        far=far,
        similarity=similarity,
        score=ScoreScale(curve).score(similarity) if is_reachable else None,
        per_comparison=per_comparison,
        per_visit=per_visit,
        days=days_between(per_visit, site),
        passes=accepted_at(per_comparison, tar_at_far) if is_reachable else 0.0,
    )


def days_between(per_visit: float, site: Site) -> float:
    """The mean number of days between two false accepts at the site."""
    a_day = per_visit * site.strangers_per_day * site.doors
    return 1.0 / a_day if a_day > 0.0 else math.inf


def far_for_days(days: float, site: Site) -> float:
    """The rate of a visit that gives so many days between two false accepts; at most 1, and 1 without
    strangers. Raises ValueError unless days > 0."""
    if not days > 0.0:
        raise ValueError(f"{days} days between false accepts; there must be more than none")
    a_day = site.strangers_per_day * site.doors
    return min(1.0, 1.0 / (days * a_day)) if a_day > 0.0 else 1.0


def worst_visit(per_frame: float, agree: int, window: int) -> float:
    """What the rate of a visit cannot exceed, however its frames depend on each other."""
    return min(1.0, per_frame * window / agree)


def accepted_at(rate: float, tar_at_far: Mapping[float, float]) -> float | None:
    """The share of same pairs accepted at a false accept rate of one comparison, between measured ones.

    Interpolated in normal deviates over the rate's logarithm. None outside what was measured.
    """
    known = sorted((math.log10(far), tar) for far, tar in tar_at_far.items() if 0.0 < tar < 1.0)
    at = math.log10(rate)
    normal = NormalDist()
    for (x0, y0), (x1, y1) in itertools.pairwise(known):
        if x0 - 1e-9 <= at <= x1 + 1e-9:
            z0, z1 = normal.inv_cdf(y0), normal.inv_cdf(y1)
            return normal.cdf(z0 + (at - x0) / (x1 - x0) * (z1 - z0))
    return None
