"""tools/build_models: what it would build is what is committed, and it costs nothing to run again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from models_build.dlib_weights import Weights  # noqa: E402
from models_build.plans import PLANS, Plan  # noqa: E402
from models_build.sources import MEMBERS  # noqa: E402
from models_build.state import MODELS, is_current  # noqa: E402


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.stem)
def test_the_committed_model_is_the_one_of_its_manifest(plan: Plan) -> None:
    assert is_current(plan)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.stem)
def test_the_committed_manifest_says_what_the_plan_says(plan: Plan) -> None:
    table = tomllib.loads((MODELS / f"{plan.stem}.toml").read_text())
    assert {key: table[key] for key in plan.facts} == dict(plan.facts)
    assert table.get("thresholds", {}) == dict(plan.thresholds)


def test_every_source_is_pinned() -> None:
    files = {file for plan in PLANS for file in (plan.source, plan.weights) if file is not None}
    assert files <= set(MEMBERS)
    assert all((plan.source is None) == bool(plan.parts) for plan in PLANS)
    for package, _ in MEMBERS.values():
        assert re.fullmatch(r".+(==|@)\d[\d.]*", package.requirement)
        assert len(package.sha256) == 64


def test_running_it_again_does_nothing_and_needs_no_environment(tmp_path: Path) -> None:
    """A copy without .tools: only the check may run."""
    for name in ("tools", "models"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [tmp_path / "tools" / "build_models"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stdout
    assert not (tmp_path / ".tools").exists()


def test_a_changed_file_is_not_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = PLANS[0]
    for suffix in ("toml", "tflite"):
        shutil.copy(MODELS / f"{plan.stem}.{suffix}", tmp_path)
    monkeypatch.setattr("models_build.state.MODELS", tmp_path)
    assert is_current(plan)
    with (tmp_path / f"{plan.stem}.tflite").open("ab") as file:
        file.write(b"\0")
    assert not is_current(plan)


def number(value: int) -> bytes:
    """dlib's integer: length, then little-endian bytes."""
    length = max(1, (value.bit_length() + 7) // 8)
    return bytes([length]) + value.to_bytes(length, "little")


def tensor(values: np.ndarray) -> bytes:
    header = b"".join(number(n) for n in (2, values.size, 1, 1, 1))
    return header + values.astype("<f4").tobytes()


def test_dlib_tensors_are_read_in_order_through_whatever_lies_between(tmp_path: Path) -> None:
    first, second = np.arange(300), np.arange(40) / 8
    path = tmp_path / "net.dat"
    path.write_bytes(b"\x01\x02noise\x02" + tensor(first) + b"more \x01\x02 noise" + tensor(second) + b"end")
    weights = Weights(path)
    assert np.array_equal(weights.take(300), first)
    assert np.array_equal(weights.take(40), second)
    with pytest.raises(ValueError, match="no further tensor of 40"):
        weights.take(40)


def test_a_dlib_tensor_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.dat"
    path.write_bytes(tensor(np.arange(300))[:-1])
    with pytest.raises(ValueError, match="300"):
        Weights(path).take(300)
