"""Which models are in place. Needs nothing but Python: run as a program, exits 0 when all are."""

from __future__ import annotations

import hashlib
import sys
import tomllib
from pathlib import Path

from models_build.plans import PLANS, Plan

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
CACHE = ROOT / ".tools" / "sources"


def is_current(plan: Plan) -> bool:
    """The file is there and is the one its manifest describes."""
    manifest, file = MODELS / f"{plan.stem}.toml", MODELS / f"{plan.stem}.tflite"
    if not (manifest.exists() and file.exists()):
        return False
    return tomllib.loads(manifest.read_text())["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    missing = [plan.stem for plan in PLANS if not is_current(plan)]
    print(
        f"to build: {', '.join(missing)}" if missing else "all models are up to date; --force rebuilds them"
    )
    sys.exit(1 if missing else 0)
