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
def test_the_fusion_is_no_longer_than_one_and_nearer_to_all_than_their_worst_pair(
    vectors: np.ndarray,
) -> None:
    units = _unit(vectors)
    fused = fuse(units, np.ones(len(units), np.float32))
    assert np.linalg.norm(fused) <= 1 + 1e-5
    assert (units @ fused).min() >= (units @ units.T).min() - 1e-5


@given(VECTORS, st.floats(0, 1, width=32))
def test_the_same_picture_several_times_is_that_picture(vectors: np.ndarray, weight: float) -> None:
    unit = _unit(vectors)[0]
    fused = fuse(np.stack([unit] * 3), np.full(3, weight, np.float32))
    assert fused == pytest.approx(unit, abs=1e-5)


@pytest.mark.parametrize("pictures", [2, 3, 5])
@pytest.mark.parametrize("alike", [0.0, 3.0], ids=["centered", "with a common mean"])
def test_strangers_reach_it_as_seldom_as_a_single_picture(pictures: int, alike: float) -> None:
    """Made templates of 64 dimensions whose pictures of one person have a cosine of about 0.7 beyond what
    all have in common. The direction alone would be reached by 2 to 12 times as many."""
    rng = np.random.default_rng(0)
    common = np.zeros(64)
    common[0] = alike * 8
    people = rng.normal(size=(700, 64))
    enrolled = np.stack(
        [_unit(common + people + 0.65 * rng.normal(size=people.shape)) for _ in range(pictures)]
    )
    probes = _unit(common + rng.normal(size=(3000, 64)) + 0.65 * rng.normal(size=(3000, 64)))
    threshold = np.quantile(probes @ enrolled[0].T, 1 - 1e-3)
    fused = np.stack([fuse(enrolled[:, i], np.ones(pictures, np.float32)) for i in range(len(people))])
    reached = np.mean(probes @ fused.T >= threshold) / 1e-3
    assert 0.2 < reached < 1.5
    directions = fused / np.linalg.norm(fused, axis=1, keepdims=True)
    assert np.mean(probes @ directions.T >= threshold) / 1e-3 > 1.8 * reached


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
