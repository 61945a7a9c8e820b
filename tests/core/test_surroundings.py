from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.face import Box
from edge.core.surroundings import is_crowded, room
from tests.factories import a_box


def test_a_small_face_in_the_middle_has_all_its_surroundings():
    assert room(a_box(320, 240, 100), 640, 480, crop=4.0) == 1.0


def test_a_near_face_has_little_of_them():
    assert room(a_box(320, 240, 240), 640, 480, crop=4.0) == pytest.approx(640 * 480 / 960**2)


def test_at_the_edge_half_of_them_are_cut_off():
    assert room(a_box(0, 240, 100), 640, 480, crop=4.0) == pytest.approx(0.5)


def test_a_box_without_a_size_has_no_room():
    assert room(Box(5, 5, 5, 5), 640, 480, crop=4.0) == 0.0


coordinates = st.floats(-1000, 2000)


@given(coordinates, coordinates, st.floats(0, 2000), st.floats(0.5, 6))
def test_room_is_a_share(x, y, size, crop):
    assert 0.0 <= room(a_box(x, y, size), 640, 480, crop) <= 1.0 + 1e-9


LEAD = a_box(300, 240, 150)


@pytest.mark.parametrize(
    ("other", "is_too_near"),
    [
        (a_box(440, 240, 120), True),  # a phone beside the head
        (a_box(300, 240, 80), True),  # a picture held before it
        (a_box(300, 400, 140), True),  # a print on a shirt, or a child on an arm
        (a_box(560, 240, 140), False),  # somebody who stands beside them
        (a_box(390, 200, 50), False),  # somebody far behind
        (a_box(300, 240, 400), True),  # a larger one around it
    ],
)
def test_another_large_face_nearby_makes_it_unclear_who_asks(other, is_too_near):
    assert is_crowded(LEAD, [other]) is is_too_near


def test_nobody_else_is_no_crowd():
    assert not is_crowded(LEAD, [])
