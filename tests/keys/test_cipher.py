from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.gallery_rows import about
from edge.errors import SealBroken
from edge.keys.cipher import OVERHEAD_BYTES, new_key, seal, unseal

KEY = bytes(range(32))
ABOUT = about("main", "p-1", "f-1", "small")


@given(st.binary(max_size=2000))
def test_what_was_sealed_opens_again(plain):
    sealed = seal(KEY, plain, ABOUT)
    assert unseal(KEY, sealed, ABOUT) == plain
    assert len(sealed) == len(plain) + OVERHEAD_BYTES


def test_the_same_is_sealed_differently_each_time():
    assert len({seal(KEY, b"template", ABOUT) for _ in range(100)}) == 100


@given(st.data())
def test_a_flipped_bit_opens_nothing(data):
    sealed = bytearray(seal(KEY, b"a template", ABOUT))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken, match="does not open"):
        unseal(KEY, bytes(sealed), ABOUT)


@given(st.binary(max_size=OVERHEAD_BYTES + 20))
def test_other_bytes_open_nothing(junk):
    with pytest.raises(SealBroken):
        unseal(KEY, junk, ABOUT)


@pytest.mark.parametrize(
    "other",
    [
        about("side", "p-1", "f-1", "small"),
        about("main", "p-2", "f-1", "small"),
        about("main", "p-1", "f-2", "small"),
        about("main", "p-1", "f-1", "large"),
        about("main", "p-1"),
        about("main", "p-1f-1", "", "small"),
    ],
)
def test_moved_to_something_else_it_does_not_open(other):
    sealed = seal(KEY, b"a template", ABOUT)
    with pytest.raises(SealBroken):
        unseal(KEY, sealed, other)


def test_another_key_opens_nothing():
    sealed = seal(KEY, b"a template", ABOUT)
    with pytest.raises(SealBroken):
        unseal(new_key(), sealed, ABOUT)


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_a_key_of_another_length_is_refused(size):
    with pytest.raises(ValueError, match="32 bytes"):
        seal(bytes(size), b"", ABOUT)


def test_what_another_program_sealed_by_the_standard_opens():
    """McGrew and Viega, The Galois/Counter Mode of Operation, test cases 13 and 14."""
    empty = bytes.fromhex("530f8afbc74536b9a963b4f1c4cb738b")
    zeros = bytes.fromhex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    assert unseal(bytes(32), bytes(12) + empty, b"") == b""
    assert unseal(bytes(32), bytes(12) + zeros, b"") == bytes(16)
