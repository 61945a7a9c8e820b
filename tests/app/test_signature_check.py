from __future__ import annotations

from datetime import timedelta

import pytest

from edge.app.diagnosis import probes
from edge.app.signature_check import check_signatures
from edge.app.trust import Trust
from edge.core.door_config import DoorConfig
from edge.core.roles import Role
from edge.errors import KeyringInvalid
from edge.keys.keyring import Keyring
from edge.service.health import Status
from edge.settings import Settings
from tests.app.test_trust import message
from tests.keys.rings import KEYS_TOPIC, NOW, OPERATOR, ROOT, keyring, keys_list, known, signing_key
from tests.service.test_access import Site


def settings(folder, ring=None, **mqtt):
    fleet = {}
    if ring is not None:
        (folder / "keyring.json").write_text(ring if isinstance(ring, str) else ring.to_json())
        fleet = {"keyring": folder / "keyring.json"}
    return Settings(store={"folder": folder}, fleet=fleet, mqtt=mqtt)


def told(folder, ring=None, now=NOW, **mqtt):
    check = check_signatures(settings(folder, ring, **mqtt), now)
    assert (check.cure != "") == (check.status is Status.WARN)
    return check.status, check.detail


def test_without_a_broker_there_is_nobody_to_sign(tmp_path):
    assert told(tmp_path) == (Status.SKIPPED, "no broker is configured; nobody can send commands")


@pytest.mark.parametrize(("tls", "status"), [(True, Status.OK), (False, Status.WARN)])
def test_without_a_keyring_the_broker_decides_and_should_be_sure_whom_it_talks_to(tmp_path, tls, status):
    found, detail = told(tmp_path, host="broker", tls=tls)
    assert found is status
    assert "need no signature" in detail


def test_with_a_keyring_its_version_and_keys_are_told(tmp_path):
    over = known(signing_key("old"), Role.OPERATOR, not_after=NOW)
    status, detail = told(tmp_path, keyring(9, over), host="broker")
    assert status is Status.OK
    assert detail == "commands must be signed: keyring version 9, 5 keys"


def test_a_key_that_ends_soon_is_warned_of(tmp_path):
    leaving = known(OPERATOR, Role.OPERATOR, not_after=NOW + timedelta(days=20))
    status, detail = told(tmp_path, Keyring(2, (known(ROOT, Role.ROOT), leaving)))
    assert (status, detail[-10:]) == (Status.WARN, "2026-12-10")


def test_a_keyring_that_opens_no_door_is_warned_of(tmp_path):
    gone = known(OPERATOR, Role.OPERATOR, not_after=NOW)
    status, detail = told(tmp_path, Keyring(2, (known(ROOT, Role.ROOT), gone)))
    assert status is Status.WARN
    assert "none that may open a door" in detail


def test_what_came_over_mqtt_is_what_is_told(tmp_path):
    site = Site(tmp_path, DoorConfig(has_contact=False))
    trust = Trust(
        keyring(),
        topic=KEYS_TOPIC,
        journal=site.journal,
        reporter=site.controller.reporter,
        clocks=site.clock.clocks(),
    )
    trust.receive(message(keys_list(keyring(6), ROOT)))
    site.database.close()
    assert "keyring version 6" in told(tmp_path, keyring())[1]


def test_a_keyring_that_cannot_be_used_is_an_error(tmp_path):
    with pytest.raises(KeyringInvalid):
        told(tmp_path, "{}")


def test_the_doctor_asks_for_it(tmp_path):
    assert "signatures" in [name for name, _ in probes(settings(tmp_path))]
