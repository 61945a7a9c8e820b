import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.identifiers import unix_ms_of, uuid7

times = st.integers(0, 2**48 - 1)
noise = st.binary(min_size=10, max_size=10)


@given(times, noise)
def test_an_id_is_a_version_7_uuid_that_carries_its_time(unix_ms, random):
    identifier = uuid7(unix_ms, random)
    parsed = uuid.UUID(identifier)
    assert (parsed.version, parsed.variant, str(parsed)) == (7, uuid.RFC_4122, identifier)
    assert unix_ms_of(identifier) == unix_ms


@given(times, noise, times, noise)
def test_a_later_id_sorts_after_an_earlier_one(first, random, second, other):
    if first < second:
        assert uuid7(first, random) < uuid7(second, other)


@given(times, noise, st.integers(0, 79))
def test_all_but_six_random_bits_count(unix_ms, random, bit):
    flipped = (int.from_bytes(random, "big") ^ (1 << bit)).to_bytes(10, "big")
    is_used = bit < 62 or bit >= 68
    assert (uuid7(unix_ms, random) != uuid7(unix_ms, flipped)) == is_used


def test_the_example_of_the_standard_comes_out():
    # RFC 9562, appendix A.6: rand_a 0xCC3, rand_b 0b01 1000...0C07398F.
    noise_bits = 0xCC3 << 68 | 0x18C4DC0C0C07398F
    assert uuid7(0x017F22E279B0, noise_bits.to_bytes(10, "big")) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@pytest.mark.parametrize(
    ("unix_ms", "random"), [(-1, bytes(10)), (2**48, bytes(10)), (0, bytes(9)), (0, bytes(11))]
)
def test_what_does_not_fit_is_refused(unix_ms, random):
    with pytest.raises(ValueError, match="must"):
        uuid7(unix_ms, random)


def test_no_time_is_read_from_another_kind_of_uuid():
    with pytest.raises(ValueError, match="not a UUIDv7"):
        unix_ms_of("6ba7b810-9dad-41d1-80b4-00c04fd430c8")
