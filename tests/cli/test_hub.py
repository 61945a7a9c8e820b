"""`ostiary hub`: what it says before there is a fleet, and when something is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ostiary


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "hub.toml"
    file.write_text(f'[store]\nfolder = "{tmp_path / "store"}"\n[hub]\ngalleries = ["main", "annex"]\n')
    return file


def test_a_hub_is_made_and_shown(config: Path) -> None:
    made = ostiary("--config", config, "hub", "init")
    assert made.code == 0, made.err
    assert "main, annex" in made.out
    again = json.loads(ostiary("--config", config, "hub", "init", "--json").out)
    shown = json.loads(ostiary("--config", config, "hub", "status", "--json").out)
    assert again["database"] == shown["database"]
    assert [row["gallery"] for row in shown["galleries"]] == ["annex", "main"]
    assert "annex" in ostiary("--config", config, "hub", "status").out


def test_a_hub_without_a_broker_does_not_start(config: Path) -> None:
    done = ostiary("--config", config, "hub", "run")
    assert done.is_one_line_error
    assert "mqtt.host" in done.err


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('database = "mysql://a/b"', "postgresql"),
        ('database = "postgresql://ostiary:geheim@127.0.0.1:1/hub"', "does not answer"),
        ('signing_key = "/nowhere/key.pem"', "/nowhere/key.pem"),
        ('keyring = "/nowhere/keyring.json"', "/nowhere/keyring.json"),
        ('galleries = ["Main Hall"]', "galleries"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, lines: str, told: str) -> None:
    config = tmp_path / "hub.toml"
    config.write_text(f'[store]\nfolder = "{tmp_path}"\n[hub]\n{lines}\n')
    done = ostiary("--config", config, "hub", "init")
    assert done.is_one_line_error
    assert told in done.err
    assert "geheim" not in done.err


def test_a_door_needs_nothing_of_what_the_hub_needs() -> None:
    code = (
        "import sys, edge.cli.main; "
        "sys.exit(any(name in sys.modules for name in ('sqlalchemy', 'psycopg', 'prometheus_client')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_who_lacks_the_extra_is_told_how_to_get_it(config: Path) -> None:
    code = (
        "import sys, importlib.machinery as m\n"
        "find = m.PathFinder.find_spec\n"
        "m.PathFinder.find_spec = classmethod(\n"
        "    lambda c, n, *a: None if n.split('.')[0] == 'sqlalchemy' else find(n, *a))\n"
        "from edge.__main__ import main\n"
        f"sys.argv = ['ostiary', '--config', {str(config)!r}, 'hub', 'status']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'ostiary[hub]'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
