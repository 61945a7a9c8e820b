"""The key a device signs receipts with."""

from __future__ import annotations

import stat

import pytest

from edge.app.device_key import open_device_key, public_key, receipt_bytes
from edge.errors import SettingsError
from edge.keys.signature import is_right

BODY = {"gallery": "main", "version": 7, "root": "0" * 64, "person_hashes": ["1" * 64]}


def test_the_key_is_made_once_and_is_for_its_owner_alone(tmp_path):
    made = open_device_key(tmp_path)
    assert open_device_key(tmp_path) == made
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_key_that_others_may_read_is_refused(tmp_path):
    open_device_key(tmp_path)
    (file,) = tmp_path.iterdir()
    file.chmod(0o644)
    with pytest.raises(SettingsError):
        open_device_key(tmp_path)


@pytest.mark.parametrize(
    "changed", [{"version": 8}, {"person_hashes": []}, {"gallery": "other"}, {"root": "1" * 64}]
)
def test_a_signature_is_of_one_receipt_of_one_device(tmp_path, changed):
    key = open_device_key(tmp_path)
    signed = {**BODY, "sig": key.sign(receipt_bytes("door-1", BODY))}
    assert is_right(signed["sig"], receipt_bytes("door-1", signed), "ed25519", key.public)
    assert not is_right(signed["sig"], receipt_bytes("door-2", signed), "ed25519", key.public)
    assert not is_right(signed["sig"], receipt_bytes("door-1", signed | changed), "ed25519", key.public)


def test_the_description_tells_the_public_part_alone(tmp_path):
    key = open_device_key(tmp_path)
    assert public_key(key).keys() == {"kid", "alg", "key"}
    assert key.secret.hex() not in str(public_key(key))
