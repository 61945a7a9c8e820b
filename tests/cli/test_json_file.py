"""`--json` with and without a file behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from edge.cli.json_file import JsonFileCommand, JsonFileOption, give_json

app = typer.Typer()


@app.command(cls=JsonFileCommand)
def measure(json: JsonFileOption = None, frames: Annotated[int, typer.Option()] = 10) -> None:
    print(f"frames {frames}")
    give_json(json, {"frames": frames})


@pytest.mark.parametrize(
    ("words", "frames", "printed"),
    [
        ([], 10, False),
        (["--frames", "20"], 20, False),
        (["--json"], 10, True),
        (["--json", "-"], 10, True),
        (["--json", "--frames", "20"], 20, True),
        (["--frames", "20", "--json"], 20, True),
    ],
)
def test_without_a_file_figures_are_printed_where_json_is_asked_for(words, frames, printed):
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"frames {frames}\n")
    assert ('"frames"' in result.stdout) == printed


def test_figures_go_into_a_file(tmp_path: Path):
    file = tmp_path / "figures.json"
    result = CliRunner().invoke(app, ["--json", str(file), "--frames", "20"], catch_exceptions=False)
    assert result.exit_code == 0
    assert '"frames": 20' in file.read_text()
