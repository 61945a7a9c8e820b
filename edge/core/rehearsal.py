"""A rehearsal of attacks at one door: what people and pictures of them scored, and what follows from it.

The rates are those of ISO/IEC 30107-3, of whole tries as the door would decide them, and of this site alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.core.pad_metrics import Interval, interval, threshold_at_bpcer
from edge.core.track_life import LifeConfig, Weight, logistic, logit

LIVE = "live"
"""The kind of a living person's try; every other kind is one of attack."""
ALLOWED = 0.05
"""BPCER that the suggested threshold may have."""
LOWEST, HIGHEST = 0.01, 0.99
"""What `liveness.threshold` takes."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One thing to show the door. number: counted from 1 among those that are else the same."""

    kind: str
    words: str
    number: int = 1

    @property
    def is_attack(self) -> bool:
        return self.kind != LIVE


@dataclass(frozen=True, slots=True)
class Try:
    """What the door saw of one situation: figures, never who was shown.

    runs: the liveness scores (0..1) of the usable frames, one tuple for each face seen without a break; a
    run ends where a suspicion spoke against it. problems: why frames were not usable.
    """

    situation: Situation
    runs: tuple[tuple[float, ...], ...]
    suspicions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """errors of `tries` tries of one kind: living people refused, or attacks let in."""

    kind: str
    tries: int
    errors: int
    interval: Interval

    @property
    def rate(self) -> float:
        return self.errors / self.tries


@dataclass(frozen=True, slots=True)
class Tally:
    """The rates at one threshold. live: None without living tries. attacks: by kind, as they were tried."""

    threshold: float
    live: Rate | None
    attacks: tuple[Rate, ...]


LIVE_SITUATIONS = (
    "as they come, look at the camera",
    "glasses on, or off if they are worn",
    "the light behind them, or at the darkest hour the door is used",
    "talking, turning the head a little",
)
ATTACK_SITUATIONS = {
    "print": (
        "a face printed on paper, held flat in front of the camera",
        "the same print, bent around and moved",
        "the same print, so close that no edge shows",
    ),
    "phone": (
        "a photo on a telephone, held in the hand",
        "a video of a face on a telephone",
        "the same, so close that no edge of the telephone shows",
    ),
    "tablet": (
        "a photo on a tablet or a laptop",
        "a video of a face on a tablet or a laptop",
        "the same, so close that no edge of the screen shows",
    ),
    "replay": ("a recording of somebody at this very door, on the best screen there is",),
}


def situations(kinds: Sequence[str], people: int, repeats: int) -> tuple[Situation, ...]:
    """All that is to be shown: each living situation by every person, each attack `repeats` times.

    A kind that is not among the usual ones is shown as whoever leads the rehearsal knows.
    """
    found = []
    for kind in kinds:
        texts = LIVE_SITUATIONS if kind == LIVE else ATTACK_SITUATIONS.get(kind, (kind,))
        times = people if kind == LIVE else repeats
        found += [Situation(kind, words, n) for n in range(1, times + 1) for words in texts]
    return tuple(found)


def opening_score(seen: Try, life: LifeConfig) -> float:
    """The highest threshold at which the door would have let this try in; -inf where it never would.

    A door decides as soon as enough frames reach its threshold, so the best moment of a try counts.
    """
    best = -math.inf
    for run in seen.runs:
        for count in range(life.frames, len(run) + 1):
            weight = Weight.of(run[max(0, count - life.most) : count])
            if weight is not None:
                best = max(best, logistic(weight.least))
    return best


def tally(tries: Sequence[Try], threshold: float, life: LifeConfig) -> Tally:
    """Count the errors at a threshold."""
    rates: dict[str, Rate] = {}
    for kind in dict.fromkeys(seen.situation.kind for seen in tries):
        opened = [opening_score(seen, life) >= threshold for seen in tries if seen.situation.kind == kind]
        errors = opened.count(kind != LIVE)
        rates[kind] = Rate(kind, len(opened), errors, interval(errors, len(opened)))
    live = rates.pop(LIVE, None)
    return Tally(threshold, live, tuple(rates.values()))


def suggest(tries: Sequence[Try], life: LifeConfig, allowed: float = ALLOWED) -> float | None:
    """The threshold that lets the fewest attacks in while at most `allowed` of the living are refused.

    It lies halfway (in logits) to the best attack that it stops, or to where attacks are recognized, so
    that neither is missed by a hair. None where no living person was tried, or too many never got in.
    """
    live = [opening_score(seen, life) for seen in tries if not seen.situation.is_attack]
    if not live:
        return None
    highest = threshold_at_bpcer(np.array(live), allowed)
    if not highest > LOWEST:
        return None
    attacks = [opening_score(seen, life) for seen in tries if seen.situation.is_attack]
    stopped = [score for score in (*attacks, life.reject) if LOWEST <= score < highest]
    between = (logit(highest) + logit(max(stopped, default=highest))) / 2
    # Downwards, so that the living person who sets it still passes.
    rounded = math.floor(logistic(between) * 1000) / 1000
    return min(HIGHEST, max(LOWEST, rounded))
