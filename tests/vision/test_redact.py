"""Pixels of a hidden head say nothing any more, and all others stay."""

from __future__ import annotations

import numpy as np
import pytest

from edge.core.coverage import CELLS, PLAIN, Cover, Method
from edge.core.face import Box
from edge.vision.redact import cover

BOX = Box(40, 30, 100, 110)


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (150, 140, 3), np.uint8)


def inside(image: np.ndarray) -> np.ndarray:
    """The square in the ellipse."""
    return image[42:98, 49:91]


@pytest.mark.parametrize("method", Method)
def test_only_the_head_is_changed_and_the_given_picture_is_not(image: np.ndarray, method: Method) -> None:
    before = image.copy()
    covered = cover(image, [Cover(BOX, CELLS)], method)
    assert np.array_equal(image, before)
    changed = (covered != image).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert (rows.min(), columns.min()) >= (30, 40)
    assert (rows.max(), columns.max()) < (110, 100)
    assert changed[42:98, 49:91].mean() > 0.98


@pytest.mark.parametrize("method", [Method.BLUR, Method.PIXELATE])
def test_nothing_finer_than_the_cells_is_left(image: np.ndarray, method: Method) -> None:
    """Two pictures with the same means in all cells come out the same: the rest cannot be brought back."""
    other = image.copy()
    other[30:110, 40:100] = image[30:110, 40:100][:, ::-1]
    symmetric = ((image.astype(int) + other) // 2).astype(np.uint8)
    fine = symmetric.copy()
    fine[30:110:2, 40:100] = np.clip(fine[30:110:2, 40:100].astype(int) + 20, 0, 255)
    fine[31:110:2, 40:100] = np.clip(fine[31:110:2, 40:100].astype(int) - 20, 0, 255)
    a = inside(cover(symmetric, [Cover(BOX, CELLS)], method)).astype(int)
    b = inside(cover(fine, [Cover(BOX, CELLS)], method)).astype(int)
    assert np.abs(a - b).max() <= 6


def test_pixelated_cells_are_flat_and_blurred_ones_are_smooth(image: np.ndarray) -> None:
    cells = inside(cover(image, [Cover(BOX, CELLS)], Method.PIXELATE))
    assert len(np.unique(cells.reshape(-1, 3), axis=0)) <= CELLS * CELLS
    smooth = inside(cover(image, [Cover(BOX, CELLS)], Method.BLUR)).astype(int)
    assert np.abs(np.diff(smooth, axis=0)).max() < 30


def test_filled_and_plain_are_one_gray(image: np.ndarray) -> None:
    assert (inside(cover(image, [Cover(BOX, CELLS)], Method.FILL)) == 128).all()
    for method in Method:
        assert (cover(image, [Cover(BOX, PLAIN)], method)[30:110, 40:100] == 128).all()


@pytest.mark.parametrize(
    "box", [Box(-30, -30, 20, 20), Box(90, 100, 200, 200), Box(-9, -9, 500, 500), Box(60, 60, 69.5, 71)]
)
@pytest.mark.parametrize("method", Method)
def test_a_head_over_the_edge_is_hidden_as_far_as_it_goes(
    image: np.ndarray, box: Box, method: Method
) -> None:
    assert (cover(image, [Cover(box, CELLS)], method) != image).any()


def test_a_head_at_the_edge_is_cut_by_it_not_rounded_there(image: np.ndarray) -> None:
    covered = cover(image, [Cover(Box(-60, 20, 60, 120), CELLS)], Method.FILL)
    assert (covered[69:71, 0:58] == 128).all()
    assert (covered[24:116, 0:2] == 128).all()


def test_a_head_outside_the_picture_changes_nothing(image: np.ndarray) -> None:
    assert np.array_equal(cover(image, [Cover(Box(-90, 0, -10, 50), CELLS)], Method.FILL), image)
    assert np.array_equal(cover(image, [], Method.BLUR), image)
