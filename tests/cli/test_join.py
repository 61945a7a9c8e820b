"""`ostiary join`: a bundle becomes this machine's configuration, and nothing else of it is lost."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from edge.configuration import load
from edge.keys.bundle import new_code
from tests.cli.command import ostiary


def provision(folder: Path, *arguments: object) -> Any:
    done = ostiary("fleet", "provision", *arguments, "--folder", folder, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    folder = tmp_path / "fleet"
    provision(folder, "init", "north", "--host", "broker.example")
    return folder


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "ostiary"


def join(*arguments: object) -> Any:
    done = ostiary("join", *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def refused(*arguments: object) -> str:
    done = ostiary("join", *arguments)
    assert done.is_one_line_error, done
    return done.err


def test_a_sealed_bundle_is_installed_with_its_code(fleet: Path, etc: Path) -> None:
    made = provision(fleet, "device", "door-1", "--group", "lobby", "--gallery", "main")
    done = join(made["bundle"], "--code", made["code"], "--folder", etc)
    assert (done["site"], done["id"], done["kind"]) == ("north", "door-1", "device")
    settings = load(etc / "ostiary.toml")
    assert settings.mqtt.key_file == etc / "device.key"
    assert settings.fleet.keyring == etc / "keyring.json"
    assert settings.fleet.groups == ("lobby",)
    for path in [etc, *etc.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert (etc / "credentials/fleet.gallery_key").read_text() == (fleet / "keys/gallery.key").read_text()


@pytest.mark.parametrize("form", ["text", "picture"])
def test_the_qr_code_does_in_place_of_the_code(fleet: Path, etc: Path, form: str) -> None:
    pytest.importorskip("segno", reason="segno is not installed")
    made = provision(fleet, "device", "door-1")
    qr = made["qr"] if form == "text" else next(one for one in made["pictures"] if one.endswith("png"))
    assert join(made["bundle"], "--qr", qr, "--folder", etc)["id"] == "door-1"


def test_a_plain_folder_is_installed_from_wherever_it_was_copied(
    fleet: Path, etc: Path, tmp_path: Path
) -> None:
    provision(fleet, "device", "door-1")
    copied = tmp_path / "stick"
    (fleet / "bundles/door-1").rename(copied)
    join(copied, "--folder", etc)
    assert load(etc / "ostiary.toml").mqtt.ca_file == etc / "ca.crt"


def test_what_the_installer_wrote_stays(fleet: Path, etc: Path) -> None:
    etc.mkdir(parents=True)
    before = """\
# the lobby
[device]
id = "old"
time_zone = "Europe/Berlin"  # local

[camera]
kind = "opencv"
source = "/dev/video2"  # the upper one

[mqtt]
host = "old.example"
username = "old"
password = "gone"

[fleet]
pictures = true
groups = [
  "old",
]

[door]
board = "raspberry-pi-5-relay-hat"
"""
    (etc / "ostiary.toml").write_text(before)
    made = provision(fleet, "device", "door-1", "--group", "lobby")
    join(made["bundle"], "--code", made["code"], "--folder", etc)
    text = (etc / "ostiary.toml").read_text()
    assert 'source = "/dev/video2"  # the upper one' in text
    now = tomllib.loads(text)
    assert now["device"] == {"site": "north", "id": "door-1", "time_zone": "Europe/Berlin"}
    assert now["door"] == {"board": "raspberry-pi-5-relay-hat"}
    assert now["fleet"]["pictures"] is True
    assert now["fleet"]["groups"] == ["lobby"]
    assert "username" not in now["mqtt"]
    assert (etc / "ostiary.toml.before").read_text() == before


def test_joining_twice_is_as_joining_once(fleet: Path, etc: Path) -> None:
    made = provision(fleet, "device", "door-1", "--gallery", "main")
    join(made["bundle"], "--code", made["code"], "--folder", etc)
    before = {path: path.read_bytes() for path in etc.rglob("*") if path.is_file()}
    join(made["bundle"], "--code", made["code"], "--folder", etc)
    assert {path: path.read_bytes() for path in etc.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "text", ["mqtt.host = 'x'\n", "mqtt = {host = 'x'}\n", "not toml", '[log]\nlevel = "loud"\n', "[lgo]\n"]
)
def test_a_configuration_that_cannot_be_added_to_stays_as_it_is(fleet: Path, etc: Path, text: str) -> None:
    etc.mkdir(parents=True)
    (etc / "ostiary.toml").write_text(text)
    made = provision(fleet, "device", "door-1")
    refused(made["bundle"], "--code", made["code"], "--folder", etc)
    assert (etc / "ostiary.toml").read_text() == text
    assert not list(etc.glob("*.new"))


def test_another_device_does_not_take_the_place_unasked(fleet: Path, etc: Path) -> None:
    first, second = provision(fleet, "device", "door-1"), provision(fleet, "device", "door-2")
    join(first["bundle"], "--code", first["code"], "--folder", etc)
    assert "--force" in refused(second["bundle"], "--code", second["code"], "--folder", etc)
    assert load(etc / "ostiary.toml").device.id == "door-1"
    join(second["bundle"], "--code", second["code"], "--folder", etc, "--force")
    assert load(etc / "ostiary.toml").device.id == "door-2"


def test_bundle_and_qr_code_must_belong_together(fleet: Path, etc: Path) -> None:
    first, second = provision(fleet, "device", "door-1"), provision(fleet, "device", "door-2")
    assert "not that of this bundle" in refused(first["bundle"], "--qr", second["qr"], "--folder", etc)
    mixed = second["qr"].replace(second["code"], first["code"])
    assert "belong together" in refused(first["bundle"], "--qr", mixed, "--folder", etc)
    forged = first["qr"].replace("&ca=", "&ca=00")
    assert "another authority" in refused(first["bundle"], "--qr", forged, "--folder", etc)
    assert not etc.exists()


def test_what_does_not_open_is_told_in_one_line(fleet: Path, etc: Path, tmp_path: Path) -> None:
    made = provision(fleet, "device", "door-1")
    large, empty = tmp_path / "large", tmp_path / "empty"
    large.write_bytes(bytes(1_000_001))
    empty.mkdir()
    assert "sealed" in refused(made["bundle"], "--folder", etc)
    assert "not that of this bundle" in refused(made["bundle"], "--code", new_code(), "--folder", etc)
    assert "26 letters" in refused(made["bundle"], "--code", "1234", "--folder", etc)
    assert "cannot be read" in refused(tmp_path / "absent", "--code", new_code(), "--folder", etc)
    assert "no bundle has" in refused(large, "--code", new_code(), "--folder", etc)
    assert "not a bundle" in refused(fleet / "inventory.json", "--code", new_code(), "--folder", etc)
    assert "no bundle" in refused(empty, "--folder", etc)
    assert "give one" in refused(made["bundle"], "--code", made["code"], "--qr", made["qr"])
    assert "picture" in refused(made["bundle"], "--qr", tmp_path / "absent.png", "--folder", etc)
    assert "QR code" in refused(made["bundle"], "--qr", "https://example.org", "--folder", etc)


def test_hub_and_operator_join_too(fleet: Path, tmp_path: Path) -> None:
    made = provision(fleet, "hub")
    join(made["bundle"], "--code", made["code"], "--folder", tmp_path / "hub")
    settings = load(tmp_path / "hub/ostiary.toml")
    assert settings.hub.signing_key == tmp_path / "hub/signing.pem"
    assert settings.store.folder == Path("/var/lib/ostiary-hub")
    made = provision(fleet, "operator", "anna", "--role", "gallery")
    join(made["bundle"], "--code", made["code"], "--folder", tmp_path / "anna")
    assert (tmp_path / "anna/signing.pem").is_file()
    assert (tmp_path / "anna/credentials/fleet.gallery_key").is_file()


def test_a_home_automation_is_told_to_join_by_itself(fleet: Path, etc: Path) -> None:
    provision(fleet, "home-automation")
    assert "by itself" in refused(fleet / "bundles/home-automation", "--folder", etc)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to a group")
def test_the_daemons_group_reads_what_is_roots(fleet: Path, etc: Path) -> None:
    etc.mkdir(parents=True)
    os.chown(etc, 0, 12345)
    etc.chmod(0o750)
    made = provision(fleet, "device", "door-1", "--gallery", "main")
    join(made["bundle"], "--code", made["code"], "--folder", etc, "--credentials", etc.parent / "credstore")
    for name in ("device.key", "ostiary.toml", "keyring.json"):
        status = (etc / name).stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (0, 12345, 0o640)
    secret = (etc.parent / "credstore/fleet.gallery_key").stat()
    assert (secret.st_gid, secret.st_mode & 0o777) == (0, 0o600)
