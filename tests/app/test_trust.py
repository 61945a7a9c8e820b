"""Which keyring is in force: that of the file, or a newer one a root key signed, across restarts."""

from __future__ import annotations

import json

import pytest

from edge.app.trust import Trust, open_trust
from edge.configuration import load as load_settings
from edge.core.door_config import DoorConfig
from edge.core.envelope import document
from edge.core.roles import Role
from edge.errors import KeyringInvalid
from edge.keys.keyring import Keyring
from edge.keys.signature import signed
from edge.ports import Message
from tests.factories import NOON
from tests.keys.rings import (
    KEYS_TOPIC,
    OPERATOR,
    ROOT,
    keyring,
    keys_list,
    known,
    shared_secret,
    signing_key,
    unlock,
)
from tests.service.test_access import Site

TOPIC = "ostiary/1/site/d/door-1/cmd"
HEIR = signing_key("heir")


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path, DoorConfig(has_contact=False))
    yield made
    made.database.close()


def trust(site, ring=None):
    return Trust(
        keyring() if ring is None else ring,
        topic=KEYS_TOPIC,
        journal=site.journal,
        reporter=site.controller.reporter,
        clocks=site.clock.clocks(),
    )


def message(envelope, topic=KEYS_TOPIC):
    payload = envelope if isinstance(envelope, bytes) else json.dumps(document(envelope)).encode()
    return Message(topic, payload, retain=True, qos=1, at=0.0)


def ring_of(version, *keys):
    return Keyring(version, (known(ROOT, Role.ROOT), *keys))


def may(held, key):
    """Whether a command signed with this key counts."""
    return bool(held.signers(signed(unlock(at=NOON), TOPIC, key), TOPIC, NOON))


NEXT = ring_of(2, known(HEIR, Role.OPERATOR))


def test_a_new_list_takes_the_place_of_the_keys_at_once_and_for_good(site):
    held = trust(site)
    assert (may(held, OPERATOR), may(held, HEIR), held.version) == (True, False, 1)
    held.receive(message(keys_list(NEXT, ROOT)))
    assert (may(held, OPERATOR), may(held, HEIR), held.version) == (False, True, 2)
    again = trust(site)
    assert (may(again, OPERATOR), may(again, HEIR), again.version) == (False, True, 2)
    assert site.types[-1:] == ["audit.keys_changed"]


def test_the_retained_list_of_every_connection_is_told_of_once(site):
    held = trust(site)
    for _ in range(5):
        held.receive(message(keys_list(NEXT, ROOT)))
    assert site.types.count("audit.keys_changed") == 1


@pytest.mark.parametrize("again", [False, True])
def test_an_older_list_is_never_taken(site, again):
    held = trust(site)
    held.receive(message(keys_list(ring_of(3, known(HEIR, Role.OPERATOR)), ROOT)))
    held = trust(site) if again else held
    held.receive(message(keys_list(ring_of(2, known(OPERATOR, Role.OPERATOR)), ROOT)))
    assert (may(held, OPERATOR), may(held, HEIR), held.version) == (False, True, 3)


def test_an_older_file_of_the_same_site_brings_no_revoked_key_back(site):
    trust(site).receive(message(keys_list(ring_of(9, known(HEIR, Role.OPERATOR)), ROOT)))
    held = trust(site, keyring(8))
    assert (may(held, OPERATOR), held.version) == (False, 9)


def test_a_newer_file_counts(site):
    trust(site).receive(message(keys_list(NEXT, ROOT)))
    held = trust(site, keyring(3))
    assert (may(held, OPERATOR), may(held, HEIR), held.version) == (True, False, 3)


def test_a_file_with_other_roots_counts_whatever_was_kept(site):
    trust(site).receive(message(keys_list(ring_of(9), ROOT)))
    elsewhere = Keyring(1, (known(HEIR, Role.ROOT), known(OPERATOR, Role.OPERATOR)))
    assert trust(site, elsewhere).version == 1


def test_a_replaced_root_key_is_not_revived_by_a_restart(site):
    held = trust(site)
    held.receive(message(keys_list(ring_of(2, known(HEIR, Role.ROOT)), ROOT)))
    held.receive(message(keys_list(Keyring(3, (known(HEIR, Role.ROOT),)), HEIR)))
    held = trust(site)
    held.receive(message(keys_list(ring_of(4), ROOT)))
    assert held.version == 3


def test_secrets_of_the_file_count_beside_a_newer_list_and_are_not_kept(site):
    secret = shared_secret("office")
    ring = keyring(1, known(secret, Role.OPERATOR))
    trust(site, ring).receive(message(keys_list(NEXT, ROOT)))
    assert may(trust(site, ring), secret)
    assert not may(trust(site), secret)
    assert "office" not in site.journal.state("keyring")


@pytest.mark.parametrize("signer", [OPERATOR, HEIR, None])
def test_a_list_of_anybody_else_changes_nothing_and_is_told_of_rarely(site, signer):
    held = trust(site)
    for _ in range(50):
        held.receive(message(keys_list(NEXT, *([signer] if signer else []))))
    site.clock.now += 11
    held.receive(message(keys_list(NEXT)))
    assert (may(held, HEIR), held.version) == (False, 1)
    assert site.types.count("audit.keys_refused") == 2
    assert site.events[-1].body["unreported"] == 49


@pytest.mark.parametrize("payload", [b"", b"{}", b"\xff", b"[" * 100_000, b'{"v":1}', b"null"])
def test_what_is_no_list_of_keys_changes_nothing(site, payload):
    held = trust(site)
    held.receive(message(payload))
    assert held.version == 1


def test_a_full_disk_does_not_keep_a_revoked_key_in_force(site):
    held = trust(site)
    site.journal.is_full = True
    site.journal.save_state = site.journal._refuse
    held.receive(message(keys_list(NEXT, ROOT)))
    assert not may(held, OPERATOR)
    assert "store" in site.controller.reporter.troubles


def test_a_damaged_note_leaves_the_file_in_force(site):
    for note in (
        "",
        "{}",
        "[]",
        '{"origin": 7, "keyring": 7}',
        '{"origin":["' + ROOT.kid + '"],"keyring":7}',
    ):
        site.journal.save_state("keyring", note)
        assert trust(site).version == 1


def test_where_nobody_has_to_sign_no_list_is_taken(site):
    held = Trust(
        None,
        topic=KEYS_TOPIC,
        journal=site.journal,
        reporter=site.controller.reporter,
        clocks=site.clock.clocks(),
    )
    held.receive(message(keys_list(NEXT, ROOT)))
    assert held.version is None
    assert held.signers(unlock(), TOPIC, NOON) is None


def test_the_nonce_is_shown_while_the_clock_cannot_be_trusted_and_is_spent_once(site):
    site.clock.is_set = False
    held = trust(site)
    first = held.nonce()
    assert first == held.nonce()
    held.spend()
    assert first != held.nonce() is not None
    site.clock.is_set = True
    assert held.nonce() is None


def test_a_command_that_somebody_held_back_has_no_fresh_nonce(site):
    site.clock.is_set = False
    held = trust(site)
    first = held.nonce()
    site.clock.now += 59.0
    assert held.nonce() == first
    site.clock.now += 1.0
    second = held.nonce()
    assert second not in (first, None)
    assert held.nonce() == second


def test_the_file_is_named_by_the_settings(site, tmp_path, monkeypatch):
    parts = {
        "topic": KEYS_TOPIC,
        "journal": site.journal,
        "reporter": site.controller.reporter,
        "clocks": site.clock.clocks(),
    }
    assert open_trust(load_settings(), **parts).version is None
    (tmp_path / "ring.json").write_text(keyring(4).to_json())
    monkeypatch.setenv("OSTIARY_FLEET__KEYRING", str(tmp_path / "ring.json"))
    assert open_trust(load_settings(), **parts).version == 4
    (tmp_path / "ring.json").write_text("{}")
    with pytest.raises(KeyringInvalid, match=r"ring\.json"):
        open_trust(load_settings(), **parts)
