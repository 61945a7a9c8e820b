"""The numbers of events: whatever the order they arrive in, what is missing is known."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.core.sequence import MOST_SPANS, Sequence


def test_a_gap_holds_upto_back_until_it_is_filled() -> None:
    sequence = Sequence.beginning(5).arrived([6, 9])
    assert (sequence.upto, sequence.missing) == (6, ((7, 8),))
    assert sequence.arrived([8]).missing == ((7, 7),)
    assert sequence.arrived([8, 7]).upto == 9


def test_what_is_known_to_be_lost_is_not_waited_for() -> None:
    sequence = Sequence.beginning(1).arrived([10])
    assert sequence.without((4, 6)).missing == ((2, 3), (7, 9))
    assert sequence.without((0, 99)).upto == 10


def test_what_came_before_the_first_one_is_not_missing() -> None:
    assert Sequence.beginning(5).arrived([3]) == Sequence.beginning(5)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60))
def test_any_order_gives_what_a_set_would(seqs: list[int]) -> None:
    sequence = Sequence.beginning(1)
    for seq in seqs:
        sequence = sequence.arrived([seq])
    there = {1, *seqs}
    assert [seq for seq in range(1, 61) if sequence.is_there(seq)] == sorted(there)
    assert sequence.upto == next(seq for seq in range(1, 62) if seq + 1 not in there)
    assert all(low <= high < after[0] for (low, high), after in pairwise(sequence.missing))


def test_a_device_that_leaves_gaps_on_purpose_costs_no_more_for_it() -> None:
    odd = range(1, 8 * MOST_SPANS, 2)
    split = Sequence.beginning(0).arrived([9 * MOST_SPANS]).arrived(odd)
    apart = Sequence.beginning(0).arrived([*odd, 9 * MOST_SPANS])
    for sequence in (split, apart):
        assert len(sequence.missing) <= MOST_SPANS
        # What never came is missing, and nobody is told otherwise.
        assert sequence.upto == 1
        assert not any(sequence.is_there(seq) for seq in range(2, 8 * MOST_SPANS, 2))
        # All of it comes again, and then it is all there.
        whole = sequence.arrived(range(9 * MOST_SPANS))
        assert (whole.missing, whole.upto) == ((), 9 * MOST_SPANS)
