"""The daemon installs on 64-bit ARM from ready-made packages: nothing is compiled on a board.

pip is asked to resolve for another machine. It chooses files for that machine, but evaluates
environment markers for the one it runs on; so what it found is checked against the markers of the
board, and asked for again with what was missing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = ("3.11", "3.12", "3.13")
GLIBC_MINORS = (17, 24, 26, 27, 28, 31, 34, 35)  # up to JetPack 6 (2.35); Raspberry Pi OS 12 has 2.36

BUILT_FROM_SOURCE = {
    # A board has these from its system's packages, or a compiler at hand; see hardware/README.md.
    "python-prctl": PYTHONS,  # needs libcap-dev; comes with the system's python3-picamera2
    "pidng": PYTHONS,  # the same
    "lgpio": ("3.13",),  # the system's python3-lgpio
}
"""Packages without a wheel for aarch64, and on which Python."""


def environment(python: str, extra: str = "") -> dict[str, str]:
    return {
        "implementation_name": "cpython", "implementation_version": f"{python}.0", "os_name": "posix",
        "platform_machine": "aarch64", "platform_python_implementation": "CPython", "platform_release": "",
        "platform_system": "Linux", "platform_version": "", "python_full_version": f"{python}.0",
        "python_version": python, "sys_platform": "linux", "extra": extra,
    }  # fmt: skip


def resolve(requirements: list[str], python: str, *options: str) -> list[dict[str, Any]]:
    """The metadata of what pip would install; no package is built. Raises AssertionError with pip's words."""
    platforms = [f"--platform=manylinux_2_{minor}_aarch64" for minor in GLIBC_MINORS]
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-input",
        "--only-binary=:all:", "--implementation=cp", f"--python-version={python}", *platforms, *options,
        f"--target={ROOT / 'build'}",  # older pips want one for another platform; a dry run leaves it alone
        "--report=-", *requirements,
    ]  # fmt: skip
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert run.returncode == 0, run.stderr
    return [item["metadata"] for item in json.loads(run.stdout)["install"]]


def missing(found: list[dict[str, Any]], roots: list[str], python: str) -> list[str]:
    """Requirements that hold on the board and are not among what was found."""
    by_name = {canonicalize_name(item["name"]): item for item in found}
    wanted, seen, lacking = [Requirement(text) for text in roots], set(), []
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        if python in BUILT_FROM_SOURCE.get(name, ()) or (name, *sorted(requirement.extras)) in seen:
            continue
        seen.add((name, *sorted(requirement.extras)))
        if name not in by_name or not requirement.specifier.contains(
            by_name[name]["version"], prereleases=True
        ):
            lacking.append(f"{requirement.name}{requirement.specifier}")
            continue
        for text in by_name[name].get("requires_dist", []):
            child = Requirement(text)
            extras = ["", *requirement.extras]
            if child.marker is None or any(
                child.marker.evaluate(environment(python, extra)) for extra in extras
            ):
                wanted.append(child)
    return lacking


def applicable(requirements: list[str], python: str) -> list[str]:
    """Those that hold on the board, without their markers and without what has no wheel by our own list."""
    kept = []
    for requirement in map(Requirement, requirements):
        if requirement.marker is not None and not requirement.marker.evaluate(environment(python)):
            continue
        if python not in BUILT_FROM_SOURCE.get(canonicalize_name(requirement.name), ()):
            requirement.marker = None
            kept.append(str(requirement))
    return kept


def assert_resolves(requirements: list[str], python: str) -> None:
    roots = applicable(requirements, python)
    asked = list(roots)
    for _ in range(5):
        found = resolve(asked, python)
        lacking = missing(found, roots, python)
        if not lacking:
            return
        asked += lacking
    raise AssertionError(f"still missing on {python}: {lacking}")


@pytest.fixture(scope="module", autouse=True)
def registry() -> None:
    """Skips where no package registry can be reached."""
    target = ["--no-deps", "--retries=1", "--dry-run", "--ignore-installed", "gpiozero"]
    probe = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *target],
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    if "No matching distribution" in probe.stderr or "Connection" in probe.stderr:
        pytest.skip("no package registry can be reached")


@pytest.mark.parametrize("python", PYTHONS)
def test_daemon_installs_without_a_compiler(python: str) -> None:
    assert_resolves(PROJECT["dependencies"], python)


@pytest.mark.nightly
@pytest.mark.parametrize("python", PYTHONS)
def test_extras_install_without_a_compiler_but_for_the_named_packages(python: str) -> None:
    extras = PROJECT["optional-dependencies"]
    chosen = [requirement for name in ("demo", "plots", "jetson", "pi") for requirement in extras[name]]
    requirements = [*PROJECT["dependencies"], *chosen]
    for text in extras["pi"]:
        if Requirement(text).name == "picamera2":  # its own list names packages without a wheel
            requirements.remove(text)
            (metadata,) = resolve([text], python, "--no-deps")
            requirements += metadata["requires_dist"]
    assert_resolves(requirements, python)


@pytest.mark.nightly
def test_tflite_runtime_installs_on_the_python_that_it_was_made_for() -> None:
    """Its last release has wheels up to Python 3.11."""
    assert_resolves([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["tflite-runtime"]], "3.11")
