"""What may be in the repository, and what each model file must be."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
MANIFESTS = sorted(MODELS.glob("*.toml"))
TOTAL_BYTES = 60_000_000

# In pieces, so that this file does not contain what it looks for.
FORBIDDEN = {
    "a path of the machine it was made on": r"(?<![\w.-])/(?:work/(?:main|shared)|tmp/(?:lab|tp)|root)/",
    "a package registry's host": "|".join(
        re.escape(".".join(name))
        for name in (
            ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("deb.debian", "org"),
            ("piwheels", "org"),
        )
    ),
}  # fmt: skip


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in tracked():
        text = path.read_bytes()
        if b"\0" in text[:8192]:
            continue
        for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match[0]}")
    assert found == []


def test_tracked_files_stay_small_in_sum() -> None:
    assert sum(path.stat().st_size for path in tracked()) < TOTAL_BYTES


def test_top_level_holds_only_the_agreed_folders_and_files() -> None:
    agreed = {
        "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md",
        "edge", "systemd", "tests", "models", "hardware", "tools",
    }  # fmt: skip
    top = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} <= agreed


def test_there_are_models() -> None:
    assert MANIFESTS


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_model_file_is_the_one_its_manifest_describes(path: Path) -> None:
    manifest = tomllib.loads(path.read_text())
    content = (MODELS / manifest["file"]).read_bytes()
    assert len(content) == manifest["bytes"]
    assert hashlib.sha256(content).hexdigest() == manifest["sha256"]


def test_every_model_file_has_a_manifest_and_a_card() -> None:
    files = {path.name for path in MODELS.iterdir() if path.suffix not in (".toml", ".md")}
    described = {tomllib.loads(path.read_text())["file"] for path in MANIFESTS}
    assert files == described
    assert [path.name for path in MANIFESTS if not path.with_suffix(".md").is_file()] == []


def test_package_init_files_are_empty() -> None:
    inits = [path for path in (ROOT / "edge").rglob("__init__.py") if path != ROOT / "edge" / "__init__.py"]
    assert [str(path.relative_to(ROOT)) for path in inits if path.stat().st_size] == []


def test_no_module_is_longer_than_300_lines() -> None:
    lengths = {path: path.read_text().count("\n") for path in (ROOT / "edge").rglob("*.py")}
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > 300} == {}
