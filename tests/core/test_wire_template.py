import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.wire_template import pack, unpack, unpack_all
from edge.errors import MessageMalformed


def a_vector(seed, size=256):
    vector = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    return vector / np.linalg.norm(vector)


@given(st.integers(0, 10_000), st.integers(1, 512))
def test_a_template_stays_itself(seed, size):
    vector = a_vector(seed, size)
    packed = pack(vector)
    assert len(packed) == 4 + size
    there = unpack(packed)
    assert there.dtype == np.float32
    assert np.linalg.norm(there) == pytest.approx(1, abs=1e-6)
    assert float(there @ vector) > 0.9995
    assert pack(there)[4:] == packed[4:]


def test_many_are_read_as_each_alone():
    packed = [pack(a_vector(seed)) for seed in range(5)]
    assert np.array_equal(unpack_all(packed), np.stack([unpack(one) for one in packed]))
    assert unpack_all([]).shape == (0, 0)


def test_the_bytes_are_fixed():
    assert pack(np.array([0.6, -0.8, 0.0], np.float32)).hex() == struct.pack("<f", 0.8 / 127).hex() + "5f8100"


@pytest.mark.parametrize(
    "vector", [np.zeros(4), np.array([]), np.array([np.nan, 1]), np.array([np.inf, 1]), np.ones((2, 2))]
)
def test_what_is_no_template_is_not_packed(vector):
    with pytest.raises(ValueError, match="cannot be packed"):
        pack(vector.astype(np.float32))


@pytest.mark.parametrize(
    "packed",
    [b"", b"\0\0\x80?", struct.pack("<f", 1.0) + b"\0\0", struct.pack("<f", float("nan")) + b"\1",
     struct.pack("<f", 0.0) + b"\1", struct.pack("<f", -1.0) + b"\1", struct.pack("<f", 1.0) + bytes(20_000)],
)  # fmt: skip
def test_what_was_not_packed_is_refused(packed):
    with pytest.raises(MessageMalformed):
        unpack(packed)


def test_templates_of_two_sizes_are_refused():
    with pytest.raises(MessageMalformed, match="differ"):
        unpack_all([pack(a_vector(1)), pack(a_vector(2, 128))])
