from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.face import Box
from edge.core.repeats import COLUMNS, ROWS
from edge.vision.fingerprint import fingerprint


def noise(width=640, height=480, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_same_picture_has_the_same_grain():
    a, b = (fingerprint(noise(), Box(200, 100, 300, 220)) for _ in range(2))
    np.testing.assert_array_equal(a.grain, b.grain)
    assert a.grain.shape == (ROWS, COLUMNS)
    assert a.grain.dtype == np.int8


def test_light_that_changes_evenly_leaves_the_grain():
    dark = noise() // 4
    np.testing.assert_array_equal(
        fingerprint(dark, Box(0, 0, 9, 9)).grain, fingerprint(dark + 40, Box(0, 0, 9, 9)).grain
    )


def test_the_face_covers_its_cells():
    rows, columns = fingerprint(noise(), Box(200, 100, 300, 220)).face
    assert (rows, columns) == (slice(10, 22), slice(20, 30))


@pytest.mark.parametrize("box", [Box(-90, -90, -10, -10), Box(900, 700, 999, 799)])
def test_a_face_outside_the_picture_covers_none(box):
    print_ = fingerprint(noise(), box)
    assert print_.grain[print_.face].size == 0


@given(
    st.integers(3, 90),
    st.integers(3, 90),
    st.tuples(*[st.floats(-1e9, 1e9)] * 2),
    st.tuples(*[st.floats(0, 1e9)] * 2),
)
def test_every_picture_and_every_box_have_a_fingerprint(width, height, corner, size):
    box = Box(*corner, corner[0] + size[0], corner[1] + size[1])
    print_ = fingerprint(noise(width, height), box)
    rows, columns = print_.face
    assert 0 <= rows.start <= rows.stop <= ROWS
    assert 0 <= columns.start <= columns.stop <= COLUMNS
