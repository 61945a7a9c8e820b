"""FLEET.md: its commands work as they stand there, and the hub's unit is as safe as the door's."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
import typer.main

from edge import resources
from edge.cli.main import app
from edge.keys.bundle import unseal
from edge.settings import Settings
from tests.cli.command import ostiary
from tests.systemd.test_unit import needs_systemd_analyze, run

FOLDER = resources.folder("systemd")
GUIDE = (FOLDER / "FLEET.md").read_text()
UNIT = FOLDER / "ostiary-hub.service"
BLOCKS = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]
INLINE = re.findall(r"`(ostiary fleet [^`…]*)`", GUIDE)
CALL = re.compile(r"(?:sudo (?:-u \w+ )?)?(?:/opt/ostiary/bin/)?ostiary (.+)")
COMMANDS = sorted({found[1] for line in [*LINES, *INLINE] if (found := CALL.fullmatch(line))})


def parsed(words: list[str]) -> None:
    """Take a command line apart as the shell's would be, without running it. Raises what is wrong with it."""
    command = typer.main.get_command(app)
    while (commands := getattr(command, "commands", None)) is not None:
        name, *words = words
        command = commands[name]
    command.make_context(name, words)


def test_the_guide_has_commands() -> None:
    assert len(COMMANDS) > 15


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_one(line: str) -> None:
    parsed(shlex.split(line))


def test_a_wrong_command_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parsed(shlex.split("fleet provision device door-1 --grupe lobby"))


def test_a_site_is_made_and_joined_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    codes = {}
    for line in BLOCKS[0].splitlines():
        if line.startswith("ostiary "):
            done = ostiary(*shlex.split(line)[1:])
            assert done.code == 0, done.err
            codes.update(re.findall(r"ostiary join (\S+) --code (\S+)", done.out))
    assert set(codes) == {"door-1.bundle", "anna.bundle", "hub.bundle"}
    joins = [line for line in COMMANDS if line.startswith("join ")]
    assert {line.split()[1] for line in joins} == set(codes)
    for name, code in codes.items():
        sealed = tmp_path / "fleet/bundles" / name
        done = ostiary("join", sealed, "--code", code, "--folder", tmp_path / name)
        assert done.code == 0, done.err
        assert {path.name for path in (tmp_path / name).iterdir()} >= {"ca.crt", "ostiary.toml"}
        assert unseal(sealed.read_bytes(), code).id == name.removesuffix(".bundle")


def test_every_file_it_names_is_there() -> None:
    for path in re.findall(r"(?<![/\w])systemd/[\w.-]+", "\n".join(LINES)):
        assert (FOLDER.parent / path).is_file(), path
    for target in re.findall(r"\]\(([^)#]+)\)", GUIDE):
        assert (FOLDER / target).resolve().exists(), target


def test_every_credential_of_the_hub_is_named_as_a_setting() -> None:
    names = re.findall(r"^LoadCredential=([^:\n]+)", UNIT.read_text(), re.MULTILINE)
    assert "hub.database" in names
    assert not any("gallery_key" in name for name in names), "the hub opens no template"
    for name in names:
        section, key = name.split(".")
        assert key in type(getattr(Settings(), section)).model_fields


@needs_systemd_analyze
def test_systemd_accepts_the_hubs_unit_and_rates_it_safe(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/ostiary/bin/ostiary", sys.executable))
    result = run("systemd-analyze", "verify", "--man=no", copy)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")
    rated = run("systemd-analyze", "security", "--offline=true", "--threshold=20", UNIT)
    assert rated.returncode == 0, rated.stdout[-300:]
