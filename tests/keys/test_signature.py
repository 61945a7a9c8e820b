"""A signature is that of one key, of one message, on one topic, in one spelling."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.canonical import canonical
from edge.errors import MessageMalformed
from edge.keys.signature import SigningKey, is_right, kid_of, signed, signed_bytes
from tests.keys.rings import OPERATOR, shared_secret, unlock

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
SIGNATURE = (
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
    "d25bf5f0595bbe24655141438e7a100b"
)


def test_ed25519_signs_as_rfc_8032_does():
    """Section 7.1, test 1: the empty message."""
    key = SigningKey.ed25519(SEED)
    assert key.public.hex() == PUBLIC
    signature = key.sign(b"")
    assert bytes.fromhex(SIGNATURE) == base64.b64decode(signature["val"])
    assert is_right(signature, b"", "ed25519", key.public)


def test_hmac_signs_as_rfc_4231_does():
    """Section 4.3, test case 2; there its key is shorter than ours are."""
    key = SigningKey("k", "hmac-sha256", b"Jefe")
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert base64.b64decode(key.sign(b"what do ya want for nothing?")["val"]).hex() == digest


def test_a_kid_is_the_beginning_of_the_digest_of_the_key():
    assert kid_of(bytes.fromhex(PUBLIC)) == "21fe31dfa154a261"
    assert SigningKey.ed25519(SEED).kid == "21fe31dfa154a261"


def test_what_is_signed_is_the_canonical_document_and_its_topic():
    envelope = signed(unlock(seconds=2), "a/b", OPERATOR)
    assert signed_bytes(envelope, "a/b") == (
        b'{"body":{"door":"main","seconds":2},"exp":"2026-11-20T12:00:20.000Z",'
        b'"id":"01936f5e-0000-7000-8000-000000000001","topic":"a/b","ts":"2026-11-20T12:00:00.000Z",'
        b'"type":"door.unlock","v":1}'
    )


@pytest.mark.parametrize("key", [OPERATOR, shared_secret("s")])
def test_the_order_of_keys_and_the_signatures_themselves_do_not_matter(key):
    turned = replace(unlock(seconds=2), body={"seconds": 2, "door": "main"})
    one, other = signed(unlock(seconds=2), "t", key), signed(turned, "t", key, OPERATOR)
    assert one.sig == other.sig
    assert signed_bytes(one, "t") == signed_bytes(other, "t")


@pytest.mark.parametrize("key", [OPERATOR, shared_secret("s")])
def test_a_signature_has_one_spelling(key):
    check = key.public if key.algorithm == "ed25519" else key.secret
    signature = key.sign(b"m")
    assert is_right(signature, b"m", key.algorithm, check)
    value = str(signature["val"])
    spellings = [value.rstrip("="), value + "=", value + "\n", " " + value, value.replace("=", "A", 1)]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = value.rstrip("=")[-1]
    spellings.append(value.replace(last + "=", letters[letters.index(last) ^ 1] + "="))
    for spelling in spellings:
        assert not is_right({**signature, "val": spelling}, b"m", key.algorithm, check), spelling


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_changed_message_has_no_right_signature(message, data):
    signature = OPERATOR.sign(message)
    bit = data.draw(st.integers(0, len(message) * 8 - 1))
    changed = bytearray(message)
    changed[bit // 8] ^= 1 << bit % 8
    assert is_right(signature, message, "ed25519", OPERATOR.public)
    assert not is_right(signature, bytes(changed), "ed25519", OPERATOR.public)


@pytest.mark.parametrize("value", ["", "AAAA", "é", None, 7, [], "A" * 88])
def test_no_value_raises(value):
    for algorithm in ("ed25519", "hmac-sha256"):
        assert not is_right({"alg": algorithm, "kid": "k", "val": value}, b"m", algorithm, bytes(32))


def test_a_secret_is_not_shown():
    assert repr(OPERATOR.secret) not in repr(OPERATOR)
    with pytest.raises(ValueError, match="no public part"):
        _ = shared_secret("s").public


@pytest.mark.parametrize("depth", [400, 5_000, 100_000])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["list", "dict"])
def test_values_in_values_are_signed_or_refused_and_crash_nothing(depth, wrap):
    value = 1
    for _ in range(depth):
        value = wrap(value)
    if depth < 500:
        assert canonical(value).count(b"1") == 1
    else:
        with pytest.raises(MessageMalformed):
            canonical(value)


def test_the_canonical_form_is_that_of_rfc_8785_for_what_has_one():
    """Its section 3.2.2 and 3.2.3, but for fractions and for the order of characters beyond U+FFFF."""
    value = {"\u20ac": "Euro Sign", "\r": "Carriage Return", "1": "One", "\u0080": "Control", "\u00f6": None}
    assert canonical(value) == (
        '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":null,"€":"Euro Sign"}'.encode()
    )
    assert canonical(["\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", True, False]) == (
        b'["\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/",true,false]'
    )
