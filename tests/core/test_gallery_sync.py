import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.gallery_bodies import (
    read_ack,
    read_delta,
    read_epoch,
    read_head,
    read_offer,
    read_receipt,
    read_request,
)
from edge.core.gallery_following import Fit, Next, fit, needs_root, next_step
from edge.core.gallery_rows import PersonRow, Removal
from edge.core.gallery_sync import (
    ChunksWanted,
    Delta,
    DeltasWanted,
    GalleryAck,
    Have,
    Head,
    Mark,
    Offer,
    Receipt,
    SnapshotRef,
    SnapshotWanted,
)
from edge.errors import MessageMalformed
from tests.core.gallery_strategies import OPS
from tests.core.test_gallery_rows import ADA, FACE

A, B, C = "a" * 64, "b" * 64, "c" * 64
REF = SnapshotRef(8, B, 3, C, 1000)
HEAD = Head("main", 1, 9, A, 3, "faces@0123456789ab", 5, REF, {"v": 1})
DELTA = Delta("main", 1, 8, 9, A, B, (ADA, FACE, Removal("bob")))


SAID_BY_DEVICES = (read_request, read_ack, read_receipt, read_offer)
"""A newer one may say more."""


def as_sent(body):
    return json.loads(json.dumps(body))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (HEAD, read_head),
        (replace(HEAD, snapshot=None, epoch_proof=None), read_head),
        (DELTA, read_delta),
        (DeltasWanted("main", 1, 5, A), read_request),
        (ChunksWanted("main", 8, C, 0, 16), read_request),
        (SnapshotWanted("main", 0, 0), read_request),
        (GalleryAck("main", 1, 9, A, 3, 12), read_ack),
        (Receipt("main", 9, A, (B, C)), read_receipt),
        (Offer("main", (ADA, FACE)), read_offer),
    ],
)
def test_a_body_is_read_as_it_was_written(value, read):
    body = as_sent(value.body())
    assert read(body) == value
    if read in SAID_BY_DEVICES:
        assert read({**body, "more": 1}) == value
    else:
        with pytest.raises(MessageMalformed):
            read({**body, "more": 1})
    for key in body.keys() - {"epoch_proof"}:
        with pytest.raises(MessageMalformed):
            read({one: content for one, content in body.items() if one != key})


@given(st.lists(OPS, max_size=5, unique_by=lambda op: op.key))
def test_any_delta_comes_back(ops):
    delta = replace(DELTA, ops=tuple(ops))
    assert read_delta(as_sent(delta.body())) == delta


@pytest.mark.parametrize(
    ("read", "body", "change"),
    [
        (read_head, HEAD, {"gallery": "Main"}),
        (read_head, HEAD, {"epoch": 0}),
        (read_head, HEAD, {"version": 1 << 53}),
        (read_head, HEAD, {"version": "9"}),
        (read_head, HEAD, {"root": A.upper()}),
        (read_head, HEAD, {"count": -1}),
        (read_head, HEAD, {"min_delta": 10}),
        (read_head, HEAD, {"snapshot": {**REF.body(), "version": 10}}),
        (read_head, HEAD, {"snapshot": {**REF.body(), "bytes": 0}}),
        (read_head, HEAD, {"snapshot": []}),
        (read_head, HEAD, {"epoch_proof": "x"}),
        (read_delta, DELTA, {"from": 9}),
        (read_delta, DELTA, {"ops": [{}]}),
        (read_delta, DELTA, {"ops": [{"op": "del", "person": "a"}] * 2}),
        (read_delta, DELTA, {"ops": {}}),
        (read_request, DeltasWanted("main", 1, 5, A), {"want": "all"}),
        (read_request, ChunksWanted("main", 8, C, 0, 16), {"count": 17}),
        (read_request, ChunksWanted("main", 8, C, 0, 16), {"count": 0}),
        (read_receipt, Receipt("main", 9, A, ()), {"person_hashes": ["ada"]}),
        (read_offer, Offer("main", (ADA, FACE)), {"ops": []}),
        (read_offer, Offer("main", (ADA, PersonRow("bob", b"1"))), {}),
        (read_offer, Offer("main", (FACE,)), {}),
        (read_offer, Offer("main", (PersonRow("bob", b"1"), FACE)), {}),
    ],
)
def test_another_body_is_refused_in_one_line(read, body, change):
    with pytest.raises(MessageMalformed) as error:
        read(as_sent(body.body()) | change)
    assert "\n" not in str(error.value)


def test_an_epoch_is_read():
    body = {"gallery": "main", "epoch": 2, "version": 10, "root": A}
    assert read_epoch(body) == ("main", Mark(2, 10), A)


def test_a_delta_says_whom_it_denies():
    ops = (replace(ADA, revoked=True), Removal("bob"), Removal("carl", "f"), PersonRow("dora", b"1"))
    assert replace(DELTA, ops=ops).denied == ("ada", "bob")


def test_a_head_without_its_snapshot_file_and_proof_shows_nothing_sealed():
    assert "AAE" not in repr(DELTA)
    assert "x00" not in repr(DELTA.ops)


HERE = Have("main", 1, 8, B, 2)
NEW = replace(REF, version=9)


@pytest.mark.parametrize(
    ("have", "head", "by_deltas", "step"),
    [
        (replace(HERE, version=9, root=A, count=3), HEAD, True, Next.UP_TO_DATE),
        (replace(HERE, version=8, root=A, count=3), HEAD, True, Next.ADOPT),
        (replace(HERE, root=A, count=3), replace(HEAD, epoch=2), True, Next.ADOPT),
        (replace(HERE, version=10), HEAD, True, Next.AHEAD),
        (replace(HERE, epoch=2, version=1), HEAD, True, Next.AHEAD),
        (HERE, HEAD, True, DeltasWanted("main", 1, 8, B)),
        (replace(HERE, version=5), HEAD, True, DeltasWanted("main", 1, 5, B)),
        (replace(HERE, version=4, root=C), HEAD, True, REF),
        (Have("main"), HEAD, True, REF),
        (Have("main"), replace(HEAD, min_delta=0, epoch=1), True, REF),
        (replace(HERE, root=C), HEAD, False, SnapshotWanted("main", 1, 8)),
        (replace(HERE, version=7, root=C), HEAD, False, REF),
        (replace(HERE, version=9), HEAD, True, SnapshotWanted("main", 1, 9)),
        (replace(HERE, version=9), replace(HEAD, snapshot=NEW), True, NEW),
        (replace(HERE, version=4), replace(HEAD, snapshot=None), True, SnapshotWanted("main", 1, 4)),
        (HERE, replace(HEAD, epoch=2, version=20), True, REF),
        (replace(HERE, epoch=2), replace(HEAD, epoch=2, min_delta=9), True, SnapshotWanted("main", 2, 8)),
    ],
)  # fmt: skip
def test_what_a_device_does_next(have, head, by_deltas, step):
    assert next_step(have, head, by_deltas=by_deltas) == step


@pytest.mark.parametrize(
    ("have", "expected"),
    [
        (Have("main", 1, 8, A), Fit.APPLIES),
        (Have("main", 1, 8, B), Fit.FORKED),
        (Have("main", 1, 9, B), Fit.STALE),
        (Have("main", 1, 10, A), Fit.STALE),
        (Have("main", 2, 1, A), Fit.STALE),
        (Have("main", 1, 7, A), Fit.EARLY),
        (Have("main", 0, 0, A), Fit.EARLY),
    ],
)
def test_how_a_delta_fits(have, expected):
    assert fit(have, DELTA) is expected


@pytest.mark.parametrize(
    ("have", "newest", "epoch", "expected"),
    [(0, None, 5, False), (1, None, 1, False), (1, None, 2, True), (0, 1, 2, True), (2, 3, 3, False)],
)
def test_only_a_root_key_begins_another_epoch(have, newest, epoch, expected):
    newest = None if newest is None else replace(HEAD, epoch=newest)
    assert needs_root(Have("main", have, 1), newest, replace(HEAD, epoch=epoch)) is expected
