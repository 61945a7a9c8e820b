"""What a challenge asks for: moves of the head, in an order and after pauses that are drawn.

The pauses differ by more than the time in which a move may begin (`ChallengeConfig`). So a recording of a
challenge meets another one only where all moves and all pauses after the first move are the same: of the 891
plans of three moves, one recording fits 3 if its start is timed well, and 1 from its own start. Of 1000 drawn
pairs with the same order, 37 fitted from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise, product

PAUSES_S = (0.3, 1.8, 3.3)


class Move(StrEnum):
    """Left and right are the person's own. APPROACH: the face comes nearer."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    APPROACH = "approach"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for. pauses_s: before each of the moves."""

    moves: tuple[Move, ...]
    pauses_s: tuple[float, ...]


def plan(randbelow: Callable[[int], int], kinds: Sequence[Move] = tuple(Move), count: int = 3) -> Plan:
    """Draw a plan; all are equally likely: 33 orders and 27 timings of three moves, 9.8 bits.

    randbelow: `secrets.randbelow`. kinds: leave APPROACH out where a face cannot come nearer. No move
    follows itself, and APPROACH comes once at most. Raises ValueError when nothing can be drawn.
    """
    orders = [
        moves
        for moves in product(kinds, repeat=count)
        if all(a is not b for a, b in pairwise(moves)) and moves.count(Move.APPROACH) <= 1
    ]
    if count < 1 or not orders:
        raise ValueError(f"no plan of {count} moves can be made of {', '.join(kinds) or 'none'}")
    order = orders[randbelow(len(orders))]
    return Plan(order, tuple(PAUSES_S[randbelow(len(PAUSES_S))] for _ in order))
