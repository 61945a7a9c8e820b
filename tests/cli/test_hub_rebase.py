"""`ostiary hub rebase`: the way back for doors that are ahead of a hub that was restored from a backup."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.configuration import load
from edge.core.gallery_rows import written
from edge.host.keeper import sole_keeper
from edge.hub.run import identity_of, open_database
from tests.cli.command import ostiary
from tests.hub.people import person
from tests.hub.world import World

FLEET = ("fleet", "provision")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the hub of a provisioned site; its gallery has somebody."""
    folder = ("--folder", tmp_path / "fleet")
    for words in (("init", "hq", "--host", "broker.example"), ("hub",)):
        assert ostiary(*FLEET, *words, *folder).code == 0
    file = tmp_path / "fleet" / "bundles" / "hub" / "ostiary.toml"
    (tmp_path / "hub").mkdir()
    monkeypatch.setenv("OSTIARY_STORE__FOLDER", str(tmp_path / "hub"))
    with open_database(load(file)) as database:
        identity_of(database)
        World(database, tmp_path).put(person("ada"))
    return file


def test_an_epoch_that_the_root_key_signed_begins(config: Path, tmp_path: Path) -> None:
    asked = ostiary("-c", config, "hub", "rebase", "main")
    assert asked.code == 0, asked.err
    words = asked.out.split()
    assert words[-2:] == ["--out", "proof.json"]
    assert words[:5] == ["ostiary", *FLEET, "epoch", "main"]
    proof = tmp_path / "proof.json"
    signed = ostiary(*words[1:-1], proof, "--folder", tmp_path / "fleet")
    assert signed.code == 0, signed.err
    shown = ostiary(*words[1:-2], "--folder", tmp_path / "fleet")
    assert json.loads(shown.out)["type"] == json.loads(proof.read_text())["type"] == "gallery.epoch"
    done = ostiary("-c", config, "hub", "rebase", "main", "--proof", proof)
    assert done.code == 0, done.err
    assert "epoch 2 of main has begun" in done.out
    shown = json.loads(ostiary("-c", config, "hub", "status", "--json").out)
    assert [(one["epoch"], one["version"]) for one in shown["galleries"]] == [(2, 1)]
    # It is for that epoch only.
    again = ostiary("-c", config, "hub", "rebase", "main", "--proof", proof)
    assert again.is_one_line_error
    assert "epoch 3" in again.err


def test_what_nobody_signed_or_is_of_another_gallery_begins_nothing(config: Path, tmp_path: Path) -> None:
    (tmp_path / "proof").write_text(json.dumps(written(person("ada"))))
    for words in (
        ("main", "--proof", tmp_path / "proof"),
        ("main", "--proof", tmp_path / "none"),
        ("attic",),
    ):
        done = ostiary("-c", config, "hub", "rebase", *words)
        assert done.is_one_line_error, done
    bad = ostiary(*FLEET, "epoch", "main", "2", "1", "abc", "--folder", tmp_path / "fleet")
    assert bad.is_one_line_error


def test_a_hub_at_work_is_left_alone(config: Path, tmp_path: Path) -> None:
    with sole_keeper(tmp_path / "hub"):
        done = ostiary("-c", config, "hub", "rebase", "main")
    assert done.is_one_line_error
    assert "stop it first" in done.err
