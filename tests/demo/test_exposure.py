from __future__ import annotations

import numpy as np

from edge.demo.exposure import smear


def dot() -> np.ndarray:
    picture = np.zeros((41, 41, 4), np.uint8)
    picture[20, 20] = 255
    return picture


def test_a_dot_becomes_a_line_from_where_it_was_to_where_it_is() -> None:
    rows, columns = np.nonzero(smear(dot(), (6.0, 0.0))[..., 3])
    assert set(rows) == {20}
    assert 13 <= columns.min() <= 15
    assert columns.max() == 20


def test_light_is_neither_lost_nor_made() -> None:
    full = np.full((41, 41, 4), 200, np.uint8)
    assert np.abs(smear(full, (3.0, -4.0)).astype(int) - 200).max() <= 1


def test_a_slow_thing_stays_sharp() -> None:
    assert np.array_equal(smear(dot(), (0.3, 0.2)), dot())
