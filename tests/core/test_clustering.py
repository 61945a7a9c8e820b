"""Grouping faces: every face once, whatever the order, and nobody with strangers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.clustering import Grouping, group

THRESHOLD = 0.8


def faces(seed: int, people: int, each: int, noise: float, size: int = 32) -> np.ndarray:
    """float32 (people * each, size): faces of people who have nothing in common, person by person."""
    random = np.random.default_rng(seed)
    centers, _ = np.linalg.qr(random.normal(size=(size, size)))
    spread = noise * random.normal(size=(people * each, size)) / np.sqrt(size)
    vectors = np.repeat(centers[:people], each, axis=0) + spread
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def as_sets(found: Grouping) -> tuple[set[frozenset[int]], set[int]]:
    return {frozenset(one) for one in found.groups}, set(found.messy)


def test_people_are_told_apart_and_strangers_are_messy() -> None:
    vectors = np.concatenate([faces(1, 4, 5, noise=0.3), faces(2, 7, 1, noise=0.0)[5:]])
    found = group(vectors, THRESHOLD)
    assert found.groups == tuple(tuple(range(5 * i, 5 * i + 5)) for i in range(4))
    assert found.messy == (20, 21)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_be_alike(count: int) -> None:
    assert group(faces(1, 1, 1, 0.1)[:count], THRESHOLD) == Grouping((), tuple(range(count)))


def test_the_same_picture_twice_is_one_group() -> None:
    assert group(np.repeat(faces(1, 1, 1, 0.0), 3, axis=0), 0.999).groups == ((0, 1, 2),)


def test_a_face_between_two_people_does_not_join_them() -> None:
    """What single linkage would do: a alike b, b alike c, so a and c were one person."""
    angles = np.deg2rad([0.0, 2.0, 30.0, 60.0, 58.0])
    chain = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = group(chain, float(np.cos(np.deg2rad(31.0))))
    assert {frozenset({0, 1}), frozenset({3, 4})} <= {frozenset(one) - {2} for one in found.groups}


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    count=st.integers(0, 40),
    threshold=st.floats(0.0, 0.99),
)
def test_groups_are_disjoint_complete_and_the_same_in_any_order(
    seed: int, count: int, threshold: float
) -> None:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 4)).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    found = group(vectors, threshold)
    everyone = [i for one in found.groups for i in one] + list(found.messy)
    assert sorted(everyone) == list(range(count))
    assert all(len(one) >= 2 for one in found.groups)
    order = random.permutation(count)
    again = group(vectors[order], threshold)
    assert as_sets(found) == (
        {frozenset(int(order[i]) for i in one) for one in again.groups},
        {int(order[i]) for i in again.messy},
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(2, 25), threshold=st.floats(0.2, 0.95))
def test_it_is_average_linkage(seed: int, count: int, threshold: float) -> None:
    """Against the definition: join the pair of groups with the highest mean similarity, again and again."""
    vectors = np.random.default_rng(seed).normal(size=(count, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    parts = [[i] for i in range(count)]
    while len(parts) > 1:
        mean, a, b = max(
            (float(likeness[np.ix_(parts[a], parts[b])].mean()), a, b)
            for b in range(len(parts))
            for a in range(b)
        )
        if mean < threshold:
            break
        parts[a] += parts.pop(b)
    groups, messy = as_sets(group(vectors, threshold))
    assert groups == {frozenset(part) for part in parts if len(part) > 1}
    assert messy == {part[0] for part in parts if len(part) == 1}
