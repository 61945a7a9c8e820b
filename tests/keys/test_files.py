from __future__ import annotations

import errno
import os
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from edge.core.roles import Role
from edge.errors import KeyringInvalid, SettingsError
from edge.keys.files import load_secret, load_signing_key, save_secret, save_signing_key
from edge.keys.keyring import load_keyring
from tests.keys.rings import OPERATOR, keyring, known, shared_secret, signing_key


def test_a_signing_key_comes_back_from_its_file(tmp_path):
    save_signing_key(tmp_path / "key.pem", OPERATOR)
    assert load_signing_key(tmp_path / "key.pem") == OPERATOR
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_a_secret_comes_back_from_its_file(tmp_path):
    save_secret(tmp_path / "secret", bytes(range(32)))
    assert load_secret(tmp_path / "secret") == bytes(range(32))
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_no_key_is_overwritten(tmp_path):
    save_signing_key(tmp_path / "key.pem", OPERATOR)
    with pytest.raises(SettingsError, match="is there already"):
        save_signing_key(tmp_path / "key.pem", signing_key("other"))
    assert load_signing_key(tmp_path / "key.pem") == OPERATOR


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_secret_that_others_may_touch_is_refused(tmp_path, mode):
    save_secret(tmp_path / "secret", bytes(32))
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(SettingsError, match=f"mode {mode:04o}.*chmod 600"):
        load_secret(tmp_path / "secret")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_secret_the_system_gave_to_our_group_is_read(tmp_path):
    save_secret(tmp_path / "secret", bytes(32))
    os.chown(tmp_path / "secret", 65534, -1)
    (tmp_path / "secret").chmod(0o440)
    assert load_secret(tmp_path / "secret") == bytes(32)
    (tmp_path / "secret").chmod(0o444)
    with pytest.raises(SettingsError, match="others may read"):
        load_secret(tmp_path / "secret")


@pytest.mark.parametrize("content", [b"", b"AAAA", b"\xff\xfe", b"A" * 43, b"not base64!", b"A" * 2_000_000])
def test_what_is_no_secret_is_refused(tmp_path, content):
    (tmp_path / "secret").write_bytes(content)
    (tmp_path / "secret").chmod(0o600)
    with pytest.raises(SettingsError):
        load_secret(tmp_path / "secret")


def test_a_key_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    def cut(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "key.pem"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", cut)
        with pytest.raises(SettingsError, match="No space"):
            save_signing_key(path, OPERATOR)
    assert not path.exists()
    (tmp_path / ".key.pem.new").write_bytes(b"cut off")
    save_signing_key(path, OPERATOR)
    assert load_signing_key(path) == OPERATOR
    assert [one.name for one in tmp_path.iterdir()] == ["key.pem"]


def test_other_keys_and_no_keys_are_refused(tmp_path):
    curve = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = BestAvailableEncryption(b"pass")
    private = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)
    for content, why in ((curve, "another kind"), (private, "no PEM key"), (b"junk", "no PEM key")):
        path = tmp_path / "key.pem"
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(SettingsError, match=why):
            load_signing_key(path)


@pytest.mark.parametrize("path", ["absent", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, path):
    with pytest.raises(SettingsError, match=r"cannot read .*correct the path"):
        load_secret(tmp_path / path)


def test_a_keyring_of_public_keys_may_be_read_by_all_and_changed_by_none(tmp_path):
    path = tmp_path / "keyring.json"
    path.write_text(keyring().to_json())
    path.chmod(0o644)
    assert load_keyring(path) == keyring()
    path.chmod(0o664)
    with pytest.raises(SettingsError, match="others may change it"):
        load_keyring(path)


def test_a_keyring_with_a_shared_secret_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "keyring.json"
    ring = keyring(1, known(shared_secret("s"), Role.OPERATOR))
    path.write_text(ring.to_json())
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="others may read it"):
        load_keyring(path)
    path.chmod(0o600)
    assert load_keyring(path) == ring


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{" * 5000, b'{"version":1,"keys":[]}'])
def test_what_is_no_keyring_is_named(tmp_path, content):
    path = tmp_path / "keyring.json"
    path.write_bytes(content)
    with pytest.raises(KeyringInvalid, match=r"keyring\.json: "):
        load_keyring(path)
