from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.person import Description, Group, GroupId, RecordedGender
from edge.errors import StoreCorrupt
from edge.store.archive import MAGIC, Archive, seal, unseal
from tests.store.builders import NOON, person, record

PASSPHRASE = "correct horse battery"
FIRST_KIND = (
    "T1NUSUFSWTEipMZROdGUbPKx2QXnf95kyMhx7eKInUP7zTslHDSZVzM1sW73j55gz9W1P6+yxKmfVYoiheXRusnxeS6hgfHh"
    "RbcHjzndHYFl4Ag4iHGk1hwVanufjFnYysi4povgmU00WG1lkivGbBYBq1m3PDVT55Y2Ec8VZwRJMSHfSSS3Q01opZuBVSs9"
    "jy2LnBa30DezbY4/8yU+Hq2NbJnVkWhuG8/Xgrfb1irGUkIVNJHr"
)
"""One person without a face, in one group, as written before exports held groups."""
STAFF = Group(GroupId("staff"), "All staff", NOON, "north", ("floor", "badge"))
SEALED = seal(Archive((record("ada", 1, ("staff",)), record("bob", 2)), (STAFF,)), PASSPHRASE)


def test_what_was_sealed_comes_back():
    ada, bob = unseal(SEALED, PASSPHRASE).people
    assert (ada.person, ada.groups) == (record("ada", 1).person, ("staff",))
    assert np.array_equal(ada.faces[0].templates[0].vector, record("ada", 1).faces[0].templates[0].vector)
    assert bob.faces[0].templates[0].model == record("bob", 2).faces[0].templates[0].model


def test_all_that_is_known_of_people_and_groups_comes_back():
    full = replace(record("ada", 1, ("staff",)), descriptions=(Description(STAFF.id, "floor", "3 Ω"),))
    full = replace(full, person=replace(full.person, gender=RecordedGender.FEMALE, tag="badge 17"))
    back = unseal(seal(Archive((full,), (STAFF,)), PASSPHRASE), PASSPHRASE)
    assert back.groups == (STAFF,)
    assert (back.people[0].person, back.people[0].descriptions) == (full.person, full.descriptions)


def test_an_export_of_the_first_kind_is_read():
    back = unseal(base64.b64decode(FIRST_KIND), PASSPHRASE)
    assert [one.person for one in back.people] == [person("ada")]
    assert (back.people[0].groups, back.groups) == (("staff",), ())


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
