"""The wheel carries all that the command needs, and the command runs from it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False, timeout=110,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder
    )
    if built.returncode != 0 and "hatchling" in built.stderr and "No matching distribution" in built.stderr:
        pytest.skip("no package registry here, so no build backend")
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_carries_models_and_board_profiles(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("models", "hardware"):
        data = (path for path in (ROOT / folder).rglob("*") if path.suffix in (".toml", ".tflite"))
        shipped = {f"edge/data/{path.relative_to(ROOT).as_posix()}" for path in data}
        assert shipped
        assert shipped <= names
    assert not [name for name in names if name.startswith(("tests/", "tools/", "systemd/"))]


def test_command_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """The dependencies are those of this environment: only our own package is installed anew."""
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    installed = run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-deps",
        wheel,
        cwd=tmp_path,
    )
    assert installed.returncode == 0, installed.stderr
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    assert_works(python, tmp_path, site)


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_command_runs_with_nothing_but_its_own_dependencies(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    installed = run(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    assert_works(python, tmp_path, site)


def assert_works(python: Path, cwd: Path, site: Path) -> None:
    where = run(python, "-c", "from edge import resources; print(resources.folder('models'))", cwd=cwd)
    assert where.stdout.strip() == str(site / "edge" / "data" / "models"), where.stderr
    helped = run(python.with_name("ostiary"), "--help", cwd=cwd)
    assert helped.returncode == 0, helped.stderr
    assert "run" in helped.stdout
    assert "doctor" in helped.stdout
