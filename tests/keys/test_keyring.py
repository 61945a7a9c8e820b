"""A signature counts when it is right, here, now, of a known key; the list of keys only moves on."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.roles import Role
from edge.errors import KeyringInvalid
from edge.keys.keyring import Keyring, keyring_from, parse_keyring
from edge.keys.signature import signed
from tests.keys.rings import (
    GALLERY,
    KEYS_TOPIC,
    NOW,
    OPERATOR,
    RESCUERS,
    ROOT,
    keyring,
    keys_list,
    known,
    shared_secret,
    signing_key,
    unlock,
)

TOPIC = "ostiary/1/site/d/door-1/cmd"
STRANGER = signing_key("stranger")
SECRET = shared_secret("office")


def kids(envelope, *, ring=None, topic=TOPIC, now=NOW):
    return [signer.kid for signer in (ring or keyring()).signers(envelope, topic, now)]


def test_a_right_signature_names_its_key_and_roles():
    (signer,) = keyring().signers(signed(unlock(), TOPIC, OPERATOR), TOPIC, NOW)
    assert (signer.kid, signer.roles) == (OPERATOR.kid, {Role.OPERATOR})


def test_cosigners_count_once_each():
    first, second = RESCUERS
    assert kids(signed(unlock(), TOPIC, first, second, first, second)) == [first.kid, second.kid]
    assert kids(signed(unlock(), TOPIC, first, first)) == [first.kid]


def test_a_wrong_cosignature_takes_nothing_from_the_right_ones():
    envelope = signed(unlock(), TOPIC, OPERATOR, STRANGER)
    assert kids(envelope) == [OPERATOR.kid]
    forged = {**envelope.cosig[0], "kid": RESCUERS[0].kid}
    assert kids(replace(envelope, cosig=(forged,))) == [OPERATOR.kid]


def test_a_shared_secret_signs_too():
    ring = keyring(1, known(SECRET, Role.OPERATOR))
    assert kids(signed(unlock(), TOPIC, SECRET), ring=ring) == ["office"]


def test_a_public_key_is_no_shared_secret():
    """Whoever knows a public key, as everybody may, must not sign with it as if it were a secret."""
    public = replace(shared_secret("x"), kid=OPERATOR.kid, secret=OPERATOR.public)
    assert kids(signed(unlock(), TOPIC, public)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "01936f5e-0000-7000-8000-000000000002"},
        {"ts": NOW + timedelta(seconds=1)},
        {"exp": NOW + timedelta(seconds=21)},
        {"exp": None},
        {"type": "door.posture"},
        {"body": {"door": "side"}},
        {"body": {"door": "main", "seconds": 60}},
        {"dev": "door-1"},
        {"corr": "01936f5e-0000-7000-8000-000000000009"},
        {"sig": None},
    ],
)
def test_any_change_after_signing_is_noticed(changes):
    assert kids(replace(signed(unlock(), TOPIC, OPERATOR), **changes)) == []


@pytest.mark.parametrize(
    "topic", ["ostiary/1/site/d/door-2/cmd", "ostiary/1/site/all/cmd", "ostiary/1/other/d/door-1/cmd", ""]
)
def test_a_signature_for_another_topic_is_wrong_here(topic):
    assert kids(signed(unlock(), topic, OPERATOR)) == []


def test_a_key_nobody_knows_signs_nothing():
    assert kids(signed(unlock(), TOPIC, STRANGER)) == []


def test_a_fraction_in_a_signed_body_has_no_signature():
    envelope = signed(unlock(), TOPIC, OPERATOR)
    assert kids(replace(envelope, body={"door": "main", "seconds": 0.5})) == []


def test_a_key_counts_from_its_first_moment_until_before_its_last():
    ring = Keyring(1, (known(OPERATOR, Role.OPERATOR, not_before=NOW, not_after=NOW + timedelta(hours=1)),))
    envelope = signed(unlock(), TOPIC, OPERATOR)
    at = {
        second: kids(envelope, ring=ring, now=NOW + timedelta(seconds=second))
        for second in (-1, 0, 3599, 3600)
    }
    assert at == {-1: [], 0: [OPERATOR.kid], 3599: [OPERATOR.kid], 3600: []}


@given(st.dictionaries(st.sampled_from(["alg", "kid", "val"]), st.text(max_size=100), min_size=3))
def test_no_signature_of_a_stranger_is_taken_for_right_or_raises(signature):
    assert kids(replace(unlock(), sig=signature, cosig=(signature,))) == []
    claimed = {**signature, "kid": OPERATOR.kid, "alg": "ed25519"}
    assert kids(replace(unlock(), sig=claimed)) == []


def test_a_keyring_survives_its_file():
    ring = keyring(
        7,
        known(SECRET, Role.OPERATOR),
        known(STRANGER, Role.OTA, not_before=NOW, not_after=NOW + timedelta(1)),
    )
    assert parse_keyring(ring.to_json()) == ring


def test_nothing_secret_is_in_a_message_or_a_repr():
    ring = keyring(1, known(SECRET, Role.OPERATOR))
    secret = base64.b64encode(SECRET.secret).decode()
    assert secret in ring.to_json()
    assert secret not in json.dumps(ring.body())
    assert "office" not in json.dumps(ring.body())
    assert repr(SECRET.secret) not in repr(ring)


NEXT = Keyring(2, (known(ROOT, Role.ROOT), known(STRANGER, Role.OPERATOR)))


def test_a_list_signed_by_the_root_replaces_the_keys():
    rotated = keyring().rotated(keys_list(NEXT, ROOT), KEYS_TOPIC, NOW)
    assert rotated == NEXT
    assert kids(signed(unlock(), TOPIC, OPERATOR), ring=rotated) == []
    assert kids(signed(unlock(), TOPIC, STRANGER), ring=rotated) == [STRANGER.kid]


def test_a_root_key_hands_over_to_another():
    heir = signing_key("heir")
    both = Keyring(2, (known(ROOT, Role.ROOT), known(heir, Role.ROOT)))
    alone = Keyring(3, (known(heir, Role.ROOT),))
    ring = keyring().rotated(keys_list(both, ROOT), KEYS_TOPIC, NOW)
    ring = ring.rotated(keys_list(alone, heir), KEYS_TOPIC, NOW)
    with pytest.raises(KeyringInvalid, match="not signed by a root key"):
        ring.rotated(keys_list(Keyring(4, keyring().keys), ROOT), KEYS_TOPIC, NOW)


def test_shared_secrets_of_the_file_stay():
    ring = keyring(1, known(SECRET, Role.OPERATOR))
    rotated = ring.rotated(keys_list(NEXT, ROOT), KEYS_TOPIC, NOW)
    assert kids(signed(unlock(), TOPIC, SECRET), ring=rotated) == ["office"]


@pytest.mark.parametrize("signer", [OPERATOR, GALLERY, RESCUERS[0], STRANGER, None])
def test_nobody_but_a_root_key_introduces_keys(signer):
    with pytest.raises(KeyringInvalid, match="not signed by a root key"):
        keyring().rotated(keys_list(NEXT, *([signer] if signer else [])), KEYS_TOPIC, NOW)


def test_a_root_cosigner_is_enough():
    assert keyring().rotated(keys_list(NEXT, OPERATOR, ROOT), KEYS_TOPIC, NOW) == NEXT


def test_an_older_list_is_refused_and_the_same_changes_nothing():
    ring = keyring(3)
    with pytest.raises(KeyringInvalid, match="version 2 is older than 3"):
        ring.rotated(keys_list(NEXT, ROOT), KEYS_TOPIC, NOW)
    assert ring.rotated(keys_list(replace(NEXT, version=3), ROOT), KEYS_TOPIC, NOW) is ring


def test_a_list_for_another_site_is_refused():
    elsewhere = keys_list(NEXT, ROOT, topic="ostiary/1/other/keys")
    with pytest.raises(KeyringInvalid, match="not signed"):
        keyring().rotated(elsewhere, KEYS_TOPIC, NOW)


def test_a_signed_command_is_no_list_of_keys():
    disguised = signed(replace(unlock(), body=NEXT.body()), KEYS_TOPIC, ROOT)
    with pytest.raises(KeyringInvalid, match="no list of keys"):
        keyring().rotated(disguised, KEYS_TOPIC, NOW)


def test_a_list_that_would_lock_everybody_out_or_give_a_secret_away_is_refused():
    orphaned = Keyring(2, (known(STRANGER, Role.OPERATOR),))
    with pytest.raises(KeyringInvalid, match="no root key"):
        keyring().rotated(keys_list(orphaned, ROOT), KEYS_TOPIC, NOW)
    leak = json.loads(keyring(2, known(SECRET, Role.OPERATOR)).to_json())
    leaking = signed(replace(keys_list(NEXT), body=leak), KEYS_TOPIC, ROOT)
    with pytest.raises(KeyringInvalid, match="shared secret"):
        keyring().rotated(leaking, KEYS_TOPIC, NOW)


GOOD = json.loads(keyring().to_json())


def with_key(**changes):
    first = {**GOOD["keys"][0], **changes}
    return {**GOOD, "keys": [{key: value for key, value in first.items() if value is not ...}]}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (None, "an object"),
        ({}, "an object"),
        ({**GOOD, "extra": 1}, "an object"),
        ({**GOOD, "version": 0}, "'version'"),
        ({**GOOD, "version": True}, "'version'"),
        ({**GOOD, "version": 1.0}, "'version'"),
        ({**GOOD, "version": 2**53}, "'version'"),
        ({**GOOD, "keys": []}, "'keys'"),
        ({**GOOD, "keys": GOOD["keys"] * 100}, "'keys'"),
        ({**GOOD, "keys": [7]}, "key 1"),
        ({**GOOD, "keys": GOOD["keys"] + GOOD["keys"][:1]}, "twice"),
        (with_key(kid=...), "entries"),
        (with_key(more=1), "entries"),
        (with_key(kid="0" * 16), "not that of the key"),
        (with_key(kid=7), "'kid'"),
        (with_key(kid="a\n"), "'kid'"),
        (with_key(alg="rsa"), "'alg'"),
        (with_key(alg=[]), "'alg'"),
        (with_key(alg="hmac-sha256"), "cannot be a root key"),
        (with_key(key="AAAA"), "32 bytes"),
        (with_key(key="?" * 44), "32 bytes"),
        (with_key(key=7), "32 bytes"),
        (with_key(roles=[]), "'roles'"),
        (with_key(roles="root"), "'roles'"),
        (with_key(roles=["king"]), "'roles'"),
        (with_key(roles=[[]]), "'roles'"),
        (with_key(roles=[{}]), "'roles'"),
        (with_key(not_after="tomorrow"), "'not_after'"),
        (with_key(not_before=7), "'not_before'"),
    ],
)
def test_what_is_no_keyring_is_refused_by_name(body, why):
    with pytest.raises(KeyringInvalid, match=why) as refused:
        keyring_from(body)
    assert "\n" not in str(refused.value)


def test_one_secret_under_two_names_is_refused():
    twin = replace(shared_secret("a"), kid="b")
    ring = Keyring(1, (known(shared_secret("a"), Role.EMERGENCY), known(twin, Role.EMERGENCY)))
    with pytest.raises(KeyringInvalid, match="twice"):
        parse_keyring(ring.to_json())
