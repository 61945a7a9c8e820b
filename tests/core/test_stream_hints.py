from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.stream_hints import StreamLook, stream_look, suspicious
from edge.core.suspicion import Suspicion
from tests.factories import a_frame

SIZE = (640, 480)


def looks(*times, size=SIZE):
    return [StreamLook(at, size, number) for number, at in enumerate(times)]


@given(st.lists(st.tuples(st.floats(0.004, 3.0), st.integers(1, 30)), max_size=40))
def test_a_camera_that_drops_frames_is_not_accused(steps):
    at, sequence, seen = 1000.0, 0, []
    for waited, skipped in steps:
        at, sequence = at + waited, sequence + skipped
        seen.append(StreamLook(at, SIZE, sequence))
    assert suspicious(seen) is None


def test_even_times_are_fine():
    assert suspicious(looks(*(number / 15 for number in range(60)))) is None


def test_pictures_of_another_size_are_another_stream():
    changed = [*looks(0.0, 0.1), StreamLook(0.2, (1280, 720), 2)]
    assert suspicious(changed) is Suspicion.STREAM_CHANGED


@pytest.mark.parametrize("late", [-1.0, 0.05, math.nan])
def test_time_never_goes_back(late):
    assert suspicious(looks(0.0, 0.1, late)) is Suspicion.STREAM_TIMES


@pytest.mark.parametrize("number", [0, 1])
def test_numbers_never_go_back(number):
    assert suspicious([*looks(0.0, 0.1), StreamLook(0.2, SIZE, number)]) is Suspicion.STREAM_TIMES


def test_a_network_may_hand_over_a_few_at_once():
    assert suspicious(looks(0.0, 0.1, 1.5, 1.5, 1.501, 1.57, 1.64)) is None


def test_no_camera_gives_many_pictures_at_one_moment():
    assert suspicious(looks(*(1.0 + number / 1000 for number in range(12)))) is Suspicion.STREAM_TIMES


def test_a_look_keeps_width_and_height_in_order():
    assert stream_look(a_frame(3.0, 7, width=320, height=240)) == StreamLook(3.0, (320, 240), 7)
