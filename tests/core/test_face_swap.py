from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.face_swap import swapped
from edge.core.suspicion import Suspicion

ALIKE = 0.6


def looks(face, count, seed=0, spread=0.3):
    """Templates of one face: unit vectors about one of its own."""
    center = np.eye(32, dtype=np.float32)[face]
    noise = np.random.default_rng([seed, face]).normal(0.0, spread / np.sqrt(32), (count, 32))
    vectors = (center + noise).astype(np.float32)
    return list(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@settings(deadline=None)
@given(st.integers(0, 16), st.integers(0, 1000))
def test_one_face_is_never_swapped(count, seed):
    assert swapped(looks(0, count, seed), ALIKE) is None


@settings(deadline=None)
@given(st.integers(2, 12), st.integers(2, 6), st.integers(0, 1000))
def test_another_face_is_noticed_at_its_second_frame(before, after, seed):
    first, second = looks(0, before, seed), looks(1, after, seed)
    assert swapped([*first, second[0]], ALIKE) is None
    assert swapped([*first, *second], ALIKE) is Suspicion.FACE_SWAP


def test_it_is_still_known_when_the_first_face_is_back():
    assert swapped([*looks(0, 4), *looks(1, 2), *looks(0, 5, seed=1)], ALIKE) is Suspicion.FACE_SWAP


def test_bad_frames_are_no_other_face():
    bad = [looks(number, 1)[0] for number in (5, 6, 7)]
    assert swapped([*looks(0, 5), *bad, *looks(0, 4, seed=1)], ALIKE) is None


def test_one_frame_before_is_not_enough():
    assert swapped([*looks(0, 1), *looks(1, 2)], ALIKE) is None
