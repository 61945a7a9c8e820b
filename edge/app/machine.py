"""What machine a figure was measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_ENGINES = ("ai-edge-litert", "tflite-runtime")


def describe_machine() -> dict[str, str]:
    """Words for board or processor, cores, system, Python, inference engine; no name of the host."""
    return {
        "processor": _board() or _processor() or platform.machine(),
        "cores": f"{os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"Python {platform.python_version()}",
        "engine": next(filter(None, map(_installed, _ENGINES)), "no engine"),
    }


def _board() -> str:
    """A Pi or a Jetson says in its device tree what it is."""
    model = Path("/proc/device-tree/model")
    return model.read_text(errors="replace").strip("\0\n ") if model.is_file() else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""
