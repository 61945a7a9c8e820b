from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import StoreCorrupt
from edge.store.archive import MAGIC, seal, unseal
from tests.store.builders import record

PASSPHRASE = "correct horse battery"
SEALED = seal([record("ada", 1, ("staff",)), record("bob", 2)], PASSPHRASE)


def test_what_was_sealed_comes_back():
    ada, bob = unseal(SEALED, PASSPHRASE)
    assert (ada.person, ada.groups) == (record("ada", 1).person, ("staff",))
    assert np.array_equal(ada.faces[0].templates[0].vector, record("ada", 1).faces[0].templates[0].vector)
    assert bob.faces[0].templates[0].model == record("bob", 2).faces[0].templates[0].model


def test_nothing_of_a_person_can_be_read_from_the_file():
    assert b"ada" not in SEALED
    assert record("ada", 1).faces[0].templates[0].vector.tobytes() not in SEALED


def test_a_wrong_passphrase_is_refused():
    with pytest.raises(StoreCorrupt, match="passphrase"):
        unseal(SEALED, "wrong horse battery")


@pytest.mark.parametrize("data", [b"", b"GIF89a", MAGIC, MAGIC + b"short"])
def test_another_file_is_refused(data):
    with pytest.raises(StoreCorrupt):
        unseal(data, PASSPHRASE)


@pytest.mark.parametrize("place", [8, 30, 40, -1])
def test_a_changed_byte_is_noticed(place):
    damaged = bytearray(SEALED)
    damaged[place] ^= 1
    with pytest.raises(StoreCorrupt):
        unseal(bytes(damaged), PASSPHRASE)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(SEALED) - 1))
def test_a_file_cut_short_is_noticed(length):
    with pytest.raises(StoreCorrupt):
        unseal(SEALED[:length], PASSPHRASE)
