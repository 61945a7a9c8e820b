"""The other dependency set: every model runs on tflite-runtime and agrees with LiteRT."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.vision.engine import Engine
from edge.vision.manifest import manifests
from tests.vision.runtime_probe import face

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PYPROJECT["project"]["optional-dependencies"]["tflite-runtime"]
SHIPPED = [manifest for manifest in manifests() if manifest.file.exists() and not manifest.parts]
PROBE = Path(__file__).with_name("runtime_probe.py")
PORTRAIT = ROOT / "edge" / "demo" / "portraits" / "eileen_collins.jpg"


@pytest.fixture(scope="session")
def python() -> Path:
    """An interpreter with tflite-runtime, made once in .tools; skips where pip cannot make it."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("tflite-runtime's last wheels are for Python 3.11")
    folder = ROOT / ".tools" / "tflite-runtime"
    interpreter, complete = folder / "bin" / "python", folder / "complete"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "tflite-runtime.lock").open("w") as lock:
        # Several test processes may want it at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (complete.exists() and complete.read_text().splitlines() == PACKAGES):
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            made = subprocess.run([*pip, *PACKAGES], capture_output=True, text=True, check=False)
            if made.returncode != 0:
                pytest.skip(
                    f"pip cannot install {', '.join(PACKAGES)}: {made.stderr.strip().splitlines()[-1]}"
                )
            complete.write_text("\n".join(PACKAGES))
    return interpreter


def picture(shape: tuple[int, ...]) -> np.ndarray:
    """Smooth and colorful, uint8 (H, W, C): noise would drive the networks where no picture does."""
    if shape[1:3] == (1, 1):
        return np.random.default_rng(11).random(shape[1:], np.float32)  # no picture: features
    coarse = np.random.default_rng(11).integers(0, 256, (6, 6, shape[3])).astype(np.uint8)
    grown = cv2.resize(coarse, (shape[2], shape[1]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(grown, np.uint8).reshape(shape[1:])


@pytest.fixture(scope="session")
def inputs() -> dict[str, np.ndarray]:
    return {manifest.path.stem: picture(manifest.input.shape) for manifest in SHIPPED}


@pytest.fixture(scope="session")
def there(
    python: Path, inputs: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, np.ndarray]:
    folder = tmp_path_factory.mktemp("runtime")
    np.savez(folder / "inputs.npz", **inputs)
    command = [python, PROBE, folder / "inputs.npz", PORTRAIT, folder / "outputs.npz"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "outputs.npz") as outputs:
        return dict(outputs)


@pytest.mark.parametrize("manifest", SHIPPED, ids=lambda manifest: manifest.path.stem)
def test_tflite_runtime_agrees_with_litert(manifest, inputs, there) -> None:
    stem = manifest.path.stem
    with Engine(manifest, engine="litert") as engine:
        here = engine.infer(inputs[stem])
    for number, expected in enumerate(here):
        found = there[f"{stem}/{number}"]
        assert found.shape == expected.shape
        # One logit may lie near zero, where its size is no scale; most lie within 6.
        spread = max(float(np.abs(expected).max()), 6.0 if manifest.decoder == "logit" else 0.0)
        assert float(np.abs(found - expected).mean()) <= 0.02 * spread


def test_a_face_is_described_alike_with_the_numpy_and_opencv_of_the_extra(there) -> None:
    here = face(PORTRAIT, "litert")
    assert float(there["template"] @ here["template"]) > 0.99
    assert float(there["alive"]) == pytest.approx(float(here["alive"]), abs=0.1)
