"""What the verdicts over a clip come to: whether it is, from begin to end, one of a living person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.core.track_life import Life


class Decision(StrEnum):
    """no_decision: there is a face, but none that could be judged. no_face: of a clip, nobody stood still
    before the camera."""

    LIVE = "live"
    ATTACK = "attack"
    UNSURE = "unsure"
    NO_DECISION = "no_decision"
    NO_FACE = "no_face"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One verdict on a track. score: 0..1, what its frames came to. at: seconds into the clip. after_s: since
    the first steady face of the clip."""

    life: Life
    score: float
    at: float
    after_s: float


def conclude(rulings: Sequence[Ruling], *, is_steady: bool) -> tuple[Decision, Ruling | None]:
    """The decision on a clip, and the verdict from which on it was certain.

    rulings: in the order they came. is_steady: whether a face ever stood still. It fails closed: `live` needs
    a verdict that says so and none that says attack; with both it is `unsure`, however many they are.
    """
    if not is_steady:
        return Decision.NO_FACE, None
    if not rulings:
        return Decision.NO_DECISION, None
    live = next((ruling for ruling in rulings if ruling.life is Life.LIVE), None)
    attack = next((ruling for ruling in rulings if ruling.life is Life.ATTACK), None)
    if live is not None and attack is not None:
        return Decision.UNSURE, max(live, attack, key=lambda ruling: ruling.at)
    if live is not None:
        return Decision.LIVE, live
    return (Decision.UNSURE, rulings[0]) if attack is None else (Decision.ATTACK, attack)
