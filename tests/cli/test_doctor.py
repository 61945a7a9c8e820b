from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from edge.cli.context import Context
from edge.cli.doctor import doctor

NAMES = [
    "configuration",
    "permissions",
    "disk",
    "gallery",
    "threshold",
    "models",
    "scorecard",
    "liveness",
    "camera",
    "gpio",
    "broker",
    "signatures",
    "metrics",
    "automation",
    "clock",
]


def run(folder: Path, toml: str, *arguments: str):
    config = folder / "ostiary.toml"
    config.write_text(toml)
    app = typer.Typer()
    app.command()(doctor)

    @app.callback(invoke_without_command=False)
    def options(context: typer.Context) -> None:
        context.obj = Context(config)

    return CliRunner().invoke(app, ["doctor", *arguments])


@pytest.fixture
def sound(tmp_path: Path) -> str:
    """A configuration with nothing wrong."""
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "clip").mkdir()
    cv2.imwrite(str(tmp_path / "clip" / "1.png"), np.full((48, 64, 3), 100, np.uint8))
    return (
        f'[camera]\nkind = "replay"\npath = "{tmp_path}/clip"\nrealtime = false\n'
        f'[store]\nfolder = "{tmp_path}/state"\n'
    )


def test_a_sound_door_ends_with_zero_and_names_every_check(tmp_path: Path, sound: str) -> None:
    result = run(tmp_path, sound, "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"]) == (0, True), result.stdout
    assert [check["name"] for check in told["checks"]] == NAMES


def test_one_failure_is_the_exit_code_and_comes_with_its_cure(tmp_path: Path, sound: str) -> None:
    result = run(tmp_path, sound.replace("/clip", "/nowhere"), "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["ok"]) == (1, False)
    (camera,) = [check for check in told["checks"] if check["name"] == "camera"]
    assert camera["status"] == "fail"
    assert "nowhere" in camera["detail"]
    assert camera["cure"]


def test_people_read_one_line_for_each_check_and_one_for_each_cure(tmp_path: Path, sound: str) -> None:
    result = run(tmp_path, sound.replace("/clip", "/nowhere"))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert [line.split()[1] for line in lines if "→" not in line] == NAMES
    assert any(line.startswith("fail") and "camera" in line for line in lines)
    assert any(line.endswith("→ give the path of an existing one") for line in lines)


def test_no_line_is_cut_on_a_narrow_terminal(
    tmp_path: Path, sound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert "→ give the path of an existing one\n" in run(tmp_path, sound.replace("/clip", "/nowhere")).stdout


def test_a_wrong_configuration_is_told_like_any_other_fault(tmp_path: Path) -> None:
    result = run(tmp_path, "[camrea]\n", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [check["name"] for check in told["checks"]] == ["configuration"]
    assert "camrea" in json.dumps(told)
