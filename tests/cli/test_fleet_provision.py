"""`ostiary fleet provision`: what it makes, what it keeps, and what it refuses."""

from __future__ import annotations

import json
import os
import socket
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from edge.configuration import load
from edge.core.envelope import parse
from edge.core.roles import Role
from edge.hub.inventory import slug
from edge.keys.authority import certificate_of
from edge.keys.bundle import invitation_of, unseal
from edge.keys.files import load_signing_key
from edge.keys.keyring import keyring_from, load_keyring
from tests.cli.command import Done, ostiary


def provision(folder: Path, *arguments: object) -> Any:
    done = ostiary("fleet", "provision", *arguments, "--folder", folder, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def refused(folder: Path, *arguments: object) -> str:
    done = ostiary("fleet", "provision", *arguments, "--folder", folder)
    assert done.is_one_line_error, done
    return done.err


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    folder = tmp_path / "fleet"
    provision(folder, "init", "north", "--host", "broker.example")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_is_for_the_owner_alone(fleet: Path) -> None:
    provision(fleet, "device", "door-1", "--gallery", "main")
    provision(fleet, "operator", "anna", "--role", "operator")
    for path in [fleet, *fleet.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_bundle_is_a_configuration_that_can_be_used_in_place(
    fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provision(fleet, "device", "door-1", "--group", "lobby", "--gallery", "main")
    bundle = fleet / "bundles" / "door-1"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(bundle / "credentials"))
    settings = load(bundle / "ostiary.toml")
    assert (settings.device.site, settings.device.id) == ("north", "door-1")
    assert settings.mqtt.client_id is not None
    assert settings.mqtt.client_id.startswith("door-1-")
    assert settings.fleet.groups == ("lobby",)
    assert settings.fleet.gallery_key is not None
    assert settings.fleet.gallery_key.get_secret_value() == (fleet / "keys/gallery.key").read_text().strip()
    for path in (
        settings.mqtt.ca_file,
        settings.mqtt.cert_file,
        settings.mqtt.key_file,
        settings.fleet.keyring,
    ):
        assert path is not None
        assert path.is_file()


def test_the_sealed_bundle_holds_the_same_and_opens_with_the_code_of_the_qr(fleet: Path) -> None:
    made = provision(fleet, "device", "door-1", "--gallery", "main")
    bundle = unseal(Path(made["bundle"]).read_bytes(), invitation_of(made["qr"]).code)
    assert dict(bundle.files) == contents(fleet / "bundles" / "door-1")
    assert invitation_of(made["qr"]).broker == "broker.example:8883"


def test_a_picture_of_the_qr_code_reads_back(fleet: Path) -> None:
    from edge.cli.qr import read

    pytest.importorskip("segno", reason="segno is not installed")
    made = provision(fleet, "device", "door-1")
    png = next(Path(one) for one in made["pictures"] if one.endswith(".png"))
    assert read(png) == made["qr"]


def test_doing_it_again_changes_nothing(fleet: Path) -> None:
    def everything() -> None:
        provision(fleet, "init", "north", "--host", "broker.example")
        provision(fleet, "device", "--count", "3", "--prefix", "d-", "--group", "lobby")
        provision(fleet, "home-automation")

    everything()
    before = contents(fleet)
    everything()
    after = contents(fleet)
    # The list of who is revoked is signed anew each time.
    for name in ("ca/crl.pem", "broker/mosquitto/crl.pem"):
        del before[name], after[name]
    assert after == before


def test_a_device_can_change_groups_and_keeps_its_keys(fleet: Path) -> None:
    provision(fleet, "device", "door-1", "--group", "lobby", "--group", "night")
    key = (fleet / "bundles/door-1/device.key").read_bytes()
    assert provision(fleet, "device", "door-1")["groups"] == ["lobby", "night"]
    assert provision(fleet, "device", "door-1", "--group", "vault")["groups"] == ["vault"]
    assert "north/g/vault/cmd" in (fleet / "broker/mosquitto/acl").read_text()
    assert "north/g/lobby/cmd" not in (fleet / "broker/mosquitto/acl").read_text()
    assert provision(fleet, "device", "door-1", "--no-groups")["groups"] == []
    assert (fleet / "bundles/door-1/device.key").read_bytes() == key


def test_a_renewed_certificate_is_another_for_the_same_key(fleet: Path) -> None:
    provision(fleet, "device", "door-1")
    first = certificate_of((fleet / "bundles/door-1/device.crt").read_bytes())
    key = (fleet / "bundles/door-1/device.key").read_bytes()
    provision(fleet, "device", "door-1", "--renew")
    second = certificate_of((fleet / "bundles/door-1/device.crt").read_bytes())
    assert second.serial_number != first.serial_number
    assert (fleet / "bundles/door-1/device.key").read_bytes() == key


def test_every_certificate_of_who_is_revoked_is_on_the_list(fleet: Path) -> None:
    provision(fleet, "device", "door-1")
    provision(fleet, "device", "door-1", "--renew")
    provision(fleet, "revoke", "door-1")
    serials = json.loads((fleet / "inventory.json").read_text())["members"][-1]["certificates"]
    revoked = x509.load_pem_x509_crl((fleet / "broker/mosquitto/crl.pem").read_bytes())
    assert sorted(one.serial_number for one in revoked) == sorted(int(one["serial"], 16) for one in serials)
    assert len(serials) == 2
    assert not (fleet / "bundles/door-1").exists()
    assert not (fleet / "bundles/door-1.bundle").exists()


def test_who_is_revoked_stays_so(fleet: Path) -> None:
    provision(fleet, "device", "door-1")
    provision(fleet, "revoke", "door-1")
    assert "revoked" in refused(fleet, "device", "door-1", "--renew")
    provision(fleet, "revoke", "door-1")
    provision(fleet, "device", "door-2")
    assert "user door-1\ntopic deny #" in (fleet / "broker/mosquitto/acl").read_text()


def test_operators_sign_with_the_roles_they_were_given(fleet: Path) -> None:
    provision(fleet, "operator", "anna", "--role", "operator", "--role", "emergency")
    provision(fleet, "operator", "ben")
    key = load_signing_key(fleet / "bundles/anna/signing.pem")
    roles = {one.kid: one.roles for one in load_keyring(fleet / "keys/keyring.json").keys}
    assert roles[key.kid] == {Role.OPERATOR, Role.EMERGENCY}
    assert len(roles) == 3
    assert not (fleet / "bundles/ben/signing.pem").exists()


def test_a_signing_key_is_replaced_and_the_one_before_counts_for_a_while(fleet: Path) -> None:
    provision(fleet, "operator", "anna", "--role", "operator")
    first = load_signing_key(fleet / "bundles/anna/signing.pem")
    provision(fleet, "operator", "anna", "--new-key", "7")
    second = load_signing_key(fleet / "bundles/anna/signing.pem")
    keys = {key.kid: key for key in load_keyring(fleet / "keys/keyring.json").keys}
    assert first.kid != second.kid
    assert keys[second.kid].not_after is None
    left = keys[first.kid].not_after - datetime.now(UTC)
    assert timedelta(days=6.9) < left < timedelta(days=7)
    assert keys[first.kid].roles == keys[second.kid].roles == {Role.OPERATOR}

    provision(fleet, "operator", "anna", "--new-key", "0")
    third = load_signing_key(fleet / "bundles/anna/signing.pem")
    assert {first.kid, third.kid} <= kids(fleet)
    assert second.kid not in kids(fleet)
    provision(fleet, "operator", "anna")
    assert load_signing_key(fleet / "bundles/anna/signing.pem") == third

    provision(fleet, "revoke", "anna")
    assert not {first.kid, second.kid, third.kid} & kids(fleet)


def test_who_opens_no_template_gets_no_gallery_key(fleet: Path) -> None:
    provision(fleet, "device", "door-1", "--gallery", "main")
    provision(fleet, "operator", "anna", "--role", "gallery")
    provision(fleet, "operator", "bert", "--role", "operator")
    provision(fleet, "hub")
    key = (fleet / "keys/gallery.key").read_bytes().strip()
    having = {
        bundle.name
        for bundle in (fleet / "bundles").iterdir()
        if bundle.is_dir() and any(key in content for content in contents(bundle).values())
    }
    assert having == {"door-1", "anna"}


def test_a_secret_that_a_member_needs_no_longer_is_deleted(fleet: Path) -> None:
    provision(fleet, "hub")
    provision(fleet, "device", "door-1", "--gallery", "main")
    old = fleet / "bundles/hub/credentials/hub.gallery_key"
    old.parent.mkdir(mode=0o700, exist_ok=True)
    old.write_text("of an earlier version")
    provision(fleet, "hub")
    provision(fleet, "device", "door-1", "--gallery", "main")
    assert not old.exists()
    assert (fleet / "bundles/door-1/credentials/fleet.gallery_key").is_file()


def test_the_hub_gets_a_new_key_and_its_bundle_has_it(fleet: Path) -> None:
    before = load_signing_key(fleet / "bundles/hub/signing.pem")
    provision(fleet, "hub", "--new-key", "0")
    after = load_signing_key(fleet / "bundles/hub/signing.pem")
    assert before.kid not in kids(fleet)
    listed = json.loads((fleet / "bundles/hub/keys.list.json").read_text())
    assert after.kid in {key["kid"] for key in listed["body"]["keys"]}


def kids(fleet: Path) -> set[str]:
    return {key.kid for key in load_keyring(fleet / "keys/keyring.json").keys}


def test_devices_take_over_the_list_of_keys(fleet: Path) -> None:
    from datetime import UTC, datetime

    before = load_keyring(fleet / "keys/keyring.json")
    provision(fleet, "operator", "anna", "--role", "operator")
    message = parse(json.loads((fleet / "keys/keys.list.json").read_text()))
    after = before.rotated(message, "ostiary/1/north/keys", datetime.now(UTC))
    assert after == load_keyring(fleet / "keys/keyring.json")
    assert after.version == before.version + 1
    provision(fleet, "revoke", "anna")
    assert keyring_from(parse(json.loads((fleet / "keys/keys.list.json").read_text())).body).version == 4
    assert len(load_keyring(fleet / "keys/keyring.json").keys) == 2


def test_many_devices_come_as_folders(fleet: Path) -> None:
    made = provision(fleet, "device", "--count", "12", "--prefix", "sim-")
    assert [one["id"] for one in made["members"]][::11] == ["sim-01", "sim-12"]
    assert len({one["client_id"] for one in made["members"]}) == 12
    assert not list((fleet / "bundles").glob("*.bundle"))


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("device", "Door 1"), "door-1 would do"),
        (("device", "door-1", "--group", "Étage 1"), "etage-1 would do"),
        (("device", "door-1", "--group", "a/#"), "a would do"),
        (("device", "door-1", "--group", "日本"), "use 1 to 64"),
        (("device", "door-1", "--group", ""), "use 1 to 64"),
        (("device", "%u"), "u would do"),
        (("device", "door\nuser hub"), "door-user-hub would do"),
        (("device", "-door"), "no such option"),
        (("device", "door-1", "--gallery", "vault"), "it has main"),
        (("device", "hub"), "is a hub already"),
        (("device",), "give the id of one device, or --count"),
        (("revoke", "nobody"), "provision list"),
        (("revoke", "hub"), "renew the hub"),
        (("init", "south", "--host", "x"), "another --folder"),
        (("init", "north", "--host", "x", "--host", "y"), "--broker nats"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint_and_changes_nothing(
    fleet: Path, arguments: tuple[str, ...], hint: str
) -> None:
    before = contents(fleet)
    done = ostiary("fleet", "provision", *arguments, "--folder", fleet)
    assert done.code != 0
    assert hint in done.err.lower() or hint in done.err
    assert contents(fleet) == before


@pytest.mark.parametrize(
    ("text", "found"), [("Étage 1", "etage-1"), ("  A__b ", "a-b"), ("日本", ""), ("#+/", "")]
)
def test_a_slug_is_what_is_left(text: str, found: str) -> None:
    assert slug(text) == found


def test_a_folder_that_is_none_is_told_so(tmp_path: Path) -> None:
    assert "is no folder of a site" in refused(tmp_path, "device", "door-1")
    assert "is no folder of a site" in refused(tmp_path / "absent", "list")


def test_keys_that_others_can_look_at_are_not_used(fleet: Path) -> None:
    fleet.chmod(0o755)
    assert "others can look into" in refused(fleet, "device", "door-1")


def test_an_encrypted_authority_asks_for_its_passphrase(tmp_path: Path) -> None:
    folder, secret, wrong = tmp_path / "fleet", tmp_path / "secret", tmp_path / "wrong"
    secret.write_text("correct horse\n")
    wrong.write_text("battery staple\n")
    provision(folder, "init", "north", "--host", "x", "--passphrase-file", secret)
    assert b"ENCRYPTED" in (folder / "ca/ca.key").read_bytes()
    assert b"ENCRYPTED" in (folder / "keys/root.pem").read_bytes()
    assert "passphrase" in refused(folder, "device", "door-1")
    assert "passphrase" in refused(folder, "device", "door-1", "--passphrase-file", wrong)
    provision(folder, "operator", "anna", "--role", "ota", "--passphrase-file", secret)


def test_a_damaged_inventory_is_told_in_one_line(fleet: Path) -> None:
    for text in ("", "{}", "[]", '{"version": 2}', "\udcff"):
        (fleet / "inventory.json").write_text(text, errors="surrogateescape")
        assert "inventory" in refused(fleet, "list")


def test_two_at_a_time_do_not_mix(fleet: Path) -> None:
    import fcntl

    with (fleet / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another process" in refused(fleet, "device", "door-1")


def test_a_full_disk_leaves_what_was_there(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(fleet)

    def full(handle: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("edge.whole_file.os.fsync", full)
    assert "space" in refused(fleet, "operator", "anna", "--role", "ota")
    assert {name: content for name, content in contents(fleet).items() if name in before} == before
    monkeypatch.undo()
    provision(fleet, "operator", "anna", "--role", "ota")


def test_members_of_a_site_with_passwords_have_no_certificates(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    provision(folder, "init", "north", "--host", "x", "--passwords")
    provision(folder, "device", "door-1")
    bundle = folder / "bundles/door-1"
    mqtt = tomllib.loads((bundle / "ostiary.toml").read_text())["mqtt"]
    assert mqtt["username"] == "door-1"
    assert "cert_file" not in mqtt
    assert not list(bundle.glob("device.*"))
    password = (bundle / "credentials/mqtt.password").read_text()
    hashes = (folder / "broker/mosquitto/passwords").read_text()
    assert [line.split(":")[0] for line in hashes.splitlines()] == ["door-1", "hub"]
    assert password not in hashes
    assert password not in (folder / "inventory.json").read_text()
    provision(folder, "device", "door-1")
    assert (folder / "broker/mosquitto/passwords").read_text() == hashes


def test_a_cluster_has_a_file_for_each_node_and_speaks_mqtt_3(tmp_path: Path) -> None:
    folder, hosts = tmp_path / "fleet", ["a.example", "b.example", "c.example"]
    named = [part for host in hosts for part in ("--host", host)]
    provision(folder, "init", "north", "--broker", "nats", *named)
    provision(folder, "device", "door-1")
    files = {path.name for path in (folder / "broker/nats").iterdir()}
    assert {"nats-1.conf", "nats-2.conf", "nats-3.conf", "nats-users.conf", "server.crt"} <= files
    mqtt = load(folder / "bundles/door-1/ostiary.toml").mqtt
    assert (mqtt.host, mqtt.fallbacks, mqtt.version) == ("a.example", ("b.example", "c.example"), "3.1.1")


def test_new_hosts_get_a_new_certificate_for_the_same_key(fleet: Path) -> None:
    base = fleet / "broker/mosquitto"
    before, key = (base / "server.crt").read_bytes(), (base / "server.key").read_bytes()
    provision(fleet, "init", "north", "--host", "192.0.2.7")
    assert (base / "server.crt").read_bytes() != before
    assert (base / "server.key").read_bytes() == key


def test_the_table_shows_who_is_revoked(fleet: Path) -> None:
    provision(fleet, "device", "door-1")
    provision(fleet, "revoke", "door-1")
    shown: Done = ostiary("fleet", "provision", "list", "--folder", fleet)
    assert "door-1" in shown.out
    assert "revoked" in shown.out


def test_keys_are_shown_with_who_holds_them(fleet: Path) -> None:
    provision(fleet, "operator", "anna", "--role", "operator")
    shown = provision(fleet, "keys")
    assert [(one["holder"], one["roles"]) for one in shown["keys"]] == [
        ("root", ["root"]),
        ("hub", ["configuration", "gallery", "ota"]),
        ("anna", ["operator"]),
    ]
    assert not shown["published"]


def test_keys_that_cannot_be_published_are_told_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    provision(tmp_path / "fleet", "init", "north", "--host", "127.0.0.1", "--port", port)
    assert "nothing listens" in refused(tmp_path / "fleet", "keys", "--publish")
