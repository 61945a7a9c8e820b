"""Read the bodies of messages about a gallery: strictly, so that each has one reading.

Every function raises MessageMalformed, in one line that names what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from edge.core.envelope import signature
from edge.core.events import Json
from edge.core.gallery_rows import PersonRow, Row, model_id, read_op, read_row
from edge.core.gallery_snapshot import WINDOW
from edge.core.gallery_sync import (
    RECEIPT_PEOPLE,
    ChunksWanted,
    Delta,
    DeltasWanted,
    GalleryAck,
    Head,
    Mark,
    Offer,
    Receipt,
    Request,
    SnapshotRef,
    SnapshotWanted,
)
from edge.errors import MessageMalformed

_LARGEST = 1 << 53
_MOST_OPS = 2_000
_LEVEL = re.compile(r"[a-z0-9-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_Body = dict[str, Json]
_T = TypeVar("_T")


def read_head(body: _Body) -> Head:
    _keys(body, "gallery epoch version root count model min_delta snapshot", "epoch_proof")
    proof = body.get("epoch_proof")
    if proof is not None and not isinstance(proof, dict):
        raise MessageMalformed("'epoch_proof' of a head is not an envelope; leave it out or correct it")
    snapshot = body["snapshot"]
    if snapshot is not None and not isinstance(snapshot, dict):
        raise MessageMalformed("'snapshot' of a head is neither null nor an object; correct it")
    head = Head(
        _gallery(body),
        _whole(body, "epoch", 1),
        _whole(body, "version", 1),
        _hash(body, "root"),
        _whole(body, "count"),
        model_id(body["model"]),
        _whole(body, "min_delta"),
        None if snapshot is None else _snapshot(snapshot),
        proof,
    )
    if head.min_delta > head.version or (head.snapshot is not None and head.snapshot.version > head.version):
        raise MessageMalformed("the head has deltas or a snapshot beyond its version; correct it")
    return head


def read_delta(body: _Body) -> Delta:
    _keys(body, "gallery epoch from to prev_root root ops")
    delta = Delta(
        _gallery(body),
        _whole(body, "epoch", 1),
        _whole(body, "from"),
        _whole(body, "to", 1),
        _hash(body, "prev_root"),
        _hash(body, "root"),
        tuple(_list(body, "ops", _MOST_OPS, read_op)),
    )
    if delta.to_version <= delta.from_version:
        raise MessageMalformed("a delta has to lead to a later version; correct 'from' and 'to'")
    if len({op.key for op in delta.ops}) < len(delta.ops):
        raise MessageMalformed("a delta names one row twice; send its last state only")
    return delta


def read_request(body: _Body) -> Request:
    match body.get("want"):
        case "deltas":
            _has(body, "gallery want epoch have root")
            return DeltasWanted(
                _gallery(body), _whole(body, "epoch"), _whole(body, "have"), _hash(body, "root")
            )
        case "snapshot":
            _has(body, "gallery want version sha256 from count")
            count = _whole(body, "count", 1)
            if count > WINDOW:
                raise MessageMalformed(f"{count} chunks are asked for; ask for at most {WINDOW} at a time")
            version = _whole(body, "version", 1)
            return ChunksWanted(_gallery(body), version, _hash(body, "sha256"), _whole(body, "from"), count)
        case "prepare":
            _has(body, "gallery want epoch have")
            return SnapshotWanted(_gallery(body), _whole(body, "epoch"), _whole(body, "have"))
        case _:
            raise MessageMalformed("'want' of a request is not deltas, snapshot or prepare; correct it")


def read_ack(body: _Body) -> GalleryAck:
    _has(body, "gallery epoch version root count ms")
    return GalleryAck(
        _gallery(body),
        _whole(body, "epoch"),
        _whole(body, "version"),
        _hash(body, "root"),
        _whole(body, "count"),
        _whole(body, "ms"),
    )


def read_receipt(body: _Body) -> Receipt:
    """Whether its `sig` is right is for those who know the key of the device."""
    if "sig" in body:
        signature(body["sig"], "sig")
    _has(body, "gallery version root person_hashes")
    hashes = _list(body, "person_hashes", RECEIPT_PEOPLE, _sha256)
    return Receipt(_gallery(body), _whole(body, "version"), _hash(body, "root"), tuple(hashes))


def read_offer(body: _Body) -> Offer:
    """Exactly one person, and faces of that person."""
    _has(body, "gallery ops")
    rows: list[Row] = _list(body, "ops", _MOST_OPS, read_row)
    people = [row for row in rows if isinstance(row, PersonRow)]
    if (
        len(people) != 1
        or len({row.key for row in rows}) < len(rows)
        or len({row.person for row in rows}) > 1
    ):
        raise MessageMalformed("an offer is not one person with faces of that person; offer one at a time")
    return Offer(_gallery(body), tuple(rows))


def read_epoch(body: _Body) -> tuple[str, Mark, str]:
    """What a root key says of an epoch: the gallery, where the epoch begins, and the root there."""
    _keys(body, "gallery epoch version root")
    return _gallery(body), Mark(_whole(body, "epoch", 1), _whole(body, "version", 1)), _hash(body, "root")


def _snapshot(body: _Body) -> SnapshotRef:
    _keys(body, "version root count sha256 bytes")
    return SnapshotRef(
        _whole(body, "version", 1),
        _hash(body, "root"),
        _whole(body, "count"),
        _hash(body, "sha256"),
        _whole(body, "bytes", 1),
    )


def _keys(body: _Body, needed: str, optional: str = "") -> None:
    if not set(needed.split()) <= body.keys() <= {*needed.split(), *optional.split()}:
        raise MessageMalformed(f"the body must have the keys {', '.join(needed.split())}; correct it")


def _has(body: _Body, needed: str) -> None:
    """As `_keys`, for what devices say: of a newer one, keys that are not known here are passed over."""
    if not set(needed.split()) <= body.keys():
        raise MessageMalformed(
            f"the body must have the keys {', '.join(needed.split())}; add what is missing"
        )


def _gallery(body: _Body) -> str:
    value = body["gallery"]
    if isinstance(value, str) and _LEVEL.fullmatch(value):
        return value
    raise MessageMalformed("'gallery' is not 1 to 64 of a-z, 0-9 and -; correct it")


def _whole(body: _Body, key: str, least: int = 0) -> int:
    value = body[key]
    if type(value) is int and least <= value < _LARGEST:
        return value
    raise MessageMalformed(f"{key!r} is not a whole number from {least} on; correct it")


def _hash(body: _Body, key: str) -> str:
    try:
        return _sha256(body[key])
    except MessageMalformed:
        raise MessageMalformed(f"{key!r} is not 64 hexadecimal digits in lower case; correct it") from None


def _sha256(value: Json) -> str:
    if isinstance(value, str) and _SHA256.fullmatch(value):
        return value
    raise MessageMalformed("a digest is not 64 hexadecimal digits in lower case; correct it")


def _list(body: _Body, key: str, most: int, read: Callable[[Json], _T]) -> list[_T]:
    value = body[key]
    if not isinstance(value, list) or len(value) > most:
        raise MessageMalformed(f"{key!r} is not a list of at most {most}; correct it")
    return [read(one) for one in value]
