"""Error rates of liveness by source of the pictures, and means in which every source weighs the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.pad_metrics import (
    Interval,
    apcer,
    apcer_at_bpcer,
    auc,
    bpcer,
    equal_error_rate,
    interval,
)
from edge.core.track_life import MOST_LOGIT, logit

RUN = 8
"""Frames that are weighed together."""
ALLOWED_BPCER = (0.01, 0.05)

Given = Sequence[float | None]
"""Probabilities 0..1 that the faces of single frames are alive, in their order; None: no face was found."""


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """At one threshold, 0..1. None where there is nothing of that kind."""

    apcer: float | None
    bpcer: float | None

    @property
    def acer(self) -> float | None:
        """The mean of both."""
        return None if self.apcer is None or self.bpcer is None else (self.apcer + self.bpcer) / 2


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """What one source shows.

    live, attacks: how many frames. own: APCER by the BPCER allowed, at a threshold of the source's own; it,
    auc and eer need both kinds and are None without. single: of single frames, at the threshold given; runs:
    of every `RUN` consecutive frames with a face. The intervals, of 95 %, belong to `single`.
    """

    live: int
    attacks: int
    no_face: int
    auc: float | None
    eer: float | None
    own: dict[float, float | None]
    single: ErrorRates
    apcer_interval: Interval | None
    bpcer_interval: Interval | None
    runs: ErrorRates


@dataclass(frozen=True, slots=True)
class MeanFigures:
    """Means over the sources that have the figure, None where none has it; worst_auc is the least."""

    auc: float | None
    worst_auc: float | None
    eer: float | None
    own: dict[float, float | None]
    single: ErrorRates
    runs: ErrorRates


def figures(live: Given, attacks: Given, threshold: float) -> SourceFigures:
    """Measure one source. threshold: a probability, 0 < threshold < 1.

    A frame without a face is refused, as at a door: its score lies below all others.
    """
    alive, fake = _scores(live), _scores(attacks)
    both = bool(len(alive) and len(fake))
    return SourceFigures(
        live=len(live),
        attacks=len(attacks),
        no_face=[*live, *attacks].count(None),
        auc=auc(alive, fake) if both else None,
        eer=equal_error_rate(alive, fake) if both else None,
        own={share: apcer_at_bpcer(alive, fake, share) if both else None for share in ALLOWED_BPCER},
        single=_rates(alive, fake, threshold),
        apcer_interval=_interval(fake >= threshold),
        bpcer_interval=_interval(alive < threshold),
        runs=_rates(_runs(live), _runs(attacks), logit(threshold)),
    )


def means(sources: Sequence[SourceFigures]) -> MeanFigures:
    """Every source weighs the same, however many frames it has."""
    areas = [source.auc for source in sources if source.auc is not None]
    return MeanFigures(
        auc=_mean(areas),
        worst_auc=min(areas, default=None),
        eer=_mean(source.eer for source in sources),
        own={share: _mean(source.own[share] for source in sources) for share in ALLOWED_BPCER},
        single=_mean_rates([source.single for source in sources]),
        runs=_mean_rates([source.runs for source in sources]),
    )


def _scores(given: Given) -> NDArray[np.float64]:
    return np.array([-np.inf if score is None else score for score in given], np.float64)


def _runs(given: Given) -> NDArray[np.float64]:
    """The mean logit of every `RUN` consecutive frames with a face; one frame counts for no more than at the
    door, however sure the network is of it."""
    seen = np.array([score for score in given if score is not None], np.float64)
    if len(seen) < RUN:
        return np.empty(0)
    with np.errstate(divide="ignore"):
        logits = np.clip(np.log(seen) - np.log1p(-seen), -MOST_LOGIT, MOST_LOGIT)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(logits, RUN).mean(axis=1))


def _rates(
    live: NDArray[np.float64],
    attacks: NDArray[np.float64],
    threshold: float,
) -> ErrorRates:
    return ErrorRates(
        apcer(attacks, threshold) if len(attacks) else None, bpcer(live, threshold) if len(live) else None
    )


def _interval(wrong: NDArray[np.bool_]) -> Interval | None:
    return interval(int(wrong.sum()), len(wrong)) if len(wrong) else None


def _mean_rates(rates: Sequence[ErrorRates]) -> ErrorRates:
    return ErrorRates(_mean(rate.apcer for rate in rates), _mean(rate.bpcer for rate in rates))


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
