import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given

from edge.core.gallery_rows import (
    FaceRow,
    PersonRow,
    Removal,
    Secrets,
    about,
    digest,
    line,
    person_hash,
    read_op,
    written,
)
from edge.core.gallery_snapshot import rows_tree
from edge.core.person import RecordedGender
from edge.errors import MessageMalformed
from tests.core.gallery_strategies import OPS

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ADA = PersonRow("ada", b"\x00\x01", ("lab", "staff"), valid_until=NOON)
FACE = FaceRow("ada", "f-1", "faces@0123456789ab", b"\xff", 875, NOON)


def test_the_vector_of_the_documentation():
    assert line(ADA) == (
        b'{"groups":["lab","staff"],"op":"put","person":"ada","revoked":false,"sealed":"AAE=",'
        b'"valid_until":"2026-05-01T12:00:00.000Z"}'
    )
    assert line(FACE) == (
        b'{"added":"2026-05-01T12:00:00.000Z","face":"f-1","model":"faces@0123456789ab","op":"put",'
        b'"person":"ada","quality":875,"sealed":"/w=="}'
    )
    assert digest(ADA) == hashlib.sha256(line(ADA)).digest()
    rows = [(*row.key, digest(row)) for row in (ADA, FACE)]
    assert rows_tree(rows).root == "2d637f30c1715ac424833038d395d38e5dd735fef43677dc7e74e5fe8c8ca2c0"
    assert about("main", "ada", "f-1", "faces@0123456789ab") == b'["main","ada","f-1","faces@0123456789ab"]'
    assert person_hash("main", "ada") == hashlib.sha256(b'["main","ada"]').hexdigest()


@given(OPS)
def test_an_op_is_read_as_it_was_written(op):
    assert read_op(json.loads(json.dumps(written(op)))) == op


@pytest.mark.parametrize(
    "change",
    [
        {"op": "add"},
        {"person": "a b"},
        {"person": 7},
        {"person": ""},
        {"sealed": "AAE"},
        {"sealed": "AAF="},
        {"sealed": ""},
        {"sealed": "A" * 40_000},
        {"groups": ["staff", "lab"]},
        {"groups": ["lab", "lab"]},
        {"groups": ["a/b"]},
        {"groups": "lab"},
        {"groups": [f"g{number:03}" for number in range(101)]},
        {"revoked": 0},
        {"valid_until": "2026-05-01T12:00:00Z"},
        {"valid_until": "2026-05-01T14:00:00.000+02:00"},
        {"valid_until": "2026-13-01T12:00:00.000Z"},
        {"valid_until": None},
        {"name": "Ada"},
    ],
)
def test_a_person_spelled_otherwise_is_refused(change):
    with pytest.raises(MessageMalformed) as error:
        read_op({**written(ADA), **change})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [{"face": ""}, {"model": ""}, {"model": "é"}, {"quality": 1001}, {"quality": -1}, {"quality": True},
     {"quality": 0.5}, {"added": "noon"}, {"revoked": False}],
)  # fmt: skip
def test_a_face_spelled_otherwise_is_refused(change):
    with pytest.raises(MessageMalformed):
        read_op({**written(FACE), **change})


@pytest.mark.parametrize(
    "value", [None, [], "del", {"op": "del"}, {"op": "del", "person": "a", "face": ""},
              {"op": "del", "person": "a", "all": True}]
)  # fmt: skip
def test_a_removal_spelled_otherwise_is_refused(value):
    with pytest.raises(MessageMalformed):
        read_op(value)


def test_a_removal_names_a_face_or_the_person():
    assert read_op({"op": "del", "person": "ada"}) == Removal("ada")
    assert read_op({"op": "del", "person": "ada", "face": "f-1"}) == Removal("ada", "f-1")


def test_what_is_sealed_of_a_person_comes_back():
    secrets = Secrets("Ada Lovelace Ω", "badge 7", RecordedGender.FEMALE)
    assert Secrets.from_bytes(secrets.to_bytes()) == secrets
    assert "Ada" not in repr(secrets)


@pytest.mark.parametrize(
    "opened", [b"", b"[]", b"{}", b'{"name":"x","tag":"","gender":9}', b'{"name":"x","tag":"","gender":true}',
               b'{"name":1,"tag":"","gender":0}', b'{"name":"x","tag":"","gender":0,"more":1}', b"\xff"]
)  # fmt: skip
def test_other_secrets_are_refused_without_repeating_them(opened):
    with pytest.raises(MessageMalformed, match="cannot be read"):
        Secrets.from_bytes(opened)
