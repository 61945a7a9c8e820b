"""What held-out scores say: error rates by source, the thresholds, and the scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.pad_figures import SourceFigures
from edge.core.pad_figures import figures as source_figures
from edge.core.pad_metrics import apcer, bpcer, interval
from edge.core.scorecard import AttackRow, LiveRow, Scorecard

Logits = NDArray[np.floating]

REFUSED = 0.055
"""Mean share of living people's single frames that may lie below the threshold for `live`."""
REJECTED = 0.01
"""The same below the threshold for `reject`, from which on a face is called an attack."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """One source, scored by a network that never saw it: logits, in the order of the frames.

    kinds: str, the type of each attack.
    """

    live: Logits
    attacks: Logits
    kinds: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Logits."""

    live: float
    reject: float


def thresholds(held: Mapping[str, Held]) -> Thresholds:
    """The highest with mean BPCER of at most `REFUSED` and `REJECTED`, every source counting the same."""
    return Thresholds(_highest(held, REFUSED), _highest(held, REJECTED))


def _highest(held: Mapping[str, Held], allowed: float) -> float:
    alive = [one.live for one in held.values() if len(one.live)]
    candidates = np.unique(np.concatenate(alive))
    refused = np.array([np.mean([bpcer(live, t) for live in alive]) for t in candidates])
    return float(candidates[np.flatnonzero(refused <= allowed + 1e-9)[-1]])


def transferred(held: Mapping[str, Held]) -> tuple[float, float]:
    """Mean APCER and BPCER of each source at the threshold that the others alone set."""
    rates = []
    for source, one in held.items():
        threshold = thresholds({name: other for name, other in held.items() if name != source}).live
        rates.append((apcer(one.attacks, threshold), bpcer(one.live, threshold)))
    passed, refused = np.mean(rates, axis=0)
    return float(passed), float(refused)


def by_source(held: Mapping[str, Held], threshold: float) -> dict[str, SourceFigures]:
    """threshold: a logit."""
    return {
        source: source_figures(
            [logistic(one) for one in held[source].live],
            [logistic(one) for one in held[source].attacks],
            logistic(threshold),
        )
        for source in sorted(held)
    }


def scorecard(held: Mapping[str, Held], threshold: float, method: str) -> Scorecard:
    """Frames of all sources together, by type of attack. threshold: a logit."""
    scores = np.concatenate([one.attacks for one in held.values()])
    kinds = np.concatenate([one.kinds for one in held.values()])
    live = np.concatenate([one.live for one in held.values()])
    rows = []
    for kind in sorted(set(kinds)):
        passed, of = int((scores[kinds == kind] >= threshold).sum()), int((kinds == kind).sum())
        rows.append(AttackRow(str(kind), of, passed / of, interval(passed, of)))
    refused = int((live < threshold).sum())
    return Scorecard(
        method, tuple(rows), LiveRow(len(live), refused / len(live), interval(refused, len(live)))
    )


def logistic(logit: float) -> float:
    """The probability that a logit stands for."""
    return float(1 / (1 + np.exp(-np.clip(logit, -60, 60))))
