"""Several templates of one person become one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edge.core.fusion import fuse

VECTORS = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 6), st.just(8)), elements=st.floats(0.125, 1, width=32)
)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@given(VECTORS)
def test_the_fusion_is_a_unit_vector_nearer_to_all_than_their_worst_pair(vectors: np.ndarray) -> None:
    units = _unit(vectors)
    fused = fuse(units, np.ones(len(units), np.float32))
    assert np.linalg.norm(fused) == pytest.approx(1, abs=1e-5)
    assert (units @ fused).min() >= (units @ units.T).min() - 1e-5


def test_a_better_picture_counts_for_more() -> None:
    a, b = np.eye(2, dtype=np.float32)
    fused = fuse(np.stack([a, b]), np.array([0.9, 0.3], np.float32))
    assert fused @ a > fused @ b > 0


def test_pictures_of_no_quality_still_count_alike() -> None:
    a, b = np.eye(2, dtype=np.float32)
    fused = fuse(np.stack([a, b]), np.zeros(2, np.float32))
    assert fused @ a == pytest.approx(fused @ b)


@pytest.mark.parametrize("second", [[-1, 0], [np.nan, 0], [np.inf, 0]])
def test_what_has_no_direction_matches_nobody(second: list[float]) -> None:
    vectors = np.array([[1, 0], second], np.float32)
    assert not fuse(vectors, np.ones(2, np.float32)).any()
