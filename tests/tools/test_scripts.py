"""The scripts that everyone runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    path
    for path in (*(ROOT / "tools").iterdir(), ROOT / ".ci" / "run")
    if path.is_file() and path.read_bytes().startswith(b"#!")
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_may_be_executed(script: Path) -> None:
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize("script", [*SCRIPTS, *(ROOT / "tools").glob("_*.sh")], ids=lambda path: path.name)
def test_shell_script_parses(script: Path) -> None:
    if b"python" in script.read_bytes().splitlines()[0]:
        compile(script.read_text(), str(script), "exec")
        return
    run = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The scripts alone, where nothing is set up."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(script: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script], env={**os.environ, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=100,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["check", "test", "demo"])
def test_unusable_interpreter_is_refused_in_one_line(repository: Path, name: str) -> None:
    result = run(repository / "tools" / name, OSTIARY_PYTHON="/bin/false")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(
        f"{name}: OSTIARY_PYTHON=/bin/false is not a Python 3.11"
    )
    assert not (repository / ".venv").exists()


def test_folder_without_the_project_is_refused_in_one_line(repository: Path) -> None:
    (repository / "pyproject.toml").unlink()
    result = run(repository / "tools" / "check")
    assert result.returncode == 1
    assert "no pyproject.toml" in result.stderr.splitlines()[-1]


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_fresh_clone_sets_itself_up_once(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    cloned = subprocess.run(["git", "clone", "--quiet", ROOT, clone], capture_output=True, check=False)
    if cloned.returncode != 0:
        pytest.skip("not a git checkout")
    command = [clone / "tools" / "test", "--version"]
    subprocess.run(command, check=True, capture_output=True, timeout=800, stdin=subprocess.DEVNULL)
    began = time.monotonic()
    again = subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert "Setting up" not in again.stderr
    assert time.monotonic() - began < 5.0
    assert subprocess.run(
        [clone / ".venv" / "bin" / "ostiary", "--version"], capture_output=True, text=True, check=True
    ).stdout.startswith("ostiary ")
