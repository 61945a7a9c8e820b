from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.gallery_orders import (
    GALLERY_ORDERS,
    CopyPerson,
    CreateGroup,
    DeleteGroup,
    ListPeople,
    ModifyPerson,
    ShowPerson,
)
from edge.core.order_body import KEEP, BadOrder, read_order

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = sorted({field.name for kind in GALLERY_ORDERS.values() for field in fields(kind)})


def test_what_is_left_out_stays_as_it_is() -> None:
    order = read_order(ModifyPerson, {"person": "p1", "valid_until": None})
    assert isinstance(order, ModifyPerson)
    assert order.valid_until is None
    assert order.valid_from is KEEP
    assert order.name is KEEP


def test_times_have_a_zone() -> None:
    order = read_order(ModifyPerson, {"person": "p1", "valid_from": "2026-05-01T12:00:00Z"})
    assert isinstance(order, ModifyPerson)
    assert order.valid_from == datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (CreateGroup, {}),
        (CreateGroup, {"group": None}),
        (CreateGroup, {"group": "g", "fields": "team"}),
        (CreateGroup, {"group": "g", "fields": ["a"] * 201}),
        (CreateGroup, {"group": "g", "name": "x" * 1001}),
        (CreateGroup, {"group": "g", "surprise": 1}),
        (DeleteGroup, {"group": "g", "with_people": 1}),
        (ListPeople, {"offset": -1}),
        (ListPeople, {"limit": True}),
        (ModifyPerson, {"person": "p", "valid_from": "tomorrow"}),
        (ModifyPerson, {"person": "p", "valid_from": "2026-05-01T12:00:00"}),
        (ModifyPerson, {"person": "p", "valid_from": 5}),
        (ModifyPerson, {"person": "p", "valid_from": "0001-01-01T00:00:00+14:00"}),
        (ModifyPerson, {"person": "p", "valid_until": "9999-12-31T23:00:00-14:00"}),
        (ShowPerson, {"person": "\ud800"}),
        (CopyPerson, {"person": "ada", "groups": ["\udfff"]}),
    ],
)
def test_a_body_that_is_no_order_is_refused(kind, body) -> None:
    with pytest.raises(BadOrder):
        read_order(kind, body)


@given(st.sampled_from(sorted(GALLERY_ORDERS)), st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6))
def test_any_body_is_an_order_or_refused(kind, body) -> None:
    try:
        order = read_order(GALLERY_ORDERS[kind], body)
    except BadOrder:
        return
    assert isinstance(order, GALLERY_ORDERS[kind])
