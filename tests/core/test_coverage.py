"""Which parts of a clip hide a head: along its way, through gaps, and around its ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.coverage import Along, along, by_frame, grown, head
from edge.core.face import Box
from tests.factories import a_box


def test_a_head_reaches_beyond_its_face_on_every_side() -> None:
    face = Box(100, 100, 200, 220)
    whole = head(face)
    assert whole.x0 < 100 < 200 < whole.x1
    assert whole.y0 < 100 < 220 < whole.y1
    assert 100 - whole.y0 > whole.y1 - 220, "there is more hair than chin"


def test_a_gap_is_crossed_in_a_straight_line() -> None:
    boxes = along({2: a_box(100, 100, 40), 6: a_box(140, 100, 80)}, 9, Along(0, 0))
    assert sorted(boxes) == [2, 3, 4, 5, 6]
    assert boxes[4] == a_box(120, 100, 60)


def test_frames_before_and_after_are_covered_and_grow() -> None:
    boxes = along({5: a_box(100, 100, 40)}, 12, Along(before=3, after=2, growth=0.1))
    assert sorted(boxes) == [2, 3, 4, 5, 6, 7]
    assert [round(boxes[i].width) for i in range(2, 8)] == [52, 48, 44, 40, 44, 48]
    assert all(box.center == (100, 100) for box in boxes.values())


def test_a_face_that_moves_may_have_stayed_or_gone_on() -> None:
    boxes = along({4: a_box(100, 60, 40), 6: a_box(120, 60, 40)}, 12, Along(2, 3, growth=0.0))
    assert boxes[9] == Box(100, 40, 170, 80)
    assert boxes[2] == Box(60, 40, 120, 80)


def test_nothing_is_covered_beyond_the_ends_of_a_clip() -> None:
    assert sorted(along({0: a_box(), 3: a_box()}, 4, Along(5, 5))) == [0, 1, 2, 3]


def test_every_face_of_a_frame_is_covered() -> None:
    rows = by_frame([{0: a_box(50), 1: a_box(51)}, {1: a_box(200)}], 3, Along(0, 0))
    assert [len(row) for row in rows] == [1, 2, 0]


@given(
    seen=st.dictionaries(st.integers(0, 30), st.integers(0, 300), min_size=1, max_size=8),
    around=st.integers(0, 6),
)
def test_no_frame_between_sightings_is_left_out(seen: dict[int, int], around: int) -> None:
    sightings = {frame: a_box(x) for frame, x in seen.items()}
    boxes = along(sightings, 31, Along(around, around))
    first, last = max(0, min(seen) - around), min(30, max(seen) + around)
    assert sorted(boxes) == list(range(first, last + 1))
    assert all(boxes[frame] == box for frame, box in sightings.items())


@pytest.mark.parametrize("times", [0.5, 1.0, 2.0])
def test_a_box_grows_around_its_middle(times: float) -> None:
    assert grown(a_box(100, 60, 40), times) == a_box(100, 60, 40 * times)
