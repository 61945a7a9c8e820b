"""Importing is free: no hardware, no thread, no output, no optional package; and imports point down."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

IMPORT_ALL = """
import importlib, json, os, pkgutil, sys, threading
import edge
OPTIONAL = {"picamera2", "libcamera", "lgpio", "RPi", "tflite_runtime", "amqtt", "matplotlib"}
opened = []
WATCHED = ("/dev/video", "/dev/gpio", "/dev/media", "/dev/mem", "/sys/class/gpio")
def audit(event, arguments):
    if event == "open" and str(arguments[0]).startswith(WATCHED):
        opened.append(str(arguments[0]))
    if event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "sqlite3.connect"):
        opened.append(event + " " + str(arguments[1:]))
sys.addaudithook(audit)
imported = []
for module in pkgutil.walk_packages(edge.__path__, "edge."):
    importlib.import_module(module.name)
    imported.append(module.name)
gpiozero = sys.modules.get("gpiozero")
print(json.dumps({
    "imported": imported,
    "opened": opened,
    "threads": [thread.name for thread in threading.enumerate()],
    "pins": gpiozero is not None and gpiozero.Device.pin_factory is not None,
    "optional": sorted(OPTIONAL & set(sys.modules)),
}))
"""


def test_importing_every_module_does_nothing_and_needs_no_hardware(tmp_path: Path) -> None:
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{IMPORT_ALL}"
    run = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", program],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert len(result["imported"]) > 20
    assert "edge.__main__" in result["imported"]
    assert result["opened"] == []
    assert result["threads"] == ["MainThread"]
    assert not result["pins"]
    assert result["optional"] == []
    assert run.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_imports_point_down() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert run.returncode == 0, run.stdout + run.stderr
