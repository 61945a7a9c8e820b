"""Which events of a device are there, by their numbers: what is missing, and up to where all are there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""First and last of some consecutive numbers."""
MOST_SPANS = 256
"""Missing spans that are told apart. Where there are more gaps, what came between them is waited for as if it
were missing, too: it comes again, and counts once."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """floor: the first number ever seen. last: the highest one. missing: rising, apart from each other."""

    floor: int
    last: int
    missing: tuple[Span, ...] = ()

    @classmethod
    def beginning(cls, seq: int) -> Sequence:
        """Only this one is there; nobody waits for what came before it."""
        return cls(seq, seq)

    @property
    def upto(self) -> int:
        """Everything from `floor` up to here is there, or nobody waits for it."""
        return self.missing[0][0] - 1 if self.missing else self.last

    def is_there(self, seq: int) -> bool:
        """Whether nobody waits for this one."""
        return seq <= self.last and not any(first <= seq <= last for first, last in self.missing)

    def arrived(self, seqs: Iterable[int]) -> Sequence:
        """These are there, too."""
        sequence = self
        for seq in sorted(seqs):
            if seq > sequence.last:
                sequence = replace(sequence, last=seq, missing=_with_gap(sequence, seq))
            else:
                sequence = sequence.without((seq, seq))
        return sequence

    def without(self, span: Span) -> Sequence:
        """Nobody waits for these any more."""
        first, last = span
        kept: list[Span] = []
        for low, high in self.missing:
            kept += [(low, min(high, first - 1))] if low < first else []
            kept += [(max(low, last + 1), high)] if high > last else []
        missing = tuple(one for one in kept if one[0] <= one[1])
        return self if len(missing) > MOST_SPANS else replace(self, missing=missing)


def _with_gap(sequence: Sequence, seq: int) -> tuple[Span, ...]:
    """What is missing when a number arrives that is higher than all before."""
    missing = sequence.missing
    if seq == sequence.last + 1:
        return missing
    if len(missing) < MOST_SPANS:
        return (*missing, (sequence.last + 1, seq - 1))
    return (*missing[:-1], (missing[-1][0], seq - 1))
